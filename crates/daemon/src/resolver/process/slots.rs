//! How much is under way at once, in all and for one asker.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

/// Places for what is under way.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    taken: Rc<RefCell<HashMap<IpAddr, usize>>>,
    most: usize,
    most_of_one: usize,
}

/// A place; it is free again with this.
#[derive(Debug)]
pub(super) struct Slot {
    taken: Rc<RefCell<HashMap<IpAddr, usize>>>,
    by: IpAddr,
}

impl Slots {
    /// So many in all, and so many for one asker, so that none keeps the others out.
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self {
            taken: Rc::default(),
            most,
            most_of_one,
        }
    }

    /// A place for an asker, if one is left.
    pub(super) fn take(&self, by: IpAddr) -> Option<Slot> {
        let mut taken = self.taken.borrow_mut();
        let is_left = taken.values().sum::<usize>() < self.most;
        let own = taken.get(&by).copied().unwrap_or_default();
        (is_left && own < self.most_of_one).then(|| {
            taken.insert(by, own + 1);
            Slot {
                taken: Rc::clone(&self.taken),
                by,
            }
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.borrow_mut();
        match taken.get(&self.by).copied() {
            Some(own) if own > 1 => drop(taken.insert(self.by, own - 1)),
            _ => drop(taken.remove(&self.by)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_asker_has_more_than_its_share_nor_all_together_more_than_all() {
        let slots = Slots::new(3, 2);
        let [one, other] = ["10.0.0.2", "fd00::2"].map(|ip| ip.parse::<IpAddr>().unwrap());
        let held = [slots.take(one).unwrap(), slots.take(one).unwrap()];
        assert!(slots.take(one).is_none(), "its share");
        let last = slots.take(other).unwrap();
        assert!(slots.take(other).is_none(), "all of them");
        drop(held);
        assert!(slots.take(one).is_some());
        drop(last);
        assert!(slots.taken.borrow().is_empty());
    }
}
