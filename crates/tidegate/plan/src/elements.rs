//! The elements of networks and endpoints.

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::{
    Access, DNS_PORT, Endpoint, HostAccess, Mode, Network, PortBinding, Protocol, RESOLVERS, State,
};
use tidegate_nft::{Element, EtherAddr, IfName, InetProto, InetService, Value, Verdict};

use crate::allow;
use crate::chain_names;
use crate::sets::{Elements, Entry, NftSet, address};

/// The elements of a complete state. An object that is down has none, because its bridge's name or its addresses may
/// belong to somebody else.
pub(crate) fn of_state(state: &State) -> impl Iterator<Item = Entry> {
    let networks = state.networks.values();
    let networks = networks.filter(|network| state.degraded.down_network(&network.name).is_none());
    let networks = networks.flat_map(|network| of_network(state, network));
    let of_endpoint = |endpoint: &Endpoint| {
        if state.degraded.down_endpoint(&endpoint.name).is_some() {
            return None;
        }
        let network = state.networks.get(&endpoint.network);
        network.map(|network| of_endpoint(state, network, endpoint))
    };
    let endpoints = state.endpoints.values().filter_map(of_endpoint);
    let resolver = state.resolver.into_iter().flat_map(of_port_for_names);
    resolver.chain(networks).chain(endpoints.flatten())
}

/// The host port of the DNS server, open only to our bridges, and its own addresses.
fn of_port_for_names(port: u16) -> Elements {
    let element = |protocol: Protocol| {
        let protocol = InetProto(protocol.number());
        Element::new([protocol.into(), InetService(port).into()])
    };
    let elements = PROTOCOLS_OF_DNS.map(|protocol| (NftSet::Resolver, element(protocol)));
    let mut elements: Elements = elements.into();
    elements.extend(RESOLVERS.into_iter().flat_map(|ip| redirected(ip, port)));
    elements
}

/// Those of DNS (RFC 7766).
const PROTOCOLS_OF_DNS: [Protocol; 2] = [Protocol::Udp, Protocol::Tcp];

/// DNS queries to an address of the host are redirected to the resolver's port at the same address.
fn redirected(at: IpAddr, port: u16) -> [Entry; 2] {
    PROTOCOLS_OF_DNS.map(|protocol| {
        let binding = PortBinding {
            host_ip: Some(at),
            host_port: DNS_PORT,
            port,
            protocol,
        };
        translated(&binding, at)
    })
}

/// The elements of a network: its policy.
pub(crate) fn of_network(state: &State, network: &Network) -> Elements {
    let policy = &network.policy;
    let mut elements = vec![
        (NftSet::Bridges, alone(network)),
        (NftSet::SameBridge, pair(&network.bridge, network)),
    ];
    if let Some(port) = state.resolver {
        elements.extend(of_resolver(network, port));
    }
    if policy.icc {
        elements.push((NftSet::Peers, pair(&network.bridge, network)));
    }
    if policy.access == Access::Isolated {
        elements.push((NftSet::Isolated, alone(network)));
    } else {
        let own = alone(network).verdict(Verdict::Goto(chain_names::FROM_ENDPOINT));
        elements.push((NftSet::Entrances, own));
        elements.extend(network.gateways().map(|gateway| {
            let at = at(&network.bridge, gateway);
            (gateways_of(gateway), at)
        }));
        elements.extend(network.subnets.iter().map(|subnet| ours(subnet.net)));
    }
    elements.extend(of_host_access(network));
    if has_names(network) {
        elements.push((NftSet::Named, alone(network)));
    }
    if policy.access != Access::Open {
        elements.push((NftSet::Internal, alone(network)));
    } else {
        elements.extend(of_mode(network, policy.mode4, FAMILY4));
        elements.extend(of_mode(network, policy.mode6, FAMILY6));
    }
    let trusted = policy.trusted_interfaces.iter();
    elements.extend(trusted.map(|ifname| (NftSet::Peers, pair(ifname, network))));
    let peers = network
        .peers
        .iter()
        .filter(|peer| state.degraded.down_network(peer).is_none())
        .filter_map(|peer| state.networks.get(peer));
    elements.extend(peers.map(|peer| of_peers(network, peer)));
    elements
}

/// The verdict for packets from its endpoints to the host, if access is limited.
fn of_host_access(network: &Network) -> Option<Entry> {
    let verdict = match (network.policy.access, network.policy.host_access()) {
        (Access::Isolated, _) if has_names(network) => Verdict::Goto(chain_names::NEIGHBOURS),
        (Access::Isolated, _) => Verdict::Drop,
        (_, HostAccess::None) => Verdict::Goto(chain_names::HOST_NONE),
        (_, HostAccess::Dns) => Verdict::Goto(chain_names::HOST_DNS),
        (_, HostAccess::Gateway) => Verdict::Goto(chain_names::HOST_GATEWAY),
        (_, HostAccess::All) => return None,
    };
    let element = alone(network).verdict(verdict);
    Some((NftSet::HostAccess, element))
}

/// Whether its endpoints reach the DNS server.
fn has_names(network: &Network) -> bool {
    network.fixed_resolvers().next().is_some()
}

/// DNS queries to a gateway, whose address tells the resolver which network asks.
fn of_resolver(network: &Network, port: u16) -> Elements {
    let gateways = network.gateways().filter(|_| has_names(network));
    gateways.flat_map(|ip| redirected(ip, port)).collect()
}

/// Peers: the endpoints of one network reach those of the other.
pub(crate) fn of_peers(from: &Network, to: &Network) -> (NftSet, Element) {
    (NftSet::Peers, pair(&from.bridge, to))
}

/// The sets of one family.
struct Modes {
    translated: NftSet,
    masquerading: NftSet,
    snat: NftSet,
    routed: NftSet,
    unprotected: NftSet,
    is: fn(&IpAddr) -> bool,
}

const FAMILY4: Modes = Modes {
    translated: NftSet::Translated4,
    masquerading: NftSet::Masquerading4,
    snat: NftSet::Snat4,
    routed: NftSet::Routed4,
    unprotected: NftSet::Unprotected4,
    is: IpAddr::is_ipv4,
};
const FAMILY6: Modes = Modes {
    translated: NftSet::Translated6,
    masquerading: NftSet::Masquerading6,
    snat: NftSet::Snat6,
    routed: NftSet::Routed6,
    unprotected: NftSet::Unprotected6,
    is: IpAddr::is_ipv6,
};

/// How one family passes.
fn of_mode(network: &Network, mode: Mode, family: Modes) -> Elements {
    let policy = &network.policy;
    let mut elements = Vec::new();
    match mode {
        Mode::Routed => elements.push((family.routed, alone(network))),
        Mode::NatUnprotected => elements.push((family.unprotected, alone(network))),
        Mode::Nat => {}
    }
    if mode != Mode::Routed && policy.masquerade {
        elements.push((family.translated, alone(network)));
        let under = policy.snat.iter().find(|ip| (family.is)(ip));
        elements.push(match under {
            Some(ip) => (family.snat, alone(network).values([address(*ip)])),
            None => (family.masquerading, alone(network)),
        });
    }
    elements
}

fn alone(network: &Network) -> Element {
    Element::new([interface(&network.bridge)])
}

fn pair(from: &tidegate_model::IfName, to: &Network) -> Element {
    Element::new([interface(from), interface(&to.bridge)])
}

/// The elements of an endpoint: its published ports, access to its own published ports, and its source addresses.
pub(crate) fn of_endpoint(state: &State, network: &Network, endpoint: &Endpoint) -> Elements {
    let mut elements = of_ports(network, endpoint, &endpoint.ports);
    if network.policy.access != Access::Isolated {
        let addresses = endpoint.addresses.iter().map(IpNet::addr);
        let here = addresses.filter(IpAddr::is_ipv6);
        elements.extend(here.map(|ip| (NftSet::Here6, at(&network.bridge, ip))));
        let others = beside(state, endpoint);
        elements.extend(others.flat_map(|(other, bridge)| by_another(endpoint, other, bridge)));
    }
    elements
}

/// The elements that are added and removed with an endpoint: its own, and those that allow addresses of the same
/// namespace's other endpoints as sources.
pub(crate) fn with_endpoint(state: &State, network: &Network, endpoint: &Endpoint) -> Elements {
    let mut elements = of_endpoint(state, network, endpoint);
    if network.policy.access != Access::Isolated {
        let others = beside(state, endpoint);
        elements.extend(others.flat_map(|(other, _)| by_another(other, endpoint, network)));
    }
    elements
}

/// The other endpoints of the same namespace that are on the host, with their networks. Isolated networks do not
/// count: no traffic of other networks leaves by them.
fn beside<'a>(
    state: &'a State,
    endpoint: &'a Endpoint,
) -> impl Iterator<Item = (&'a Endpoint, &'a Network)> {
    let others = state.endpoints.of_netns(&endpoint.netns_id());
    let is_there = |other: &&Endpoint| state.degraded.down_endpoint(&other.name).is_none();
    let others = others.filter(move |other| other.name != endpoint.name && is_there(other));
    others.filter_map(|other| {
        let network = state.networks.get(&other.network)?;
        (network.policy.access != Access::Isolated).then_some((other, network))
    })
}

/// A namespace on several networks sends answers from all its addresses by its default route.
fn by_another<'a>(
    endpoint: &'a Endpoint,
    other: &'a Endpoint,
    network: &'a Network,
) -> impl Iterator<Item = Entry> + use<'a> {
    endpoint.addresses.iter().map(|net| {
        let container = match net {
            IpNet::V4(_) => NftSet::Elsewhere4,
            IpNet::V6(_) => NftSet::Elsewhere6,
        };
        let by = [
            interface(&network.bridge),
            address(net.addr()),
            EtherAddr(other.mac.0).into(),
        ];
        (container, Element::new(by))
    })
}

/// A subnet whose addresses are valid sources only on our bridges, assigned or not.
fn ours(net: IpNet) -> Entry {
    match net {
        IpNet::V4(net) => (NftSet::Ours4, Element::new([net.into(), net.into()])),
        IpNet::V6(net) => (NftSet::Ours6, Element::new([net.into(), net.into()])),
    }
}

fn gateways_of(ip: IpAddr) -> NftSet {
    match ip {
        IpAddr::V4(_) => NftSet::Gateways4,
        IpAddr::V6(_) => NftSet::Gateways6,
    }
}

/// An interface with an address.
fn at(ifname: &tidegate_model::IfName, ip: IpAddr) -> Element {
    Element::new([interface(ifname), address(ip)])
}

/// The elements that are added or removed with some ports of an endpoint that also has `others`. Elements that
/// `others` share are left out.
pub(crate) fn of_some_ports(
    network: &Network,
    endpoint: &Endpoint,
    ports: &[PortBinding],
    others: &[PortBinding],
) -> Elements {
    // Two host ports share an element only if they lead to the same port of the endpoint.
    let to = |binding: &PortBinding| (binding.port, binding.protocol);
    let these: HashSet<_> = ports.iter().map(to).collect();
    let first = others.iter().take(1);
    let alike = others.iter().filter(|other| these.contains(&to(other)));
    let alike: Vec<PortBinding> = first.chain(alike).copied().collect();
    let stay = of_ports(network, endpoint, &alike);
    let stay: HashSet<_> = stay
        .iter()
        .map(|(of, element)| (*of, &element.key))
        .collect();
    let mut elements = of_ports(network, endpoint, ports);
    elements.retain(|(of, element)| !stay.contains(&(*of, &element.key)));
    elements
}

fn of_ports(network: &Network, endpoint: &Endpoint, ports: &[PortBinding]) -> Elements {
    let is_translated = |net: &&IpNet| network.policy.mode_of(net.addr()) != Mode::Routed;
    // A port of the host leads to one address of a family.
    let translated = endpoint.main_addresses().filter(is_translated).collect();
    let routed = endpoint.addresses.iter().filter(|net| !is_translated(net));
    let routed = routed.collect();
    let of_each = |of: fn(&[&IpNet], &PortBinding) -> Elements, nets: Vec<&IpNet>| {
        let ports = ports.iter().filter(|port| !port.is_on_ipv6_loopback());
        ports.flat_map(|port| of(&nets, port)).collect::<Elements>()
    };
    let mut elements = of_each(published, translated);
    let mut open = of_each(opened, routed);
    // Several host ports may lead to one port of the endpoint.
    let mut seen = HashSet::new();
    open.retain(|(of, element)| seen.insert((*of, element.key.clone())));
    elements.extend(open);
    if !endpoint.allow.is_empty() {
        elements.extend(allow::elements(network, endpoint, ports));
    }
    elements
}

/// A port without a host address is published for every family of the endpoint, any other for the family of its host
/// address.
fn published(nets: &[&IpNet], binding: &PortBinding) -> Elements {
    let addresses = nets.iter().map(|net| net.addr());
    let reached = addresses.filter(|to| binding.is_of_family(*to));
    reached.map(|to| translated(binding, to)).collect()
}

/// A port that is open at the endpoint's own addresses.
fn opened(nets: &[&IpNet], binding: &PortBinding) -> Elements {
    let open = |net: &&IpNet| {
        let container = if net.addr().is_ipv4() {
            NftSet::Open4
        } else {
            NftSet::Open6
        };
        let protocol = InetProto(binding.protocol.number());
        let key = [
            address(net.addr()),
            protocol.into(),
            InetService(binding.port).into(),
        ];
        (container, Element::new(key))
    };
    let is_meant = |net: &&&IpNet| binding.is_of_family(net.addr());
    nets.iter().filter(is_meant).map(open).collect()
}

fn translated(binding: &PortBinding, to: IpAddr) -> (NftSet, Element) {
    let host_port = Value::from(InetService(binding.host_port));
    let container = match (to, binding.only_at()) {
        (IpAddr::V4(_), None) => NftSet::Publish4,
        (IpAddr::V4(_), Some(_)) => NftSet::Publish4At(binding.protocol),
        (IpAddr::V6(_), None) => NftSet::Publish6,
        (IpAddr::V6(_), Some(_)) => NftSet::Publish6At(binding.protocol),
    };
    let first = match binding.only_at() {
        Some(at) => address(at),
        None => InetProto(binding.protocol.number()).into(),
    };
    let to = [address(to), InetService(binding.port).into()];
    (container, Element::new([first, host_port]).values(to))
}

#[expect(
    clippy::expect_used,
    reason = "a valid interface name of ours is one of nft's: it is narrower"
)]
pub(crate) fn interface(ifname: &tidegate_model::IfName) -> Value {
    IfName::new(ifname.as_str())
        .expect("checked by tidegate_model::IfName")
        .into()
}
