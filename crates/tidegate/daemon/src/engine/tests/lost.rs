//! A driver that is lost in the middle of a change: whether that was made is not known.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tidegate_nft::{Applied, Error, Layer, ObjectId, Op, Transaction};

use super::*;

/// Makes changes of the table, and says of the next few that it does not know.
struct Lost {
    driver: FakeDriver,
    next: Arc<AtomicUsize>,
    what_it_says: Error,
}

impl Lost {
    fn new(next: Arc<AtomicUsize>) -> Self {
        let closed = FakeDriver::new();
        closed.close().unwrap();
        let mut says = closed.apply(&Transaction::new()).unwrap_err();
        says.applied = Applied::Unknown;
        Self {
            driver: FakeDriver::new(),
            next,
            what_it_says: says,
        }
    }
}

fn is_whole_table(transaction: &Transaction) -> bool {
    let deletes = |op: &Op| matches!(op, Op::Delete(ObjectId::Table(_)));
    transaction.ops().iter().any(deletes)
}

impl Layer for Lost {
    fn inner(&self) -> &dyn Driver {
        &self.driver
    }

    fn carry_out(&self, transaction: &Transaction) -> Result<(), Error> {
        self.driver.apply(transaction)?;
        let left = |next: usize| next.checked_sub(1);
        let is_lost = !is_whole_table(transaction)
            && self
                .next
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
                .is_ok();
        match is_lost {
            true => Err(self.what_it_says.clone()),
            false => Ok(()),
        }
    }
}

#[test]
fn a_change_whose_answer_was_lost_is_made_once_or_not_at_all() {
    let (next, folder) = (Arc::new(AtomicUsize::new(0)), tempfile::tempdir().unwrap());
    let links = FakeLinks::new();
    links.add_netns(BOX);
    let engine = Engine::start(
        Box::new(Lost::new(next.clone())),
        Box::new(links.clone()),
        Store::open(folder.path()).unwrap(),
        Defaults::default(),
        OnUnknown::Refuse,
    )
    .unwrap();
    let bench = Bench {
        engine,
        links,
        folder,
    };

    next.store(1, Ordering::Relaxed);
    let bench = bench.with_network();
    let before = bench.everything();
    assert_eq!(before.believed.networks.len(), 1);

    next.store(2, Ordering::Relaxed);
    let refused = bench.engine.attach(&wanted_endpoint("front", BOX));
    assert!(matches!(refused, Err(EngineError::Nft(_))), "{refused:?}");
    assert_eq!(bench.everything(), before);
}
