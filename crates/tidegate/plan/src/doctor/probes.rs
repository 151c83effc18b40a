//! Packets that networks need to pass, as chains of other programs see them.

use std::net::IpAddr;

use tidegate_model::{Access, IfName, Mode, Network, RESOLVERS, State, Subnet};
use tidegate_nft::{BaseChain, IpVersion};

use super::Symptoms;
use crate::others::{
    Address, ConnectionState, Interface, Judgement, Place, Port, Seen, judge, sees,
};
use crate::steps;

/// Where a packet comes from and goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    /// From a bridge.
    From,
    /// To a bridge.
    To,
    /// From one endpoint of a network to another, over the bridge.
    Within,
    /// From the host itself to a bridge.
    FromHost,
    /// From a bridge to the host itself, in answer.
    ToHost,
}

impl Direction {
    /// The direction among whose packets those of this one are.
    fn wider(self) -> Option<Self> {
        match self {
            Self::FromHost => Some(Self::To),
            Self::ToHost => Some(Self::From),
            Self::From | Self::To | Self::Within => None,
        }
    }
}

/// A packet of a network.
pub(super) struct Probe<'a> {
    pub(super) direction: Direction,
    pub(super) bridge: &'a IfName,
    /// The hooks at which chains see it like this.
    hooks: &'static [&'static str],
    packet: Seen,
    /// Whether it stands for packets that are judged one by one, if it cannot be judged.
    is_general: bool,
}

impl<'a> Probe<'a> {
    /// A DNS query to the host, redirected to a port of it, and the answer.
    pub(super) fn queries(
        state: &'a State,
        network: &'a Network,
        symptoms: &'a Symptoms,
        port: u16,
    ) -> impl Iterator<Item = Self> {
        let of_protocol = move |subnet: &Subnet, protocol: u8| {
            let is_of_family = |ip: &IpAddr| ip.is_ipv4() == subnet.gateway.is_ipv4();
            let server = RESOLVERS.into_iter().find(is_of_family);
            let query = Seen {
                oif: Interface::Absent,
                daddr: Address::Is(server.unwrap_or(subnet.gateway)),
                protocol: Some(protocol),
                dport: Port::Is(port),
                original_dport: Some(53),
                is_dnat: Some(true),
                ..outgoing(state, network, symptoms, subnet)
            };
            let probe = |direction, hooks, packet| Self {
                direction,
                bridge: &network.bridge,
                is_general: false,
                hooks,
                packet,
            };
            let answer = query.answer();
            [
                probe(Direction::From, &["input"][..], query),
                probe(Direction::To, FROM_HOST, answer),
            ]
        };
        let subnets = network.subnets.iter();
        subnets.flat_map(move |subnet| {
            let probes = [UDP, TCP].map(|protocol| of_protocol(subnet, protocol));
            probes.into_iter().flatten()
        })
    }

    /// Packets that are forwarded for a network, and those between the host itself and its endpoints.
    pub(super) fn of_network(
        state: &'a State,
        network: &'a Network,
        symptoms: &Symptoms,
    ) -> Vec<Self> {
        let mut probes = Vec::new();
        // Nearly all networks need TCP. What is dropped of other protocols is unclear as long as some packets pass.
        let mut push = |direction, hooks, packet: Seen, is_general| {
            let of_protocol = |protocol| Self {
                direction,
                bridge: &network.bridge,
                is_general,
                hooks,
                packet: Seen {
                    protocol,
                    ..packet.clone()
                },
            };
            probes.extend([Some(TCP), None].map(of_protocol));
        };
        for subnet in &network.subnets {
            let outgoing = outgoing(state, network, symptoms, subnet);
            let answers = outgoing.answer();
            if is_reached_by_host(network) {
                let own = from_host(&outgoing, subnet);
                push(Direction::ToHost, TO_HOST, own.answer(), false);
                push(Direction::FromHost, FROM_HOST, own, false);
            }
            if is_forwarded(network) {
                push(Direction::From, FROM, outgoing.clone(), false);
                push(Direction::To, TO, answers, false);
            }
            if is_forwarded(network) && is_published(state, network) {
                let incoming = incoming(&outgoing, network);
                // Another module judges each published port.
                push(Direction::From, FROM, incoming.answer(), true);
                push(Direction::To, TO, incoming, true);
            }
            if network.policy.icc && is_filtered(outgoing.version, symptoms) {
                let crossing = Seen {
                    oif: outgoing.iif.clone(),
                    daddr: Address::Within(subnet.net),
                    ..outgoing
                };
                push(Direction::Within, WITHIN, crossing.answer(), false);
                push(Direction::Within, WITHIN, crossing, false);
            }
        }
        probes
    }

    /// What a chain does with it; none if the chain does not see it.
    pub(super) fn judged(&self, chain: &BaseChain) -> Option<Judgement> {
        let is_seen = self.hooks.contains(&chain.hook.as_str())
            && chain.kind != "nat"
            && sees(chain, self.packet.version);
        is_seen.then(|| judge(chain, &self.packet))
    }
}

/// Before routing, a packet to a bridge is like any other that comes in.
const FROM: &[&str] = &["prerouting", "forward"];
const TO: &[&str] = &["forward", "postrouting"];
const WITHIN: &[&str] = &["prerouting", "forward", "postrouting"];
const FROM_HOST: &[&str] = &["output", "postrouting"];
const TO_HOST: &[&str] = &["prerouting", "input"];

/// Numbers of the transport protocols (IANA).
const TCP: u8 = 6;
const UDP: u8 = 17;

/// The interface of the default route, or if there is none some interface.
pub(super) fn uplink(state: &State, symptoms: &Symptoms, is_ipv4: bool) -> Interface {
    let routes = symptoms.routes.iter();
    let defaults = routes.filter(|route| {
        let to = route.destination;
        to.prefix_len() == 0 && to.addr().is_ipv4() == is_ipv4 && !route.is_blocked
    });
    let best = defaults.min_by_key(|route| route.metric);
    match best.and_then(|route| route.ifname.clone()) {
        Some(ifname) => Interface::Named(ifname),
        None => {
            let bridges = state.networks.values();
            Interface::Foreign(bridges.map(|network| network.bridge.clone()).collect())
        }
    }
}

/// The first packet of an endpoint's connection to a machine outside, about which nothing else is known.
fn outgoing(state: &State, network: &Network, symptoms: &Symptoms, subnet: &Subnet) -> Seen {
    Seen {
        version: match subnet.net.addr().is_ipv4() {
            true => IpVersion::V4,
            false => IpVersion::V6,
        },
        iif: Interface::Named(network.bridge.clone()),
        oif: uplink(state, symptoms, subnet.net.addr().is_ipv4()),
        saddr: Address::Within(subnet.net),
        daddr: Address::Unknown,
        protocol: None,
        sport: Port::Ephemeral,
        dport: Port::Unknown,
        original_dport: None,
        state: ConnectionState::New,
        is_dnat: Some(false),
        is_snat: None,
    }
}

/// The first packet of a connection of the host itself to an endpoint.
fn from_host(outgoing: &Seen, subnet: &Subnet) -> Seen {
    Seen {
        iif: Interface::Absent,
        oif: outgoing.iif.clone(),
        saddr: Address::Is(subnet.gateway),
        daddr: Address::Within(subnet.net),
        ..outgoing.clone()
    }
}

/// The first packet of a connection to a published port.
fn incoming(outgoing: &Seen, network: &Network) -> Seen {
    let mode = match outgoing.version {
        IpVersion::V4 => network.policy.mode4,
        IpVersion::V6 => network.policy.mode6,
    };
    Seen {
        state: ConnectionState::New,
        sport: Port::Ephemeral,
        dport: Port::Unknown,
        is_dnat: match mode {
            Mode::Nat => Some(true),
            Mode::Routed => Some(false),
            Mode::NatUnprotected => None,
        },
        ..outgoing.answer()
    }
}

/// Whether the host forwards packets of the network to and from other links.
pub(super) fn is_forwarded(network: &Network) -> bool {
    network.policy.access == Access::Open || !steps::needed_forwarding(network).is_empty()
}

/// Whether the host itself has a route to the network's endpoints.
pub(super) fn is_reached_by_host(network: &Network) -> bool {
    network.policy.access != Access::Isolated
}

fn is_published(state: &State, network: &Network) -> bool {
    let mut endpoints = state.endpoints_of(&network.name);
    endpoints.any(|endpoint| !endpoint.ports.is_empty())
}

/// Whether frames on a bridge pass the rules for IP (br_netfilter).
fn is_filtered(version: IpVersion, symptoms: &Symptoms) -> bool {
    let path = match version {
        IpVersion::V4 => "net/bridge/bridge-nf-call-iptables",
        IpVersion::V6 => "net/bridge/bridge-nf-call-ip6tables",
    };
    symptoms.sysctl(path) == Some("1")
}

/// What a chain does with the packets of several networks.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// Packets that it drops: from where or to where, of which bridge, and where.
    pub(super) dropped: Vec<(Direction, &'a IfName, Place)>,
    /// Packets of which that is unclear.
    pub(super) unclear: Vec<(Direction, &'a IfName, Place)>,
}

impl<'a> Found<'a> {
    pub(super) fn of(chain: &BaseChain, probes: &[Probe<'a>]) -> Self {
        let mut found = Self::default();
        for probe in probes {
            let (list, place) = match probe.judged(chain) {
                Some(Judgement::Drops(place)) => (&mut found.dropped, place),
                Some(Judgement::Unclear(_)) if probe.is_general => continue,
                Some(Judgement::Unclear(place)) => (&mut found.unclear, place),
                Some(Judgement::Passes | Judgement::Redirects(_)) | None => continue,
            };
            let entry = (probe.direction, probe.bridge, place);
            if !list.contains(&entry) {
                list.push(entry);
            }
        }
        let Self { dropped, unclear } = &mut found;
        without_narrower(dropped);
        without_narrower(unclear);
        let is_dropped =
            |direction, bridge| dropped.iter().any(|it| (it.0, it.1) == (direction, bridge));
        // Once what is dropped for sure is accepted, the rest is judged again.
        unclear.retain(|(direction, bridge, _)| {
            let wider = direction.wider();
            !is_dropped(*direction, *bridge) && !wider.is_some_and(|it| is_dropped(it, *bridge))
        });
        found
    }
}

/// Leaves out packets that are among those of another direction.
fn without_narrower(found: &mut Vec<(Direction, &IfName, Place)>) {
    let all: Vec<(Direction, &IfName)> = found.iter().map(|it| (it.0, it.1)).collect();
    found.retain(|(direction, bridge, _)| {
        let wider = direction.wider();
        !wider.is_some_and(|wider| all.contains(&(wider, *bridge)))
    });
}
