//! The state: the networks and endpoints that the daemon has confirmed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::{
    AllowList, Degraded, Endpoint, Endpoints, Forwarding, GlobalId, Name, Network, PortBinding,
    Protocol,
};

/// The networks and endpoints of a host, with the number of the next interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Networks by name.
    pub networks: BTreeMap<Name, Network>,
    /// Endpoints by name.
    pub endpoints: Endpoints,
    /// Imported endpoints that wait for their namespaces, by name. They hold no address and no port.
    pub waiting: BTreeMap<Name, Waiting>,
    /// Number of the next interface name. Numbers are never reused, so a name never means two interfaces.
    pub next_number: u32,
    /// The host's own IPv6 prefix: the default pool of IPv6 subnets. Made once.
    pub global_id: GlobalId,
    /// Host port of the DNS server, if it is on. Not stored: each start sets it.
    pub resolver: Option<u16>,
    /// The degraded networks and endpoints. Not stored: each start finds them out.
    pub degraded: Degraded,
    /// Default allow-list, if neither the request nor the network has one. Not stored.
    pub allow: AllowList,
    /// Whether the daemon turns on IP forwarding. Not stored.
    pub forwarding: Forwarding,
}

/// An imported endpoint that waits for its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its network.
    pub network: Name,
    /// The path of the namespace.
    pub netns: PathBuf,
    /// What is to be made, as the JSON of the document that it came with.
    pub request: String,
}

/// The DNS port (RFC 1035 section 4.2).
pub const DNS_PORT: u16 = 53;

impl State {
    /// The network of that name, or else of one that differs only in case.
    pub fn network(&self, name: &Name) -> Option<&Network> {
        name.find_in(&self.networks)
    }

    /// The waiting endpoint of that name, or else of one that differs only in case, with the name that it has.
    pub fn waiting(&self, name: &Name) -> Option<(&Name, &Waiting)> {
        name.find_entry_in(&self.waiting)
    }

    /// The names of the endpoints that wait for a namespace on a network, in order.
    pub fn waiting_on<'a>(&'a self, network: &'a Name) -> impl Iterator<Item = &'a Name> {
        let waiting = self.waiting.iter();
        let is_on = move |it: &Waiting| {
            self.network(&it.network)
                .is_some_and(|on| on.name == *network)
        };
        waiting
            .filter(move |(_, it)| is_on(it))
            .map(|(name, _)| name)
    }

    /// The endpoints attached to a network, by name.
    pub fn endpoints_of<'a>(&'a self, network: &'a Name) -> impl Iterator<Item = &'a Endpoint> {
        self.endpoints.of_network(network)
    }

    /// The network whose DNS port (UDP and TCP, at a gateway) `wanted` would take.
    pub fn asked_at(&self, wanted: &PortBinding) -> Option<&Network> {
        self.resolver?;
        let gateway = wanted.host_ip?;
        let is_dns = wanted.host_port == DNS_PORT && wanted.protocol != Protocol::Sctp;
        let mut networks = self.networks.values().filter(|_| is_dns);
        networks.find(|network| network.resolvers().any(|ip| ip == gateway))
    }

    /// The endpoint that is published on the DNS port of a network's gateways.
    pub fn in_the_way_of(&self, network: &Network) -> Option<(&Endpoint, PortBinding)> {
        let is_there = |binding: &&PortBinding| {
            let is_dns = binding.host_port == DNS_PORT && binding.protocol != Protocol::Sctp;
            is_dns && network.resolvers().any(|ip| binding.host_ip == Some(ip))
        };
        let holders = [Protocol::Udp, Protocol::Tcp];
        let mut holders = holders
            .into_iter()
            .flat_map(|protocol| self.endpoints.with_host_port(protocol, DNS_PORT));
        holders.find_map(|endpoint| {
            let binding = endpoint.ports.iter().find(is_there)?;
            Some((endpoint, *binding))
        })
    }

    /// Whether `wanted` needs the port of the host on which the DNS server listens, at an address where it does.
    pub fn is_dns_server_at(&self, wanted: &PortBinding) -> bool {
        let is_its = self.resolver == Some(wanted.host_port) && wanted.protocol != Protocol::Sctp;
        let mut at = self
            .networks
            .values()
            .filter(|_| is_its)
            .flat_map(Network::resolvers);
        at.any(|ip| wanted.is_at(ip))
    }

    /// The endpoints that already have a port of the host that `wanted` needs, each with its binding.
    pub fn holders_of<'a>(
        &'a self,
        wanted: &'a PortBinding,
    ) -> impl Iterator<Item = (&'a Endpoint, PortBinding)> {
        let holders = self
            .endpoints
            .with_host_port(wanted.protocol, wanted.host_port);
        holders.flat_map(|endpoint| {
            let held = endpoint.ports.iter().filter(|it| it.conflicts_with(wanted));
            held.map(move |binding| (endpoint, *binding))
        })
    }
}

/// One change of the state. It has complete objects, so that its inverse is known and the store writes only what
/// changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A network appears.
    AddNetwork(Network),
    /// A network goes.
    RemoveNetwork(Network),
    /// A network is replaced by another one of the same name.
    ReplaceNetwork {
        /// What it was.
        before: Box<Network>,
        /// What it becomes.
        after: Box<Network>,
    },
    /// An endpoint appears.
    AddEndpoint(Endpoint),
    /// An endpoint goes.
    RemoveEndpoint(Endpoint),
    /// An endpoint is replaced by another one of the same name.
    ReplaceEndpoint {
        /// What it was.
        before: Box<Endpoint>,
        /// What it becomes.
        after: Box<Endpoint>,
    },
    /// So many numbers get no interface of ours, because links of others have their names.
    SkipNumbers(u32),
    /// An endpoint waits for its namespace.
    Wait(Name, Waiting),
    /// An endpoint no longer waits.
    StopWaiting(Name),
    /// All of these, in order.
    All(Vec<Change>),
}

impl Change {
    /// Whether it changes nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::All(changes) if changes.iter().all(Self::is_nothing))
    }

    /// How many numbers of interfaces it uses up.
    fn numbers(&self) -> u32 {
        match self {
            Self::AddNetwork(_) | Self::AddEndpoint(_) => 1,
            Self::SkipNumbers(count) => *count,
            Self::RemoveNetwork(_)
            | Self::ReplaceNetwork { .. }
            | Self::RemoveEndpoint(_)
            | Self::ReplaceEndpoint { .. }
            | Self::Wait(..)
            | Self::StopWaiting(_) => 0,
            Self::All(changes) => changes.iter().map(Self::numbers).sum(),
        }
    }
}

impl State {
    /// The value of `next_number` after a change: each new interface increments it, and so does each number that is skipped.
    pub fn number_after(&self, change: &Change) -> u32 {
        self.next_number.wrapping_add(change.numbers())
    }

    /// Applies a change.
    pub fn apply(&mut self, change: &Change) {
        self.next_number = self.number_after(change);
        self.apply_objects(change);
    }

    fn apply_objects(&mut self, change: &Change) {
        match change {
            Change::All(changes) => changes.iter().for_each(|each| self.apply_objects(each)),
            Change::SkipNumbers(_) => {}
            Change::ReplaceNetwork { after, .. } => {
                self.networks
                    .insert(after.name.clone(), after.as_ref().clone());
            }
            Change::AddNetwork(network) => {
                self.networks.insert(network.name.clone(), network.clone());
            }
            Change::RemoveNetwork(network) => {
                self.networks.remove(&network.name);
                self.degraded.networks.remove(&network.name);
            }
            Change::AddEndpoint(endpoint) => {
                self.endpoints.insert(endpoint.clone());
            }
            Change::RemoveEndpoint(endpoint) => {
                self.endpoints.remove(&endpoint.name);
                self.degraded.endpoints.remove(&endpoint.name);
            }
            Change::ReplaceEndpoint { after, .. } => {
                self.endpoints.insert(after.as_ref().clone());
            }
            Change::Wait(name, waiting) => {
                self.waiting.insert(name.clone(), waiting.clone());
            }
            Change::StopWaiting(name) => {
                self.waiting.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
