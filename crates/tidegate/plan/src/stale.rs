//! Tracked connections that a change makes stale.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::links::Flow;
use tidegate_model::{Endpoint, Mode, Network, PortBinding, Protocol, State};

use crate::steps;

/// Which tracked connections must be checked after a change. Which of them are deleted depends on the state at the
/// time of the walk ([`Sweep`](crate::Sweep)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaleConnections {
    /// Addresses of removed endpoints: no entry with them may reach the next holder.
    pub addresses: BTreeSet<IpAddr>,
    /// Subnets in which no entry may have an address without an endpoint.
    pub subnets: BTreeSet<IpNet>,
    /// Connections through ports that are no longer published.
    pub flows: BTreeSet<Flow>,
    /// Host ports that were published: earlier entries are not translated.
    pub ports: BTreeSet<(Protocol, u16)>,
    /// Whether the table was missing, so that anything may have passed.
    pub everything: bool,
}

impl StaleConnections {
    /// After a start: the table may have been missing while no daemon ran, and endpoints may have ended.
    pub fn at_start(state: &State) -> Self {
        let subnets = state.networks.values().flat_map(|network| &network.subnets);
        Self {
            subnets: subnets.map(|subnet| subnet.net).collect(),
            everything: true,
            ..Self::default()
        }
    }

    /// After the table was restored.
    pub fn after_mending() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the stale entries of another change.
    pub fn add(&mut self, mut other: Self) {
        self.addresses.append(&mut other.addresses);
        self.subnets.append(&mut other.subnets);
        self.flows.append(&mut other.flows);
        self.ports.append(&mut other.ports);
        self.everything |= other.everything;
    }

    pub(crate) fn new_network(network: &Network) -> Self {
        Self {
            subnets: network.subnets.iter().map(|subnet| subnet.net).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn gone<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Self {
        let addresses = endpoints.into_iter().flat_map(|e| &e.addresses);
        Self {
            addresses: addresses.map(IpNet::addr).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn withdrawn(network: &Network, endpoint: &Endpoint, ports: &[PortBinding]) -> Self {
        Self {
            flows: steps::flows(network, endpoint, ports).into_iter().collect(),
            ..Self::default()
        }
    }

    /// In a routed family there is no translation.
    pub(crate) fn published(network: &Network, endpoint: &Endpoint, ports: &[PortBinding]) -> Self {
        let mut addresses = endpoint.addresses.iter().map(IpNet::addr);
        let is_translated = addresses.any(|ip| network.policy.mode_of(ip) != Mode::Routed);
        let ports = ports.iter().filter(|_| is_translated);
        Self {
            ports: ports.map(|port| (port.protocol, port.host_port)).collect(),
            ..Self::default()
        }
    }
}
