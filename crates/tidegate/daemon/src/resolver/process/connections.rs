//! The open connections of clients, with limits. If there are too many, an idle one gives way.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tidegate_model::Name;
use tokio::task::AbortHandle;

use super::slots::Places;

/// The open connections. Their number is bounded, so that a search in all of them takes little.
#[derive(Clone, Debug)]
pub(super) struct Connections<T = AbortHandle>(Rc<RefCell<Open<T>>>);

#[derive(Debug)]
struct Open<T> {
    places: Places,
    /// How long the first query of a new connection may be on its way.
    delay: Duration,
    /// Counts what happens.
    now: u64,
    all: BTreeMap<u64, Connection<T>>,
}

#[derive(Debug)]
struct Connection<T> {
    by: IpAddr,
    of: Name,
    /// Since when no query is being answered, if none is.
    idle: Option<u64>,
    /// When it was opened, until a query came.
    unused: Option<Instant>,
    /// To end it with.
    end: Option<T>,
}

/// One of the connections; dropping this closes it.
#[derive(Debug)]
pub(super) struct Ticket<T = AbortHandle> {
    open: Rc<RefCell<Open<T>>>,
    number: u64,
}

/// How a connection is ended from outside.
pub(super) trait End {
    fn end(&self);
}

impl End for AbortHandle {
    fn end(&self) {
        self.abort();
    }
}

impl<T: End> Connections<T> {
    pub(super) fn new(places: Places, delay: Duration) -> Self {
        Self(Rc::new(RefCell::new(Open {
            places,
            delay,
            now: 0,
            all: BTreeMap::new(),
        })))
    }

    /// A place for one more connection of an asker of a network. None if all others are busy.
    pub(super) fn open(&self, by: IpAddr, of: Name) -> Option<Ticket<T>> {
        let mut open = self.0.borrow_mut();
        open.make_room(by, &of)?;
        let number = open.tick();
        let connection = Connection {
            by,
            of,
            idle: Some(number),
            unused: Some(Instant::now()),
            end: None,
        };
        open.all.insert(number, connection);
        let open = Rc::clone(&self.0);
        Some(Ticket { open, number })
    }

    /// How the connection with a number can be ended.
    pub(super) fn ends_by(&self, number: u64, end: T) {
        if let Some(connection) = self.0.borrow_mut().all.get_mut(&number) {
            connection.end = Some(end);
        }
    }
}

impl<T: End> Open<T> {
    fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    fn make_room(&mut self, by: IpAddr, of: &Name) -> Option<()> {
        let places = self.places;
        let own = self.count(|other| other.by == by);
        let network = self.count(|other| other.of == *of);
        if own >= places.of_one {
            return self.give_way(|other| other.by == by);
        }
        if network >= places.of_network {
            return self.give_way(|other| other.of == *of);
        }
        if self.all.len() < places.all {
            return Some(());
        }
        let is_left = network < places.left && self.all.len() < places.most;
        self.give_way(|_| true).or(is_left.then_some(()))
    }

    fn count(&self, which: impl Fn(&Connection<T>) -> bool) -> usize {
        self.all.values().filter(|other| which(other)).count()
    }

    /// Ends an idle connection of the network that has the most, of its client that has the most, idle for longest. New
    /// ones come last: their query may be on its way.
    fn give_way(&mut self, among: impl Fn(&Connection<T>) -> bool) -> Option<()> {
        let (mut of_network, mut of_one) = (HashMap::new(), HashMap::new());
        for it in self.all.values() {
            *of_network.entry(&it.of).or_insert(0_usize) += 1;
            *of_one.entry(it.by).or_insert(0_usize) += 1;
        }
        let idle = self.all.iter().filter_map(|(number, it)| {
            let since = it.idle.filter(|_| among(it))?;
            let counts = (of_network.get(&it.of), of_one.get(&it.by));
            let is_new = it.unused.is_some_and(|at| at.elapsed() < self.delay);
            Some(((counts, !is_new, Reverse(since)), *number))
        });
        let (_, number) = idle.max()?;
        let ended = self.all.remove(&number)?;
        if let Some(end) = ended.end {
            end.end();
        }
        Some(())
    }
}

impl<T> Ticket<T> {
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// A query came, or its answer is known.
    pub(super) fn set_busy(&self, is_busy: bool) {
        let mut open = self.open.borrow_mut();
        open.now += 1;
        let now = open.now;
        if let Some(own) = open.all.get_mut(&self.number) {
            own.idle = (!is_busy).then_some(now);
            own.unused = None;
        }
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        self.open.borrow_mut().all.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const PLACES: Places = Places {
        all: 6,
        of_network: 4,
        of_one: 2,
        left: 1,
        most: 7,
    };

    /// Writes down who is ended.
    struct Ended(Rc<RefCell<String>>, char);

    impl End for Ended {
        fn end(&self) {
            self.0.borrow_mut().push(self.1);
        }
    }

    struct Scene {
        connections: Connections<Ended>,
        ended: Rc<RefCell<String>>,
    }

    impl Scene {
        fn new() -> Self {
            Self::with_delay(Duration::ZERO)
        }

        fn with_delay(delay: Duration) -> Self {
            let (connections, ended) = (Connections::new(PLACES, delay), Rc::default());
            Self { connections, ended }
        }

        fn open(&self, name: char, number: u8, network: &str) -> Option<Ticket<Ended>> {
            let by = [10, 0, 0, number].into();
            let ticket = self.connections.open(by, network.parse().unwrap())?;
            let end = Ended(Rc::clone(&self.ended), name);
            self.connections.ends_by(ticket.number(), end);
            Some(ticket)
        }

        fn ended(&self) -> String {
            self.ended.take()
        }
    }

    #[test]
    fn the_connection_that_is_idle_for_longest_gives_way_to_another_of_its_client() {
        let scene = Scene::new();
        let a = scene.open('a', 1, "web").unwrap();
        let _b = scene.open('b', 1, "web").unwrap();
        a.set_busy(true);
        a.set_busy(false);
        let c = scene.open('c', 1, "web").unwrap();
        assert_eq!(scene.ended(), "b");
        for busy in [&a, &c] {
            busy.set_busy(true);
        }
        assert!(scene.open('d', 1, "web").is_none(), "none is idle");
        assert_eq!(scene.ended(), "");
        drop(a);
        assert!(scene.open('d', 1, "web").is_some());
    }

    #[test]
    fn a_new_connection_whose_query_may_be_on_its_way_gives_way_last() {
        let scene = Scene::with_delay(Duration::from_secs(3600));
        let _a = scene.open('a', 1, "web").unwrap();
        let b = scene.open('b', 1, "web").unwrap();
        for is_busy in [true, false] {
            b.set_busy(is_busy);
        }
        let _c = scene.open('c', 1, "web").unwrap();
        assert_eq!(scene.ended(), "b");
        let _d = scene.open('d', 1, "web").unwrap();
        assert_eq!(scene.ended(), "a", "all are new");
    }

    #[test]
    fn the_clients_with_most_connections_give_way_to_others() {
        let scene = Scene::new();
        let open = |name, number, network| scene.open(name, number, network).unwrap();
        let mut held = vec![open('z', 9, "db"), open('a', 1, "web"), open('b', 2, "web")];
        held.push(open('c', 2, "web"));
        held.push(open('d', 3, "web"));
        held.push(open('e', 4, "web"));
        assert_eq!(
            scene.ended(),
            "b",
            "its network has its share, and its client two"
        );
        held.push(open('f', 8, "db"));
        assert_eq!(scene.ended(), "");
        held.push(open('g', 7, "far"));
        assert_eq!(scene.ended(), "a", "of the network with the most");
        // A ticket of a connection that gave way does no harm.
        held.remove(1);
        assert_eq!(scene.connections.0.borrow().all.len(), 6);
    }

    #[test]
    fn a_network_without_connections_has_one_left_where_all_are_busy() {
        let scene = Scene::new();
        let open = |number, network| scene.open('x', number, network);
        let web: Vec<_> = (0..4).map(|number| open(number, "web").unwrap()).collect();
        let db: Vec<_> = (4..6).map(|number| open(number, "db").unwrap()).collect();
        web.iter().chain(&db).for_each(|it| it.set_busy(true));
        assert!(open(6, "db").is_none());
        let far = open(7, "far").unwrap();
        far.set_busy(true);
        assert!(open(8, "last").is_none(), "all that there are");
    }
}
