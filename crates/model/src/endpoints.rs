//! Endpoints by name, and found by what they belong to.

use std::collections::BTreeSet;
use std::collections::btree_map::{self, BTreeMap};
use std::collections::hash_map::{self, HashMap};
use std::ops::Index;

use crate::{Endpoint, Name, Protocol};

/// Endpoints by name. Those of a network, and the holders of a port of the host, are found without
/// looking at the others.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    by_name: BTreeMap<Name, Endpoint>,
    by_network: BTreeMap<Name, BTreeSet<Name>>,
    /// Most ports have one holder: a list of one takes a fraction of a set of one. Sorted.
    by_host_port: HashMap<(Protocol, u16), Vec<Name>>,
}

impl Endpoints {
    /// The endpoint of that name.
    pub fn get(&self, name: &Name) -> Option<&Endpoint> {
        self.by_name.get(name)
    }

    /// Whether there is one of that name.
    pub fn contains_key(&self, name: &Name) -> bool {
        self.by_name.contains_key(name)
    }

    /// Every endpoint, by name.
    pub fn values(&self) -> btree_map::Values<'_, Name, Endpoint> {
        self.by_name.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Those that are attached to a network, by name.
    pub fn of_network(&self, network: &Name) -> impl Iterator<Item = &Endpoint> {
        let names = self.by_network.get(network).into_iter().flatten();
        names.filter_map(|name| self.by_name.get(name))
    }

    /// Those that publish a port of the host, on whatever address, by name.
    pub fn with_host_port(
        &self,
        protocol: Protocol,
        host_port: u16,
    ) -> impl Iterator<Item = &Endpoint> {
        let names = self.by_host_port.get(&(protocol, host_port));
        let names = names.into_iter().flatten();
        names.filter_map(|name| self.by_name.get(name))
    }

    /// Adds an endpoint, in the place of one of its name, if there is one.
    pub fn insert(&mut self, endpoint: Endpoint) {
        self.remove(&endpoint.name);
        let name = &endpoint.name;
        let of_network = self.by_network.entry(endpoint.network.clone()).or_default();
        of_network.insert(name.clone());
        for port in &endpoint.ports {
            match self.by_host_port.entry((port.protocol, port.host_port)) {
                hash_map::Entry::Vacant(unheld) => {
                    unheld.insert(vec![name.clone()]);
                }
                hash_map::Entry::Occupied(held) => {
                    let holders = held.into_mut();
                    if let Err(place) = holders.binary_search(name) {
                        holders.insert(place, name.clone());
                    }
                }
            }
        }
        self.by_name.insert(name.clone(), endpoint);
    }

    /// Takes the endpoint of that name out.
    pub fn remove(&mut self, name: &Name) -> Option<Endpoint> {
        let endpoint = self.by_name.remove(name)?;
        if let Some(names) = self.by_network.get_mut(&endpoint.network) {
            names.remove(name);
            if names.is_empty() {
                self.by_network.remove(&endpoint.network);
            }
        }
        for port in &endpoint.ports {
            let key = (port.protocol, port.host_port);
            if let Some(names) = self.by_host_port.get_mut(&key) {
                names.retain(|holder| holder != name);
                if names.is_empty() {
                    self.by_host_port.remove(&key);
                }
            }
        }
        Some(endpoint)
    }
}

/// What is found follows from what is there.
impl PartialEq for Endpoints {
    fn eq(&self, other: &Self) -> bool {
        self.by_name == other.by_name
    }
}

impl Eq for Endpoints {}

impl Index<&Name> for Endpoints {
    type Output = Endpoint;

    /// # Panics
    /// When there is none of that name.
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
    use serde_json::json;

    use super::*;
    use crate::PortBinding;

    const PROTOCOLS: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];

    fn name(kind: &str, number: u8) -> Name {
        format!("{kind}{number}").parse().unwrap()
    }

    fn endpoint(number: u8, network: u8, ports: &[(usize, u16)]) -> Endpoint {
        let port = |(protocol, host_port): &(usize, u16)| {
            format!("{host_port}:80/{}", PROTOCOLS[*protocol])
        };
        let row = json!({
            "name": name("e", number),
            "network": name("n", network),
            "netns": { "path": "/run/netns/a", "id": { "dev": 1, "ino": 2 } },
            "host-ifname": "tgv0",
            "ifname": "eth0",
            "mac": "02:00:00:00:00:01",
            "addresses": [],
            "gateways": [],
            "ports": ports.iter().map(port).collect::<Vec<_>>(),
        });
        serde_json::from_value(row).unwrap()
    }

    fn names<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Vec<Name> {
        endpoints.map(|endpoint| endpoint.name.clone()).collect()
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_looking_at_all_finds(
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
            for (protocol, port) in PROTOCOLS.into_iter().flat_map(|p| (1..4).map(move |n| (p, n))) {
                let has = |binding: &PortBinding| binding.protocol == protocol && binding.host_port == port;
                let all = endpoints.values().filter(|each| each.ports.iter().any(has));
                prop_assert_eq!(names(endpoints.with_host_port(protocol, port)), names(all));
            }
        }
    }
}
