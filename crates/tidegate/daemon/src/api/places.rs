//! Limits of connections, for root, for all others and for each user.
//!
//! Root has reserved connections, so that nobody can lock root out. No single user can have all of the others'.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who takes a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// Root, and the daemon's own user.
    Root,
    /// Another user of the host.
    User(u32),
    /// A client of another host, by its address.
    Host(IpAddr),
}

impl Who {
    pub(super) fn of_user(user: u32) -> Self {
        match user == 0 || user == rustix::process::geteuid().as_raw() {
            true => Self::Root,
            false => Self::User(user),
        }
    }

    /// The whole /64 of an IPv6 address counts as one client.
    pub(super) fn of_host(address: IpAddr) -> Self {
        Self::Host(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address => address,
        })
    }
}

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Attended to at once.
    pub(super) attended: usize,
    /// Connections served at once, and waiting ones.
    pub(super) open: usize,
}

/// How many places there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) root: Room,
    /// Of all others together.
    pub(super) others: Room,
    /// Of any one of them.
    pub(super) each: Room,
}

/// Gives out places.
#[derive(Debug)]
pub(super) struct Places {
    limits: Limits,
    root: Arc<Class>,
    others: Arc<Class>,
    each: Mutex<HashMap<Who, Weak<Class>>>,
}

#[derive(Debug)]
struct Class {
    attended: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Class {
    fn new(room: Room) -> Arc<Self> {
        Arc::new(Self {
            attended: Arc::new(Semaphore::new(room.attended)),
            open: Arc::new(Semaphore::new(room.open)),
        })
    }
}

/// Somebody who has a place, or waits for one.
#[derive(Debug)]
pub(super) struct Slot {
    classes: Vec<Arc<Class>>,
    held: Vec<OwnedSemaphorePermit>,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            root: Class::new(limits.root),
            others: Class::new(limits.others),
            each: Mutex::default(),
        }
    }

    /// Lets somebody wait for a place; none where too many do.
    pub(super) fn enter(&self, who: Who) -> Option<Slot> {
        let classes = match who {
            Who::Root => vec![Arc::clone(&self.root)],
            who => vec![self.class_of(who), Arc::clone(&self.others)],
        };
        let open = |class: &Arc<Class>| Arc::clone(&class.open).try_acquire_owned().ok();
        let held = classes.iter().map(open).collect::<Option<_>>()?;
        Some(Slot { classes, held })
    }

    fn class_of(&self, who: Who) -> Arc<Class> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(class) = each.get(&who).and_then(Weak::upgrade) {
            return class;
        }
        each.retain(|_, class| class.strong_count() > 0);
        let class = Class::new(self.limits.each);
        each.insert(who, Arc::downgrade(&class));
        class
    }
}

impl Slot {
    /// Waits for a place, which is free again when this is dropped.
    pub(super) async fn place(mut self) -> Self {
        for class in &self.classes {
            // A semaphore is never closed.
            self.held
                .extend(Arc::clone(&class.attended).acquire_owned().await);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        root: Room {
            attended: 1,
            open: 2,
        },
        others: Room {
            attended: 3,
            open: 5,
        },
        each: Room {
            attended: 2,
            open: 3,
        },
    };

    fn is_attended(slot: Slot) -> Option<Slot> {
        use futures_util::FutureExt;
        slot.place().now_or_never()
    }

    #[test]
    fn one_user_cannot_use_all_connections_and_all_users_none_of_roots() {
        let places = Places::new(LIMITS);
        let enter = |user| places.enter(Who::User(user)).and_then(is_attended);
        let _one = [enter(1).unwrap(), enter(1).unwrap()];
        assert!(enter(1).is_none(), "its third waits");
        let _two = enter(2).unwrap();
        assert!(enter(2).is_none() && enter(3).is_none());
        assert!(places.enter(Who::Root).and_then(is_attended).is_some());
    }

    #[test]
    fn a_waiting_client_gets_the_next_free_place_and_the_queue_is_limited() {
        let places = Places::new(LIMITS);
        let first = places.enter(Who::Root).and_then(is_attended).unwrap();
        let waiting = places.enter(Who::Root).unwrap();
        assert!(places.enter(Who::Root).is_none());
        drop(first);
        assert!(is_attended(waiting).is_some());
    }

    #[test]
    fn those_that_went_away_are_forgotten() {
        let places = Places::new(LIMITS);
        for user in 1..100 {
            drop(places.enter(Who::User(user)));
        }
        assert!(places.each.lock().unwrap().len() <= 2);
    }

    #[test]
    fn addresses_of_one_host_are_one() {
        let host = |address: &str| Who::of_host(address.parse().unwrap());
        assert_eq!(host("2001:db8::1"), host("2001:db8::ffff:2"));
        assert_ne!(host("2001:db8::1"), host("2001:db8:0:1::1"));
        assert_eq!(host("::ffff:192.0.2.1"), host("192.0.2.1"));
        assert_ne!(host("192.0.2.1"), host("192.0.2.2"));
    }
}
