//! Those who wait for a slot: each network in turn, and in a network each client in turn.

use std::collections::VecDeque;
use std::net::IpAddr;

use tidegate_model::Name;

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    /// In all.
    pub(super) all: usize,
    /// Of one network.
    pub(super) of_network: usize,
    /// Of one client.
    pub(super) of_one: usize,
}

/// Things that wait, each of a client of a network.
#[derive(Debug)]
pub(super) struct Queue<T> {
    count: usize,
    networks: VecDeque<Line<T>>,
    waits: Waits,
}

/// Those of a network; there is at least one.
#[derive(Debug)]
struct Line<T> {
    network: Name,
    count: usize,
    clients: VecDeque<(IpAddr, VecDeque<T>)>,
}

impl<T> Queue<T> {
    pub(super) fn new(waits: Waits) -> Self {
        Self {
            count: 0,
            networks: VecDeque::new(),
            waits,
        }
    }

    /// Puts something last of its client. None if too many wait.
    pub(super) fn push(&mut self, by: IpAddr, of: &Name, item: T) -> Option<()> {
        let waits = self.waits;
        let is_new = !self.networks.iter().any(|line| line.network == *of);
        (self.count < waits.all).then_some(())?;
        if is_new {
            let new = Line {
                network: of.clone(),
                count: 0,
                clients: VecDeque::new(),
            };
            self.networks.push_back(new);
        }
        let line = self.networks.iter_mut().find(|line| line.network == *of)?;
        line.push(waits, by, item)?;
        self.count += 1;
        Some(())
    }

    /// Takes the first of the next client in turn that may have its turn, with the client and its network.
    pub(super) fn pop(&mut self, may: impl Fn(IpAddr, &Name) -> bool) -> Option<(IpAddr, Name, T)> {
        for _ in 0..self.networks.len() {
            let mut line = self.networks.pop_front()?;
            let network = line.network.clone();
            let taken = line.pop(|by| may(by, &network));
            if line.count > 0 {
                self.networks.push_back(line);
            }
            if let Some((by, item)) = taken {
                self.count -= 1;
                return Some((by, network, item));
            }
        }
        None
    }
}

impl<T> Line<T> {
    fn push(&mut self, waits: Waits, by: IpAddr, item: T) -> Option<()> {
        (self.count < waits.of_network).then_some(())?;
        match self.clients.iter_mut().find(|(client, _)| *client == by) {
            Some((_, items)) if items.len() < waits.of_one => items.push_back(item),
            Some(_) => return None,
            None => self.clients.push_back((by, VecDeque::from([item]))),
        }
        self.count += 1;
        Some(())
    }

    fn pop(&mut self, may: impl Fn(IpAddr) -> bool) -> Option<(IpAddr, T)> {
        let place = self.clients.iter().position(|(by, _)| may(*by))?;
        // Those before it have their turn when they may.
        let (by, mut items) = self.clients.remove(place)?;
        let item = items.pop_front()?;
        if !items.is_empty() {
            self.clients.push_back((by, items));
        }
        self.count -= 1;
        Some((by, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: Waits = Waits {
        all: 6,
        of_network: 4,
        of_one: 3,
    };

    fn client(number: u8) -> IpAddr {
        [10, 0, 0, number].into()
    }

    fn filled(all: &[(u8, &str, char)]) -> Queue<char> {
        let mut queue = Queue::new(WAITS);
        for (by, of, item) in all {
            queue
                .push(client(*by), &of.parse().unwrap(), *item)
                .unwrap();
        }
        queue
    }

    fn all(queue: &mut Queue<char>) -> String {
        std::iter::from_fn(|| queue.pop(|_, _| true))
            .map(|(_, _, item)| item)
            .collect()
    }

    #[test]
    fn networks_and_their_clients_take_turns() {
        let mut queue = filled(&[
            (1, "web", 'a'),
            (1, "web", 'b'),
            (1, "web", 'c'),
            (2, "web", 'x'),
            (3, "db", 'y'),
        ]);
        assert_eq!(all(&mut queue), "ayxbc");
        assert_eq!(queue.count, 0);
    }

    #[test]
    fn one_that_may_not_have_its_turn_holds_up_nobody() {
        let mut queue = filled(&[(1, "web", 'a'), (2, "web", 'x'), (3, "db", 'y')]);
        let first = queue.pop(|by, _| by == client(2));
        assert_eq!(first, Some((client(2), "web".parse().unwrap(), 'x')));
        assert_eq!(queue.pop(|_, of| of.as_str() == "far"), None);
        assert_eq!(all(&mut queue), "ya");
    }

    #[test]
    fn no_client_and_no_network_fills_the_queue() {
        let mut queue = filled(&[(1, "web", 'a'), (1, "web", 'b'), (1, "web", 'c')]);
        let mut push = |by, of: &str| queue.push(client(by), &of.parse().unwrap(), '!').is_some();
        assert!(!push(1, "web"), "its share");
        assert!(push(2, "web"));
        assert!(!push(3, "web"), "its network's share");
        assert!(push(4, "db") && push(5, "db"));
        assert!(!push(6, "far"), "all");
        assert_eq!(queue.count, 6);
        assert_eq!(queue.networks.len(), 2, "a network without anybody is none");
    }
}
