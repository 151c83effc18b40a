//! Endpoints by name, with indexes.

use std::collections::btree_map::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::Hash;
use std::ops::Index;

use smallvec::SmallVec;

use crate::{Endpoint, Name, NetnsId, Protocol};

/// Endpoints by name. Indexes find those of a network, of a namespace and of a host port without a search.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    by_name: BTreeMap<Name, Box<Endpoint>>,
    by_network: Names<Name>,
    by_netns: Names<NetnsId>,
    by_host_port: Names<(Protocol, u16)>,
}

impl Endpoints {
    /// The endpoint of that name.
    pub fn get(&self, name: &Name) -> Option<&Endpoint> {
        self.by_name.get(name).map(Box::as_ref)
    }

    /// The endpoint of that name, or else of one that differs only in case.
    pub fn find(&self, name: &Name) -> Option<&Endpoint> {
        name.find_in(&self.by_name).map(Box::as_ref)
    }

    /// Whether there is one of that name.
    pub fn contains_key(&self, name: &Name) -> bool {
        self.by_name.contains_key(name)
    }

    /// Every endpoint, by name.
    pub fn values(&self) -> impl Iterator<Item = &Endpoint> + Clone {
        self.by_name.values().map(Box::as_ref)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The endpoints of a network, ordered by name.
    pub fn of_network(&self, network: &Name) -> impl Iterator<Item = &Endpoint> {
        self.all(self.by_network.get(network))
    }

    /// The endpoints of a namespace, ordered by name.
    pub fn of_netns<'a>(&'a self, netns: &NetnsId) -> impl Iterator<Item = &'a Endpoint> + use<'a> {
        self.all(self.by_netns.get(netns))
    }

    /// The endpoints that publish a host port on any address, ordered by name.
    pub fn with_host_port(
        &self,
        protocol: Protocol,
        host_port: u16,
    ) -> impl Iterator<Item = &Endpoint> {
        self.all(self.by_host_port.get(&(protocol, host_port)))
    }

    fn all<'a>(&'a self, names: &'a [Name]) -> impl Iterator<Item = &'a Endpoint> {
        names.iter().filter_map(|name| self.get(name))
    }

    /// Adds an endpoint, or replaces the one of that name.
    pub fn insert(&mut self, endpoint: Endpoint) {
        self.remove(&endpoint.name);
        let mut endpoint = Box::new(endpoint);
        let name = endpoint.name.clone();
        // One text for all endpoints of the network.
        endpoint.network = self.by_network.add(endpoint.network.clone(), &name);
        self.by_netns.add(endpoint.netns_id(), &name);
        for port in &endpoint.ports {
            self.by_host_port
                .add((port.protocol, port.host_port), &name);
        }
        self.by_name.insert(name, endpoint);
    }

    /// Removes the endpoint of that name.
    pub fn remove(&mut self, name: &Name) -> Option<Endpoint> {
        let endpoint = *self.by_name.remove(name)?;
        self.by_network.remove(&endpoint.network, name);
        self.by_netns.remove(&endpoint.netns_id(), name);
        for port in &endpoint.ports {
            self.by_host_port
                .remove(&(port.protocol, port.host_port), name);
        }
        Some(endpoint)
    }
}

/// An index: sorted names of endpoints by a common property. Most lists have one name, so a list of one needs no
/// allocation.
#[derive(Clone, Debug)]
struct Names<K>(HashMap<K, SmallVec<[Name; 1]>>);

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Clone + Eq + Hash> Names<K> {
    fn get(&self, key: &K) -> &[Name] {
        self.0.get(key).map_or(&[], SmallVec::as_slice)
    }

    /// Adds a name, and gives the key that is kept.
    fn add(&mut self, key: K, name: &Name) -> K {
        let (kept, names) = match self.0.entry(key) {
            Entry::Occupied(entry) => (entry.key().clone(), entry.into_mut()),
            Entry::Vacant(entry) => (entry.key().clone(), entry.insert(SmallVec::new())),
        };
        if let Err(place) = names.binary_search(name) {
            names.insert(place, name.clone());
        }
        kept
    }

    fn remove(&mut self, key: &K, name: &Name) {
        if let Some(names) = self.0.get_mut(key) {
            names.retain(|other| other != name);
            if names.is_empty() {
                self.0.remove(key);
            }
        }
    }
}

/// The indexes follow from the endpoints.
impl PartialEq for Endpoints {
    fn eq(&self, other: &Self) -> bool {
        self.by_name == other.by_name
    }
}

impl Eq for Endpoints {}

impl Index<&Name> for Endpoints {
    type Output = Endpoint;

    /// # Panics
    /// If there is none of that name.
    fn index(&self, name: &Name) -> &Endpoint {
        &self.by_name[name]
    }
}

impl FromIterator<Endpoint> for Endpoints {
    fn from_iter<I: IntoIterator<Item = Endpoint>>(endpoints: I) -> Self {
        let mut all = Self::default();
        endpoints.into_iter().for_each(|each| all.insert(each));
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::PortBinding;

    const PROTOCOLS: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];

    fn name(kind: &str, number: u8) -> Name {
        format!("{kind}{number}").parse().unwrap()
    }

    fn netns(number: u8) -> NetnsId {
        NetnsId {
            dev: 1,
            ino: u64::from(number),
            cookie: None,
        }
    }

    fn endpoint(number: u8, network: u8, ports: &[(usize, u16)]) -> Endpoint {
        let port = |(protocol, host_port): &(usize, u16)| {
            format!("{host_port}:80/{}", PROTOCOLS[*protocol])
        };
        let ports: Vec<String> = ports.iter().map(port).collect();
        let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
        let mut endpoint =
            crate::fixtures::endpoint(&format!("e{number}"), &format!("n{network}"), &ports);
        let path = "/run/netns/a".into();
        let id = netns(number / 2);
        endpoint.place = crate::Place::Netns(crate::NetnsRef { path, id });
        endpoint
    }

    fn names<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Vec<Name> {
        endpoints.map(|endpoint| endpoint.name.clone()).collect()
    }

    proptest! {
        #[test]
        fn the_indexes_find_the_same_endpoints_as_a_full_search(
            changes in vec((0..6_u8, 0..3_u8, vec((0..2_usize, 1..4_u16), 0..3), any::<bool>()), 0..40)
        ) {
            let mut endpoints = Endpoints::default();
            for (number, network, ports, is_removed) in changes {
                match is_removed {
                    true => drop(endpoints.remove(&name("e", number))),
                    false => endpoints.insert(endpoint(number, network, &ports)),
                }
            }
            for network in (0..3).map(|number| name("n", number)) {
                let all = endpoints.values().filter(|each| each.network == network);
                prop_assert_eq!(names(endpoints.of_network(&network)), names(all));
            }
            for netns in (0..3).map(netns) {
                let all = endpoints.values().filter(|each| each.netns_id() == netns);
                prop_assert_eq!(names(endpoints.of_netns(&netns)), names(all));
            }
            for (protocol, port) in PROTOCOLS.into_iter().flat_map(|p| (1..4).map(move |n| (p, n))) {
                let has = |binding: &PortBinding| binding.protocol == protocol && binding.host_port == port;
                let all = endpoints.values().filter(|each| each.ports.iter().any(has));
                prop_assert_eq!(names(endpoints.with_host_port(protocol, port)), names(all));
            }
        }
    }

    #[test]
    fn an_endpoint_is_found_by_name_until_it_is_removed() {
        let one = endpoint(1, 0, &[]);
        let mut endpoints: Endpoints = [one.clone(), endpoint(2, 0, &[])].into_iter().collect();
        assert_eq!((endpoints.len(), endpoints.is_empty()), (2, false));
        assert_eq!(endpoints.get(&one.name), Some(&one));
        assert_eq!(endpoints[&one.name], one);
        assert!(endpoints.contains_key(&one.name));
        let before = endpoints.clone();
        assert_eq!(endpoints.remove(&one.name), Some(one.clone()));
        assert_ne!(endpoints, before);
        assert!(!endpoints.contains_key(&one.name));
        assert_eq!(endpoints.remove(&one.name), None);
        assert!(Endpoints::default().is_empty());
    }

    /// Else an index would keep the names of properties that no endpoint has any more.
    #[test]
    fn an_index_forgets_a_property_with_its_last_endpoint() {
        let mut endpoints: Endpoints = [endpoint(1, 0, &[(0, 80)])].into_iter().collect();
        endpoints.remove(&name("e", 1));
        assert!(endpoints.by_network.0.is_empty());
        assert!(endpoints.by_netns.0.is_empty());
        assert!(endpoints.by_host_port.0.is_empty());
    }
}
