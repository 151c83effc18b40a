//! Limits of concurrent queries: in all, for one network and for one client.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use tidegate_model::Name;

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

/// Places for what is under way.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    taken: Rc<RefCell<Taken>>,
    places: Places,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_network: HashMap<Name, usize>,
    by_asker: HashMap<IpAddr, usize>,
}

/// One of the limited threads; dropping this frees it.
#[derive(Debug)]
pub(super) struct Slot {
    taken: Rc<RefCell<Taken>>,
    by: IpAddr,
    of: Name,
}

impl Slots {
    pub(super) fn new(places: Places) -> Self {
        Self {
            taken: Rc::default(),
            places,
        }
    }

    /// A place for an asker of a network, if one is left.
    pub(super) fn take(&self, by: IpAddr, of: Name) -> Option<Slot> {
        let places = self.places;
        let mut taken = self.taken.borrow_mut();
        let own = taken.by_asker.get(&by).copied().unwrap_or_default();
        let network = taken.by_network.get(&of).copied().unwrap_or_default();
        let is_left = match taken.all < places.all {
            true => network < places.of_network,
            false => network < places.left && taken.all < places.most,
        };
        (is_left && own < places.of_one).then(|| {
            taken.all += 1;
            taken.by_asker.insert(by, own + 1);
            taken.by_network.insert(of.clone(), network + 1);
            let taken = Rc::clone(&self.taken);
            Slot { taken, by, of }
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.borrow_mut();
        taken.all = taken.all.saturating_sub(1);
        give_back(&mut taken.by_asker, &self.by);
        give_back(&mut taken.by_network, &self.of);
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

    fn asker(number: u8) -> IpAddr {
        [10, 0, 0, number].into()
    }

    #[test]
    fn no_asker_and_no_network_has_more_than_its_share_and_each_network_has_one_left() {
        let slots = Slots::new(PLACES);
        let take = |number, network: &str| slots.take(asker(number), network.parse().unwrap());
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
        let taken = slots.taken.borrow();
        assert!(taken.all == 0 && taken.by_asker.is_empty() && taken.by_network.is_empty());
    }
}
