//! Held host ports of published ports, and relays from them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tidegate_model::links::{LinkStep, PortHold};
use tidegate_model::{Endpoint, HostPorts, Mode, Name, Network, PortBinding, Protocol, State};

/// The steps that hold published host ports, one for each endpoint with ports. Ports of an endpoint that is down are
/// held but not relayed, because its address may belong to somebody else.
pub fn all_holds(state: &State) -> impl Iterator<Item = (&Name, LinkStep)> {
    state.endpoints.values().filter_map(|endpoint| {
        let network = state.networks.get(&endpoint.network)?;
        let step = match state.degraded.down_endpoint(&endpoint.name) {
            None => hold_ports(network, endpoint, &endpoint.ports)?,
            Some(_) => hold_of_endpoint(network, endpoint)?,
        };
        Some((&endpoint.name, step))
    })
}

/// The step that holds the ports of an endpoint without relaying.
pub(crate) fn hold_of_endpoint(network: &Network, endpoint: &Endpoint) -> Option<LinkStep> {
    let mut holds = holds(network, endpoint, &endpoint.ports);
    holds.retain(|hold| !hold.optional);
    holds.iter_mut().for_each(|hold| hold.relay = None);
    (!holds.is_empty()).then_some(LinkStep::HoldPorts(holds))
}

/// The step that holds ports of the host for published ports of an endpoint, if there are any.
pub(crate) fn hold_ports(
    network: &Network,
    endpoint: &Endpoint,
    ports: &[PortBinding],
) -> Option<LinkStep> {
    let holds = holds(network, endpoint, ports);
    (!holds.is_empty()).then_some(LinkStep::HoldPorts(holds))
}

/// The step that releases them.
pub(crate) fn release_ports(
    network: &Network,
    endpoint: &Endpoint,
    ports: &[PortBinding],
) -> Option<LinkStep> {
    hold_ports(network, endpoint, ports).and_then(|step| step.inverse())
}

/// A port on every address is held on every address of each family that is translated for the endpoint. Of an endpoint
/// whose engine holds them, only those of the relay are, if they can be had.
fn holds(network: &Network, endpoint: &Endpoint, ports: &[PortBinding]) -> Vec<PortHold> {
    let has = |is: fn(&IpAddr) -> bool| {
        let addresses = endpoint.addresses.iter().map(|net| net.addr());
        let mut translated = addresses.filter(|ip| network.policy.mode_of(*ip) != Mode::Routed);
        translated.any(|ip| is(&ip))
    };
    let all = [
        (has(IpAddr::is_ipv4), IpAddr::from(Ipv4Addr::UNSPECIFIED)),
        (has(IpAddr::is_ipv6), IpAddr::from(Ipv6Addr::UNSPECIFIED)),
    ];
    let all: Vec<IpAddr> = all
        .into_iter()
        .filter_map(|(has, any)| has.then_some(any))
        .collect();
    let is_engines = endpoint.host_ports == HostPorts::Engine;
    // An engine that binds every address usually means those of IPv4. Where a port names an address, the socket there is
    // its own.
    let relayed = |binding: &PortBinding| {
        let loopback = IpAddr::from(Ipv6Addr::LOCALHOST);
        let is_free = binding.host_ip.is_none() && all.iter().any(IpAddr::is_ipv6);
        let relay = relay(endpoint, binding, loopback).filter(|_| is_free);
        relay.map(|_| loopback).into_iter()
    };
    let hold = |binding: &PortBinding, address| PortHold {
        protocol: binding.protocol,
        address,
        port: binding.host_port,
        relay: relay(endpoint, binding, address),
        optional: is_engines,
    };
    let of_binding = |binding: &PortBinding| {
        let every = || all.iter().copied().filter(|ip| binding.is_of_family(*ip));
        let addresses: Vec<IpAddr> = match (is_engines, binding.only_at()) {
            (true, _) => relayed(binding).collect(),
            (false, Some(ip)) => vec![ip],
            (false, None) => every().collect(),
        };
        let holds = addresses.into_iter().map(|address| hold(binding, address));
        holds.collect::<Vec<_>>()
    };
    ports.iter().flat_map(of_binding).collect()
}

/// The address to which the daemon relays a port on `::1`, if an endpoint publishes it there.
pub(crate) fn relayed_to(
    network: &Network,
    endpoint: &Endpoint,
    port: u16,
    protocol: Protocol,
) -> Option<SocketAddr> {
    let mut holds = holds(network, endpoint, &endpoint.ports).into_iter();
    holds.find_map(|hold| {
        hold.relay
            .filter(|_| (hold.port, hold.protocol) == (port, protocol))
    })
}

/// Packets to the host's `::1` cannot be translated: the kernel drops packets from and to that address on a bridge.
/// The daemon relays them, to the endpoint's IPv6 address if it has one. SCTP is not relayed: its associations are
/// more than a stream of bytes.
fn relay(endpoint: &Endpoint, binding: &PortBinding, address: IpAddr) -> Option<SocketAddr> {
    let IpAddr::V6(at) = address else {
        return None;
    };
    let has_loopback = at.is_unspecified() || at.is_loopback();
    if !has_loopback || binding.protocol == Protocol::Sctp {
        return None;
    }
    let mut addresses = endpoint.addresses.iter().map(|net| net.addr());
    let ipv6 = addresses.clone().find(IpAddr::is_ipv6);
    let to = ipv6.or_else(|| addresses.next())?;
    Some(SocketAddr::new(to, binding.port))
}
