//! Everything that the daemon believes.

use std::collections::BTreeMap;

use crate::{Endpoint, Endpoints, Name, Network, PortBinding};

/// The networks and endpoints of a host, with the number from which the next interface's name
/// is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Networks by name.
    pub networks: BTreeMap<Name, Network>,
    /// Endpoints by name.
    pub endpoints: Endpoints,
    /// Number of the next interface. Never used twice, so that a name never means two things.
    pub next_number: u32,
}

impl State {
    /// The endpoints attached to a network, by name.
    pub fn endpoints_of<'a>(&'a self, network: &'a Name) -> impl Iterator<Item = &'a Endpoint> {
        self.endpoints.of_network(network)
    }

    /// The endpoint that already has a port of the host that `wanted` needs, with its binding.
    pub fn holder_of(&self, wanted: &PortBinding) -> Option<(&Endpoint, PortBinding)> {
        let holders = self
            .endpoints
            .with_host_port(wanted.protocol, wanted.host_port);
        holders.into_iter().find_map(|endpoint| {
            let binding = endpoint.ports.iter().find(|b| b.conflicts_with(wanted))?;
            Some((endpoint, *binding))
        })
    }
}

/// One change of what the daemon believes. It holds the objects whole, so that its inverse is
/// known, and so that the store can write just what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A network appears.
    AddNetwork(Network),
    /// A network goes.
    RemoveNetwork(Network),
    /// A network becomes another of the same name.
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
    /// An endpoint becomes another of the same name.
    ReplaceEndpoint {
        /// What it was.
        before: Box<Endpoint>,
        /// What it becomes.
        after: Box<Endpoint>,
    },
    /// All of these, in order.
    All(Vec<Change>),
}

impl Change {
    /// How many interfaces of ours it adds.
    fn added(&self) -> u32 {
        match self {
            Self::AddNetwork(_) | Self::AddEndpoint(_) => 1,
            Self::RemoveNetwork(_)
            | Self::ReplaceNetwork { .. }
            | Self::RemoveEndpoint(_)
            | Self::ReplaceEndpoint { .. } => 0,
            Self::All(changes) => changes.iter().map(Self::added).sum(),
        }
    }
}

impl State {
    /// What `next_number` is after a change: adding counts it on.
    pub fn number_after(&self, change: &Change) -> u32 {
        self.next_number.wrapping_add(change.added())
    }

    /// Applies a change.
    pub fn apply(&mut self, change: &Change) {
        self.next_number = self.number_after(change);
        self.apply_objects(change);
    }

    fn apply_objects(&mut self, change: &Change) {
        match change {
            Change::All(changes) => changes.iter().for_each(|each| self.apply_objects(each)),
            Change::ReplaceNetwork { after, .. } => {
                self.networks
                    .insert(after.name.clone(), after.as_ref().clone());
            }
            Change::AddNetwork(network) => {
                self.networks.insert(network.name.clone(), network.clone());
            }
            Change::RemoveNetwork(network) => {
                self.networks.remove(&network.name);
            }
            Change::AddEndpoint(endpoint) => {
                self.endpoints.insert(endpoint.clone());
            }
            Change::RemoveEndpoint(endpoint) => {
                self.endpoints.remove(&endpoint.name);
            }
            Change::ReplaceEndpoint { after, .. } => {
                self.endpoints.insert(after.as_ref().clone());
            }
        }
    }
}
