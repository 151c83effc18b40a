//! Finds tracked connections that the table would now handle in another way.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;
use tidegate_model::links::Flow;
use tidegate_model::tracked::{Fate, Tracked};
use tidegate_model::{
    Access, DNS_PORT, Endpoint, IfName, Mode, Name, Network, Policy, PortBinding, Protocol, State,
};

use crate::StaleConnections;

/// A protocol number, a host address (unspecified for all of its family), and a port.
type Came = (u8, IpAddr, u16);

/// Decides which entries are stale in a state. It has copies of what it needs, so that no lock is held during the
/// walk.
///
/// It deletes too little rather than too much: it keeps translations of other programs, and connections that look
/// legitimate.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    vacated: HashSet<IpAddr>,
    /// Subnets in which every address that is not [`occupied`](Self::occupied) is vacant.
    swept: Ranges<()>,
    occupied: HashSet<IpAddr>,
    withdrawn: HashSet<Flow>,
    /// Destinations of published ports in the table.
    published: HashMap<Came, (IpAddr, u16)>,
    /// The networks, if the table was missing.
    sites: Ranges<Arc<Site>>,
    /// Ports that are open at endpoints' own addresses.
    open: HashSet<Came>,
    bridges: Arc<[IfName]>,
}

/// The relevant parts of a network.
#[derive(Debug)]
struct Site {
    name: Name,
    policy: Policy,
    peers: HashSet<Name>,
    gateways: Vec<IpAddr>,
    trusted: Arc<[IfName]>,
}

impl Sweep {
    /// The sweep of `stale` for a state.
    pub fn new(stale: &StaleConnections, state: &State) -> Self {
        let mut sweep = Self {
            vacated: stale.addresses.iter().copied().collect(),
            withdrawn: stale.flows.iter().copied().collect(),
            ..Self::default()
        };
        sweep.look_into(stale, state);
        if stale.everything {
            sweep.look_at_everything(state);
        } else {
            let withdrawn = stale.flows.iter().map(|flow| (flow.protocol, flow.came_to));
            for (protocol, port) in stale.ports.iter().copied().chain(withdrawn) {
                for endpoint in state.endpoints.with_host_port(protocol, port) {
                    let is_meant = |binding: &PortBinding| {
                        (binding.protocol, binding.host_port) == (protocol, port)
                    };
                    sweep.publish(state, endpoint, is_meant);
                }
            }
        }
        sweep
    }

    /// Whether to keep or delete a connection.
    pub fn fate(&self, tracked: &Tracked) -> Fate {
        if self.involves_vacant(tracked) || self.is_withdrawn(tracked) {
            return Fate::Forget;
        }
        match self.arrival(tracked) {
            Fate::Keep => self.crossing(tracked),
            fate => fate,
        }
    }

    /// Records the endpoints of subnets in which only endpoints' addresses are in use.
    fn look_into(&mut self, stale: &StaleConnections, state: &State) {
        if stale.subnets.is_empty() {
            return;
        }
        self.swept = stale.subnets.iter().map(|net| (*net, ())).collect();
        let is_swept = |network: &&Network| {
            network
                .subnets
                .iter()
                .any(|s| stale.subnets.contains(&s.net))
        };
        for network in state.networks.values().filter(is_swept) {
            let gateways = network.subnets.iter().map(|subnet| subnet.gateway);
            let reserved = network.reserved.values().copied();
            let endpoints = state.endpoints_of(&network.name);
            let held = endpoints.flat_map(|endpoint| endpoint.addresses.iter().map(IpNet::addr));
            self.occupied.extend(gateways.chain(reserved).chain(held));
        }
    }

    fn look_at_everything(&mut self, state: &State) {
        let site = |network: &Network| {
            Arc::new(Site {
                name: network.name.clone(),
                policy: network.policy.clone(),
                peers: network.peers.iter().cloned().collect(),
                gateways: network.subnets.iter().map(|s| s.gateway).collect(),
                trusted: network.policy.trusted_interfaces.as_slice().into(),
            })
        };
        let of_network = |network: &Network| {
            let site = site(network);
            let nets: Vec<IpNet> = network.subnets.iter().map(|s| s.net).collect();
            nets.into_iter().map(move |net| (net, Arc::clone(&site)))
        };
        let networks = || state.networks.values();
        self.sites = networks().flat_map(of_network).collect();
        self.bridges = networks().map(|n| n.bridge.clone()).collect();
        for endpoint in state.endpoints.values() {
            self.publish(state, endpoint, |_| true);
        }
        let Some(port) = state.resolver else { return };
        for at in networks().flat_map(Network::resolvers) {
            for protocol in [Protocol::Udp, Protocol::Tcp] {
                let came = (protocol.number(), at, DNS_PORT);
                self.published.insert(came, (at, port));
            }
        }
    }

    /// Records the destinations of an endpoint's ports.
    fn publish(
        &mut self,
        state: &State,
        endpoint: &Endpoint,
        is_meant: impl Fn(&PortBinding) -> bool,
    ) {
        let Some(network) = state.networks.get(&endpoint.network) else {
            return;
        };
        let ports = endpoint.ports.iter().filter(|binding| is_meant(binding));
        for binding in ports.filter(|binding| !binding.is_on_ipv6_loopback()) {
            let protocol = binding.protocol.number();
            let addresses = endpoint.addresses.iter().map(IpNet::addr);
            for to in addresses.filter(|to| binding.is_of_family(*to)) {
                let at = binding.host_ip.unwrap_or(any(to));
                if network.policy.mode_of(to) == Mode::Routed {
                    self.open.insert((protocol, to, binding.port));
                } else {
                    let came = (protocol, at, binding.host_port);
                    self.published.insert(came, (to, binding.port));
                }
            }
        }
    }

    fn involves_vacant(&self, tracked: &Tracked) -> bool {
        let Tracked {
            original, reply, ..
        } = tracked;
        let addresses = [
            original.source,
            original.destination,
            reply.source,
            reply.destination,
        ];
        let is_vacant = |ip: IpAddr| {
            self.vacated.contains(&ip)
                || (self.swept.find(ip).is_some() && !self.occupied.contains(&ip))
        };
        addresses.into_iter().any(is_vacant)
    }

    /// Whether it came through a withdrawn port. If the port was published again with the same destination, the entry
    /// is still right.
    fn is_withdrawn(&self, tracked: &Tracked) -> bool {
        let flow = || {
            let mut known = Protocol::ALL.into_iter();
            let protocol = known.find(|protocol| protocol.number() == tracked.protocol)?;
            Some(Flow {
                protocol,
                came_to: tracked.original.destination_port,
                endpoint: tracked.reply.source,
                port: tracked.reply.source_port,
                translated: tracked.destination_translated,
            })
        };
        if self.withdrawn.is_empty() || !flow().is_some_and(|flow| self.withdrawn.contains(&flow)) {
            return false;
        }
        let reached = (tracked.reply.source, tracked.reply.source_port);
        match tracked.destination_translated {
            true => self.target(tracked) != Some(reached),
            false => !self
                .open
                .contains(&(tracked.protocol, reached.0, reached.1)),
        }
    }

    /// The current destination of the port that it used.
    fn target(&self, tracked: &Tracked) -> Option<(IpAddr, u16)> {
        let (at, port) = (
            tracked.original.destination,
            tracked.original.destination_port,
        );
        let at = [at, any(at)];
        let mut found = at
            .into_iter()
            .filter_map(|at| self.published.get(&(tracked.protocol, at, port)));
        found.next().copied()
    }

    /// Whether it used a published host port and has another destination than the table.
    fn arrival(&self, tracked: &Tracked) -> Fate {
        let at = tracked.original.destination;
        // Packets from and to `::1` are not translated.
        let Some(target) = self.target(tracked).filter(|_| at != Ipv6Addr::LOCALHOST) else {
            return Fate::Keep;
        };
        if tracked.destination_translated {
            let is_ours = self.sites.find(tracked.reply.source).is_some();
            let reached = (tracked.reply.source, tracked.reply.source_port);
            return match is_ours && reached != target {
                true => Fate::Forget,
                false => Fate::Keep,
            };
        }
        // A new connection of these protocols replaces the old entry, and an open one is the host's own.
        let is_kept = tracked.assured && tracked.protocol != Protocol::Udp.number();
        match is_kept {
            true => Fate::Keep,
            false => Fate::ForgetIfHosts(at),
        }
    }

    /// Whether it involves an endpoint and passed only because the table was missing.
    fn crossing(&self, tracked: &Tracked) -> Fate {
        let (from, to) = (tracked.original.source, tracked.reply.source);
        let is_others = self.sites.is_empty() || tracked.expected || is_for_many(to);
        if is_others || self.is_gateway(from) || self.is_gateway(to) {
            return Fate::Keep;
        }
        match (self.site_of(from), self.site_of(to)) {
            (None, None) => Fate::Keep,
            (Some(site), None) => self.leaving(tracked, site),
            _ if tracked.destination_translated => Fate::Keep,
            (None, Some(site)) => match self.is_open(tracked, site) {
                true => Fate::Keep,
                false => Fate::ForgetUnlessNear(from, Arc::clone(&site.trusted)),
            },
            (Some(one), Some(other)) if one.name == other.name => keep_if(one.policy.icc),
            (Some(one), Some(other)) => {
                let is_open = one.policy.access == Access::Open && self.is_open(tracked, other);
                keep_if(one.peers.contains(&other.name) || is_open)
            }
        }
    }

    fn leaving(&self, tracked: &Tracked, site: &Site) -> Fate {
        let (from, to) = (tracked.original.source, tracked.reply.source);
        let policy = &site.policy;
        let is_closed = policy.access != Access::Open;
        let is_bare =
            policy.masquerade && policy.mode_of(from) != Mode::Routed && !tracked.source_translated;
        match is_closed || is_bare {
            true => Fate::ForgetUnlessNear(to, Arc::clone(&self.bridges)),
            false => Fate::Keep,
        }
    }

    /// Whether every machine with a route may reach the endpoint.
    fn is_open(&self, tracked: &Tracked, site: &Site) -> bool {
        /// ICMP and ICMPv6 (IANA "Protocol Numbers").
        const ICMP: [u8; 2] = [1, 58];
        let to = tracked.reply.source;
        let port = tracked.original.destination_port;
        site.policy.access == Access::Open
            && match site.policy.mode_of(to) {
                Mode::Nat => false,
                Mode::NatUnprotected => true,
                Mode::Routed => {
                    ICMP.contains(&tracked.protocol)
                        || self.open.contains(&(tracked.protocol, to, port))
                }
            }
    }

    /// The network that an address is in.
    fn site_of(&self, ip: IpAddr) -> Option<&Site> {
        self.sites.find(ip).map(AsRef::as_ref)
    }

    /// Whether it is the host's address in a network.
    fn is_gateway(&self, ip: IpAddr) -> bool {
        self.site_of(ip)
            .is_some_and(|site| site.gateways.contains(&ip))
    }
}

const fn keep_if(is_kept: bool) -> Fate {
    if is_kept { Fate::Keep } else { Fate::Forget }
}

/// Every address of a family.
const fn any(of: IpAddr) -> IpAddr {
    match of {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

fn is_for_many(ip: IpAddr) -> bool {
    ip.is_multicast() || ip == Ipv4Addr::BROADCAST
}

/// Values of subnets that do not overlap.
#[derive(Clone, Debug)]
struct Ranges<T>(Vec<(IpAddr, IpAddr, T)>);

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(IpNet, T)> for Ranges<T> {
    fn from_iter<I: IntoIterator<Item = (IpNet, T)>>(nets: I) -> Self {
        let ranges = nets
            .into_iter()
            .map(|(net, value)| (net.network(), net.broadcast(), value));
        let mut ranges: Vec<_> = ranges.collect();
        ranges.sort_unstable_by_key(|(first, _, _)| *first);
        Self(ranges)
    }
}

impl<T> Ranges<T> {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, ip: IpAddr) -> Option<&T> {
        let after = self.0.partition_point(|(first, _, _)| *first <= ip);
        let (_, last, value) = self.0.get(after.checked_sub(1)?)?;
        (ip <= *last).then_some(value)
    }
}
