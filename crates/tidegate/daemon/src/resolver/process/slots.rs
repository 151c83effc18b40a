//! Limits of concurrent queries: in all, for one network and for one client. Further queries wait.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use tidegate_model::Name;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::queue::{Queue, Waits};

/// How many places there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// So many in all.
    pub(super) all: usize,
    /// The limit for one network: forging neighbours' addresses gives no more.
    pub(super) of_network: usize,
    /// So many of these for one asker.
    pub(super) of_one: usize,
    /// Reserved for each network when others use all.
    pub(super) left: usize,
    /// So many with these.
    pub(super) most: usize,
}

/// Places for what is under way, and a queue for them.
#[derive(Clone, Debug)]
pub(super) struct Slots(Rc<RefCell<Taken>>);

#[derive(Debug)]
struct Taken {
    counts: Counts,
    queue: Queue<oneshot::Sender<Slot>>,
}

#[derive(Debug)]
struct Counts {
    places: Places,
    all: usize,
    by_network: HashMap<Name, usize>,
    by_asker: HashMap<IpAddr, usize>,
}

/// One of the places; dropping this hands it on.
#[derive(Debug)]
pub(super) struct Slot {
    taken: Rc<RefCell<Taken>>,
    by: IpAddr,
    of: Name,
}

/// A place, now or later.
#[derive(Debug)]
pub(super) enum Turn {
    Now(Slot),
    Later(oneshot::Receiver<Slot>),
}

impl Turn {
    /// Waits for the place; none if it does not come in time.
    pub(super) async fn come(self, end: Instant) -> Option<Slot> {
        match self {
            Self::Now(slot) => Some(slot),
            Self::Later(slot) => timeout_at(end, slot).await.ok()?.ok(),
        }
    }
}

impl Slots {
    pub(super) fn new(places: Places, waits: Waits) -> Self {
        let counts = Counts {
            places,
            all: 0,
            by_network: HashMap::new(),
            by_asker: HashMap::new(),
        };
        let queue = Queue::new(waits);
        Self(Rc::new(RefCell::new(Taken { counts, queue })))
    }

    /// A place for an asker of a network, when it is its turn. None if too many wait.
    pub(super) fn turn(&self, by: IpAddr, of: Name) -> Option<Turn> {
        let mut taken = self.0.borrow_mut();
        if taken.counts.may(by, &of) {
            taken.counts.add(by, &of);
            let taken = Rc::clone(&self.0);
            return Some(Turn::Now(Slot { taken, by, of }));
        }
        let (sender, receiver) = oneshot::channel();
        taken.queue.push(by, &of, sender)?;
        Some(Turn::Later(receiver))
    }
}

impl Counts {
    /// Whether a place is left for an asker of a network.
    fn may(&self, by: IpAddr, of: &Name) -> bool {
        let places = self.places;
        let own = self.by_asker.get(&by).copied().unwrap_or_default();
        let network = self.by_network.get(of).copied().unwrap_or_default();
        let is_left = match self.all < places.all {
            true => network < places.of_network,
            false => network < places.left && self.all < places.most,
        };
        is_left && own < places.of_one
    }

    fn add(&mut self, by: IpAddr, of: &Name) {
        self.all += 1;
        *self.by_asker.entry(by).or_default() += 1;
        *self.by_network.entry(of.clone()).or_default() += 1;
    }

    fn remove(&mut self, by: IpAddr, of: &Name) {
        self.all = self.all.saturating_sub(1);
        give_back(&mut self.by_asker, &by);
        give_back(&mut self.by_network, of);
    }
}

impl Taken {
    /// The next in the queue that still waits and may have a place; it is counted.
    fn next(&mut self) -> Option<(IpAddr, Name, oneshot::Sender<Slot>)> {
        loop {
            let Self { counts, queue } = self;
            let (by, of, sender) = queue.pop(|by, of| counts.may(by, of))?;
            if !sender.is_closed() {
                counts.add(by, &of);
                return Some((by, of, sender));
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let next = {
            let mut taken = self.taken.borrow_mut();
            taken.counts.remove(self.by, &self.of);
            taken.next()
        };
        if let Some((by, of, sender)) = next {
            let taken = Rc::clone(&self.taken);
            // One that waits no longer drops it, which hands it on.
            let _ = sender.send(Slot { taken, by, of });
        }
    }
}

fn give_back<K: std::hash::Hash + Eq>(taken: &mut HashMap<K, usize>, by: &K) {
    if let Some(count) = taken.get_mut(by) {
        *count -= 1;
        if *count == 0 {
            taken.remove(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: Places = Places {
        all: 4,
        of_network: 3,
        of_one: 2,
        left: 1,
        most: 5,
    };

    const WAITS: Waits = Waits {
        all: 6,
        of_network: 4,
        of_one: 3,
    };

    fn asker(number: u8) -> IpAddr {
        [10, 0, 0, number].into()
    }

    fn now(turn: Option<Turn>) -> Option<Slot> {
        match turn {
            Some(Turn::Now(slot)) => Some(slot),
            _ => None,
        }
    }

    #[test]
    fn no_asker_and_no_network_has_more_than_its_share_and_each_network_has_one_left() {
        let slots = Slots::new(PLACES, WAITS);
        let take = |number, network: &str| now(slots.turn(asker(number), network.parse().unwrap()));
        let mut held = vec![take(1, "web").unwrap(), take(1, "web").unwrap()];
        assert!(take(1, "web").is_none(), "its share");
        held.push(take(2, "web").unwrap());
        assert!(take(3, "web").is_none(), "its network's share");
        held.push(take(4, "db").unwrap());
        assert!(take(5, "db").is_none(), "all of them, and it has one");
        held.push(take(6, "far").unwrap());
        assert!(take(7, "last").is_none(), "all that there are");
        drop(held);
        assert!(take(1, "web").is_some());
        let counts = &slots.0.borrow().counts;
        assert!(counts.all == 0 && counts.by_asker.is_empty() && counts.by_network.is_empty());
    }

    #[test]
    fn a_place_that_is_left_goes_to_the_next_that_still_waits() {
        let slots = Slots::new(PLACES, WAITS);
        let web = || "web".parse().unwrap();
        let held = [(); 2].map(|()| now(slots.turn(asker(1), web())).unwrap());
        let later = || match slots.turn(asker(1), web()) {
            Some(Turn::Later(receiver)) => Some(receiver),
            _ => None,
        };
        let [gone, mut first, mut second] = [(); 3].map(|()| later().unwrap());
        assert!(slots.turn(asker(1), web()).is_none(), "too many wait");
        drop(gone);
        let [one, other] = held;
        drop(one);
        let slot = first.try_recv().unwrap();
        assert!(second.try_recv().is_err());
        drop(other);
        // Nobody takes it, so it is handed on until nobody waits.
        drop(second);
        drop(slot);
        assert_eq!(slots.0.borrow().counts.all, 0);
    }
}
