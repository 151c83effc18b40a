//! The elements that networks and endpoints stand for.

use std::net::IpAddr;

use tidegate_model::{Endpoint, Network, PortBinding, State};
use tidegate_nft::{Element, IfName, InetProto, InetService, Value};

use crate::sets::{Container, Elements};

/// The elements of a whole state.
pub(crate) fn of_state(state: &State) -> Elements {
    let networks = state.networks.values().flat_map(of_network);
    networks
        .chain(state.endpoints.values().flat_map(of_endpoint))
        .collect()
}

/// The elements of a network: what its bridge may do.
pub(crate) fn of_network(network: &Network) -> Elements {
    let bridge = || interface(network.bridge.as_str());
    let alone = || Element::new([bridge()]);
    let with_itself = || Element::new([bridge(), bridge()]);
    vec![
        (Container::Bridges, alone()),
        (Container::Masquerading, alone()),
        (Container::Peers, with_itself()),
        (Container::SameBridge, with_itself()),
    ]
}

/// The elements of an endpoint: its published ports, and itself as one that may ask for them.
pub(crate) fn of_endpoint(endpoint: &Endpoint) -> Elements {
    let ports = endpoint.ports.iter();
    let published = ports.flat_map(|binding| of_binding(endpoint, binding));
    published.chain(of_hairpin(endpoint)).collect()
}

/// An endpoint with published ports can meet itself behind one of them.
fn of_hairpin(endpoint: &Endpoint) -> Elements {
    let addresses = endpoint.addresses.iter().map(|net| net.addr());
    let with_itself = |ip: IpAddr| {
        let container = if ip.is_ipv4() {
            Container::Hairpin4
        } else {
            Container::Hairpin6
        };
        (container, Element::new([address(ip), address(ip)]))
    };
    let is_published = !endpoint.ports.is_empty();
    addresses
        .filter(|_| is_published)
        .map(with_itself)
        .collect()
}

/// A port without a host address is published for every family that the endpoint has.
fn of_binding(endpoint: &Endpoint, binding: &PortBinding) -> Elements {
    let addresses = endpoint.addresses.iter().map(|net| net.addr());
    let reached = addresses.filter(|to| {
        binding
            .host_ip
            .is_none_or(|at| at.is_ipv4() == to.is_ipv4())
    });
    reached.map(|to| published(binding, to)).collect()
}

fn published(binding: &PortBinding, to: IpAddr) -> (Container, Element) {
    let host_port = Value::from(InetService(binding.host_port));
    let container = match (to, binding.host_ip) {
        (IpAddr::V4(_), None) => Container::Publish4,
        (IpAddr::V4(_), Some(_)) => Container::Publish4At(binding.protocol),
        (IpAddr::V6(_), None) => Container::Publish6,
        (IpAddr::V6(_), Some(_)) => Container::Publish6At(binding.protocol),
    };
    let first = match binding.host_ip {
        Some(at) => address(at),
        None => InetProto(binding.protocol.number()).into(),
    };
    let to = [address(to), InetService(binding.port).into()];
    (container, Element::new([first, host_port]).values(to))
}

fn address(ip: IpAddr) -> Value {
    match ip {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

#[expect(
    clippy::expect_used,
    reason = "a valid interface name of ours is one of nft's: it is narrower"
)]
fn interface(name: &str) -> Value {
    IfName::new(name)
        .expect("checked by tidegate_model::IfName")
        .into()
}
