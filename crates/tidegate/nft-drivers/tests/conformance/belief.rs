//! A driver that says that it is done is believed if the kernel counts a commit, or has what it should have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use error_hint::Hint;
use rustix::pipe::{PipeFlags, pipe_with};
use test_support::Netns;
use tidegate_nft::*;
use tidegate_nft_drivers::*;

use crate::sample::{TABLE, publish4, published};
use crate::subject::{ON_KERNEL, Subject, transaction};

/// A driver that, while it is told to, does nothing and says that it is done; `meanwhile` is what another
/// program does then.
struct Lying {
    driver: Box<dyn Driver>,
    lies: Arc<AtomicBool>,
    meanwhile: Box<dyn Fn() + Send + Sync>,
}

impl Layer for Lying {
    fn inner(&self) -> &dyn Driver {
        self.driver.as_ref()
    }

    fn carry_out(&self, transaction: &Transaction) -> Result<(), Error> {
        match self.lies.load(Ordering::Relaxed) {
            true => {
                (self.meanwhile)();
                Ok(())
            }
            false => self.driver.apply(transaction),
        }
    }
}

struct Scene {
    netns: Arc<Netns>,
    watch: Watch,
    driver: Box<dyn Driver>,
    lies: Arc<AtomicBool>,
}

impl Scene {
    /// With the table in place, and from here on a driver that lies.
    fn new(subject: Subject, meanwhile: &'static str) -> Self {
        let netns = Arc::new(Netns::new());
        let watch = netns.run(|| Watch::open(&TABLE).expect("root may listen"));
        let lies = Arc::new(AtomicBool::new(false));
        let others = Arc::clone(&netns);
        let driver = Lying {
            driver: subject.open(Location::Path(netns.path())),
            lies: Arc::clone(&lies),
            meanwhile: Box::new(move || drop(others.sh(meanwhile))),
        };
        let driver = watch.ledger().track(Box::new(driver));
        let base = transaction(|base| base.add(TABLE).add(publish4()));
        driver.apply(&base).expect("it is new");
        lies.store(true, Ordering::Relaxed);
        Self {
            netns,
            watch,
            driver,
            lies,
        }
    }
}

fn add() -> Transaction {
    transaction(|add| add.fill(&publish4(), [published(1)]))
}

fn remove() -> Transaction {
    transaction(|remove| remove.delete_elements(&publish4().id, [published(1)]))
}

#[test]
fn a_driver_that_did_nothing_is_not_believed_and_nothing_has_changed() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let scene = Scene::new(subject, "true");
        let before = scene.netns.sh("nft list ruleset");
        for transaction in [add(), transaction(|t| t.destroy_table(&TABLE).add(TABLE))] {
            let error = scene.driver.apply(&transaction).expect_err("a lie");
            assert_eq!((error.kind, error.applied), (Kind::DriverGone, Applied::No));
            assert!(
                error.reason.contains("the kernel's ruleset did not change"),
                "{error}"
            );
            assert!(error.hint().is_some());
        }
        assert_eq!(scene.netns.sh("nft list ruleset"), before);
        scene.lies.store(false, Ordering::Relaxed);
        scene.driver.apply(&add()).expect("done");
        scene.driver.apply(&remove()).expect("done");
    }
}

#[test]
fn success_is_believed_if_the_objects_exist_already() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let scene = Scene::new(subject, "true");
        scene.lies.store(false, Ordering::Relaxed);
        for _ in 0..2 {
            scene.driver.apply(&add()).expect("done, and then there");
        }
        let again = transaction(|base| base.add(TABLE).add(publish4()));
        scene.driver.apply(&again).expect("there");
        scene.driver.apply(&Transaction::new()).expect("nothing");
    }
}

#[test]
fn a_lie_while_others_made_changes_is_found_when_nobody_heard_of_it() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let mut scene = Scene::new(subject, "nft add table inet other");
        scene
            .driver
            .apply(&add())
            .expect("the kernel counted a commit");
        scene.netns.sh("nft add table inet another");
        let (stopped, _stop) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
        let ledger = scene.watch.ledger();
        let mut judge = || {
            let notice = scene.watch.wait(&stopped).expect("the socket is good");
            let finding = ledger.judge(notice.expect("nobody says stop"));
            finding.expect("the kernel tells")
        };
        let found = judge();
        let found = match found {
            // The table being made, which is ours.
            TableChanges::Nothing => judge(),
            other => other,
        };
        assert_eq!(found, TableChanges::Missed);
    }
}
