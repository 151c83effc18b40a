//! Networks and endpoints, and who may learn their names.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;
use smallvec::SmallVec;
use tidegate_model::{HOST_NAMES, IfName, Name, NetnsId};

use crate::ZoneUpdate;

/// Networks and endpoints, by what is asked for.
///
/// A namespace sees only the names of its own networks and of those that they reach. The cost of an update does not depend on the size of the
/// zone.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    networks: HashMap<Name, Network>,
    endpoints: HashMap<Name, Endpoint>,
    /// The endpoint that has an address.
    by_address: HashMap<IpAddr, Name>,
    /// The networks that a namespace is on, by name, each with the number of its endpoints there.
    namespaces: HashMap<NetnsId, Networks>,
}

/// Most namespaces are on one network, and most names are had by one endpoint: these take no memory of their own.
type Networks = SmallVec<[(Name, usize); 1]>;
type Holders = SmallVec<[Name; 1]>;

#[derive(Clone, Debug, Default)]
struct Network {
    bridge: Option<IfName>,
    gateways: Vec<IpAddr>,
    servers: Box<[IpAddr]>,
    subnets: Vec<IpNet>,
    forwards: bool,
    reaches: Vec<Name>,
    /// Endpoints by name and alias, in lower case, because DNS ignores case (RFC 4343).
    names: HashMap<Box<str>, Holders>,
}

#[derive(Clone, Debug)]
struct Endpoint {
    aliases: Box<[Name]>,
    network: Name,
    netns: NetnsId,
    addresses: Box<[IpAddr]>,
    servers: Box<[IpAddr]>,
}

impl Zone {
    /// Applies an update.
    pub fn apply(&mut self, update: ZoneUpdate) {
        match update {
            ZoneUpdate::Network {
                name,
                bridge,
                gateways,
                servers,
                subnets,
                forwards,
                reaches,
            } => {
                let network = self.networks.entry(name).or_default();
                network.bridge = Some(bridge);
                network.servers = servers.into();
                (network.gateways, network.subnets) = (gateways, subnets);
                (network.forwards, network.reaches) = (forwards, reaches);
            }
            ZoneUpdate::NoNetwork(name) => drop(self.networks.remove(&name)),
            ZoneUpdate::NoEndpoint(name) => self.forget(&name),
            ZoneUpdate::Endpoint {
                name,
                aliases,
                network,
                netns,
                addresses,
                servers,
            } => {
                self.forget(&name);
                let endpoint = Endpoint {
                    aliases: aliases.into(),
                    network: self.shared(network),
                    netns,
                    addresses: addresses.into(),
                    servers: servers.into(),
                };
                self.remember(name, endpoint);
            }
        }
    }

    /// The shared copy of a network's name.
    fn shared(&self, network: Name) -> Name {
        let known = self.networks.get_key_value(&network);
        known.map_or(network, |(known, _)| known.clone())
    }

    fn remember(&mut self, name: Name, endpoint: Endpoint) {
        let network = self.networks.entry(endpoint.network.clone()).or_default();
        for key in keys(&name, &endpoint) {
            let holders = network.names.entry(key).or_default();
            if let Err(place) = holders.binary_search(&name) {
                holders.insert(place, name.clone());
            }
        }
        for address in &endpoint.addresses {
            self.by_address.insert(*address, name.clone());
        }
        let networks = self.namespaces.entry(endpoint.netns).or_default();
        match networks.binary_search_by(|(name, _)| name.cmp(&endpoint.network)) {
            Ok(place) => networks[place].1 += 1,
            Err(place) => networks.insert(place, (endpoint.network.clone(), 1)),
        }
        self.endpoints.insert(name, endpoint);
    }

    fn forget(&mut self, name: &Name) {
        let Some(endpoint) = self.endpoints.remove(name) else {
            return;
        };
        if let Some(network) = self.networks.get_mut(&endpoint.network) {
            for key in keys(name, &endpoint) {
                if let Some(holders) = network.names.get_mut(&key) {
                    holders.retain(|holder| holder != name);
                    if holders.is_empty() {
                        network.names.remove(&key);
                    }
                }
            }
        }
        for address in &endpoint.addresses {
            // Another endpoint may have got it meanwhile.
            if self.by_address.get(address) == Some(name) {
                self.by_address.remove(address);
            }
        }
        if let Some(networks) = self.namespaces.get_mut(&endpoint.netns) {
            networks.retain(|(name, count)| {
                *count -= usize::from(*name == endpoint.network);
                *count > 0
            });
            if networks.is_empty() {
                self.namespaces.remove(&endpoint.netns);
            }
        }
    }

    /// The network of a client, from source address, destination address and interface (if known): it must be an
    /// endpoint that queries a gateway of its network over its bridge. Nobody else gets an answer.
    pub fn asker(&self, from: IpAddr, to: IpAddr, by: Option<&str>) -> Option<&Name> {
        let (endpoint, _) = self.endpoint(from, to, by)?;
        Some(&endpoint.network)
    }

    fn endpoint(
        &self,
        from: IpAddr,
        to: IpAddr,
        by: Option<&str>,
    ) -> Option<(&Endpoint, &Network)> {
        let endpoint = self.endpoints.get(self.by_address.get(&from)?)?;
        let network = self.networks.get(&endpoint.network)?;
        let bridge = network.bridge.as_ref().map(IfName::as_str);
        let is_by_it = by.is_none() || by == bridge;
        (is_by_it && network.gateways.contains(&to)).then_some((endpoint, network))
    }

    /// The names that a client may learn; parameters as in [`Self::asker`].
    pub(crate) fn view(&self, from: IpAddr, to: IpAddr, by: Option<&str>) -> Option<View<'_>> {
        let (asker, asked) = self.endpoint(from, to, by)?;
        Some(View {
            zone: self,
            asker,
            asked,
            networks: self.namespaces.get(&asker.netns)?,
        })
    }
}

/// Every name of an endpoint.
fn keys<'a>(name: &'a Name, endpoint: &'a Endpoint) -> impl Iterator<Item = Box<str>> + use<'a> {
    let names = std::iter::once(name).chain(&endpoint.aliases);
    names.map(|name| key(name).into())
}

/// A name as it is asked for, in lower case.
fn key(name: &Name) -> String {
    let labels: Vec<&str> = name.labels().collect();
    labels.join(".").to_ascii_lowercase()
}

/// The names that one namespace may learn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    zone: &'a Zone,
    /// The endpoint that asks.
    asker: &'a Endpoint,
    /// The network whose gateway was asked.
    asked: &'a Network,
    networks: &'a [(Name, usize)],
}

impl<'a> View<'a> {
    /// The networks that it is on.
    fn networks(self) -> impl Iterator<Item = (&'a Name, &'a Network)> {
        let find = move |(name, _): &'a (Name, usize)| Some((name, self.zone.networks.get(name)?));
        self.networks.iter().filter_map(find)
    }

    /// The networks that those reach.
    fn reached(self) -> impl Iterator<Item = (&'a Name, &'a Network)> {
        let names = self.networks().flat_map(|(_, network)| &network.reaches);
        names.filter_map(move |name| Some((name, self.zone.networks.get(name)?)))
    }

    /// Addresses of the endpoints with a name, `ENDPOINT` or `ENDPOINT.NETWORK`; none if there is no such endpoint. A
    /// name on its own networks hides the same name on those that they reach. `name` is in lower case.
    pub(crate) fn addresses(self, name: &str) -> Option<Vec<IpAddr>> {
        let own = self.addresses_on(self.networks(), name);
        own.or_else(|| self.addresses_on(self.reached(), name))
    }

    fn addresses_on(
        self,
        networks: impl Iterator<Item = (&'a Name, &'a Network)>,
        name: &str,
    ) -> Option<Vec<IpAddr>> {
        let mut found: Option<BTreeSet<IpAddr>> = None;
        for (network_name, network) in networks {
            let own = key(network_name);
            let inner = name
                .strip_suffix(&own)
                .and_then(|rest| rest.strip_suffix('.'));
            for key in std::iter::once(name).chain(inner) {
                let holders = network.names.get(key).into_iter().flatten();
                for endpoint in holders.filter_map(|holder| self.zone.endpoints.get(holder)) {
                    let found = found.get_or_insert_default();
                    found.extend(endpoint.addresses.iter().copied());
                }
            }
        }
        found.map(|found| found.into_iter().collect())
    }

    /// Addresses of the host for one of its names ([`HOST_NAMES`]): the gateways of the asker's subnets. None for other
    /// names. `name` is in lower case. An endpoint that an earlier release gave such a name comes first.
    pub(crate) fn host(self, name: &str) -> Option<Vec<IpAddr>> {
        let own = self.asker.addresses.as_ref();
        let is_own = |gateway: &IpAddr| {
            let of_gateway = |net: &&IpNet| net.contains(gateway);
            let mut subnets = self.asked.subnets.iter().filter(of_gateway);
            subnets.any(|net| own.iter().any(|address| net.contains(address)))
        };
        let gateways = self.asked.gateways.iter().copied().filter(is_own);
        HOST_NAMES.contains(&name).then(|| gateways.collect())
    }

    /// The servers for names that are forwarded; empty for the host's.
    pub(crate) fn servers(self) -> &'a [IpAddr] {
        match self.asker.servers.is_empty() {
            true => &self.asked.servers,
            false => &self.asker.servers,
        }
    }

    /// The endpoint that has an address, with its network.
    pub(crate) fn name_of(self, address: IpAddr) -> Option<(&'a Name, &'a Name)> {
        let name = self.zone.by_address.get(&address)?;
        let network = &self.zone.endpoints.get(name)?.network;
        let mut networks = self.networks().chain(self.reached());
        let is_seen = networks.any(|(name, _)| name == network);
        is_seen.then_some((name, network))
    }

    /// Whether an address is in a subnet of these networks, assigned or not.
    pub(crate) fn has(self, address: IpAddr) -> bool {
        let networks = self.networks().chain(self.reached());
        let mut subnets = networks.flat_map(|(_, network)| &network.subnets);
        subnets.any(|subnet| subnet.contains(&address))
    }

    /// Whether the network whose gateway was queried has other names forwarded. Other networks of the namespace do not
    /// count: a neighbour on an internal network could impersonate an endpoint that is also on an open one.
    pub(crate) fn forwards(self) -> bool {
        self.asked.forwards
    }
}
