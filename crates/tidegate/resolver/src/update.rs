//! Updates of a zone: first everything, then changes. Each update has a complete object, so applying it twice does no
//! harm.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tidegate_model::{Change, Endpoint, IfName, Name, NetnsId, Network, State};

/// A change of what the zone holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneUpdate {
    /// A network is new or changed.
    Network {
        /// Its name.
        name: Name,
        /// Its bridge.
        bridge: IfName,
        /// Addresses of its DNS server: its gateways.
        gateways: Vec<IpAddr>,
        /// Servers for names that are forwarded; empty for the host's.
        servers: Vec<IpAddr>,
        /// Its subnets.
        subnets: Vec<IpNet>,
        /// Whether its DNS server forwards the names that are not those of endpoints.
        forwards: bool,
        /// The networks that its endpoints reach, whose names they may learn too.
        reaches: Vec<Name>,
    },
    /// A network is gone.
    NoNetwork(Name),
    /// An endpoint is new or changed.
    Endpoint {
        /// Its name.
        name: Name,
        /// Its other names.
        aliases: Vec<Name>,
        /// Its network.
        network: Name,
        /// Its namespace.
        #[serde(with = "namespace")]
        netns: NetnsId,
        /// Its addresses.
        addresses: Vec<IpAddr>,
        /// Servers for names that are forwarded; empty for those of its network.
        servers: Vec<IpAddr>,
    },
    /// An endpoint is gone.
    NoEndpoint(Name),
}

/// A namespace as its three numbers: the model's types are not serialized.
mod namespace {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use tidegate_model::NetnsId;

    pub(super) fn serialize<S: Serializer>(id: &NetnsId, to: S) -> Result<S::Ok, S::Error> {
        (id.dev, id.ino, id.cookie).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NetnsId, D::Error> {
        let (dev, ino, cookie) = Deserialize::deserialize(from)?;
        Ok(NetnsId { dev, ino, cookie })
    }
}

/// Everything about a state.
pub fn of_state(state: &State) -> impl Iterator<Item = ZoneUpdate> {
    let networks = state.networks.values().map(of_network);
    networks.chain(state.endpoints.values().map(of_endpoint))
}

/// What a change means: nothing if it leaves the names as they are, like a published port.
pub fn of_change(change: &Change) -> Vec<ZoneUpdate> {
    match change {
        Change::AddNetwork(network) => vec![of_network(network)],
        Change::ReplaceNetwork { before, after } => if_new(&of_network(before), of_network(after)),
        Change::RemoveNetwork(network) => vec![ZoneUpdate::NoNetwork(network.name.clone())],
        Change::AddEndpoint(endpoint) => vec![of_endpoint(endpoint)],
        Change::ReplaceEndpoint { before, after } => {
            if_new(&of_endpoint(before), of_endpoint(after))
        }
        Change::RemoveEndpoint(endpoint) => vec![ZoneUpdate::NoEndpoint(endpoint.name.clone())],
        Change::SkipNumbers(_) => Vec::new(),
        Change::Wait(..) | Change::StopWaiting(_) => Vec::new(),
        Change::All(changes) => changes.iter().flat_map(of_change).collect(),
    }
}

fn if_new(before: &ZoneUpdate, after: ZoneUpdate) -> Vec<ZoneUpdate> {
    (*before != after).then_some(after).into_iter().collect()
}

fn of_network(network: &Network) -> ZoneUpdate {
    ZoneUpdate::Network {
        name: network.name.clone(),
        bridge: network.bridge.clone(),
        gateways: network.resolvers().collect(),
        servers: network.dns.servers.clone(),
        subnets: network.subnets.iter().map(|subnet| subnet.net).collect(),
        forwards: network.policy.forwards_names(),
        reaches: network.peers.iter().cloned().collect(),
    }
}

fn of_endpoint(endpoint: &Endpoint) -> ZoneUpdate {
    ZoneUpdate::Endpoint {
        name: endpoint.name.clone(),
        aliases: endpoint.aliases.clone(),
        network: endpoint.network.clone(),
        netns: endpoint.netns_id(),
        addresses: endpoint.addresses.iter().map(IpNet::addr).collect(),
        servers: endpoint.dns.servers.clone(),
    }
}
