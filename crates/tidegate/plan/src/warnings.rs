//! Settings that were accepted and have no effect at the moment, or less than one may expect.

use std::net::IpAddr;

use tidegate_api::Warning;
use tidegate_model::{Access, Endpoint, Needs, Network, PortBinding, PortRequest, in_ranges};

/// The most ranges of ports that a warning names.
const NAMED: usize = 5;

/// What a network's settings name of the host.
pub fn needs_of_network(network: &Network) -> Needs {
    let addresses = network.host_ips.iter().chain(&network.policy.snat);
    Needs {
        addresses: addresses.copied().filter(is_of_an_interface).collect(),
        interfaces: network.policy.trusted_interfaces.iter().cloned().collect(),
    }
}

/// What an endpoint's published ports name of the host.
pub fn needs_of_endpoint(endpoint: &Endpoint) -> Needs {
    let addresses = endpoint.ports.iter().filter_map(PortBinding::only_at);
    Needs {
        addresses: addresses.filter(is_of_an_interface).collect(),
        ..Needs::default()
    }
}

/// Whether an address can be missing: it is neither a loopback address, which every host has, nor an unspecified one.
fn is_of_an_interface(address: &IpAddr) -> bool {
    !address.is_loopback() && !address.is_unspecified()
}

/// What does not take effect of a network's settings on a host that lacks these things.
pub fn warnings_of_network(network: &Network, lacking: &Needs) -> Vec<Warning> {
    let name = &network.name;
    let missing = |address: &&IpAddr| lacking.addresses.contains(*address);
    let host_ips = network.host_ips.iter().filter(missing);
    let host_ips = host_ips.map(|ip| Warning {
        what: format!(
            "the host does not have the address {ip}, at which network {name} publishes ports (--host-ip): nobody \
             reaches them there, unless packets to it are routed to this host"
        ),
        hint: format!("add it to an interface: `ip addr add {ip} dev IFNAME`; or name an address of the host with -p"),
    });
    let snat = network.policy.snat.iter().filter(missing);
    let snat = snat.map(|ip| Warning {
        what: format!(
            "the host does not have the address {ip}, from which packets of network {name} go out (--snat): answers do \
             not come back, unless packets to it are routed to this host"
        ),
        hint: format!("add it to an interface: `ip addr add {ip} dev IFNAME`; or create the network with another --snat"),
    });
    let interfaces = network.policy.trusted_interfaces.iter();
    let interfaces = interfaces.filter(|ifname| lacking.interfaces.contains(*ifname));
    let interfaces = interfaces.map(|ifname| Warning {
        what: format!(
            "the host has no interface {ifname}, which network {name} trusts (--trusted-interface): it is trusted as \
             soon as it exists"
        ),
        hint: "see the host's interfaces in `ip link`; a wrong name can be changed only by creating the network again"
            .to_owned(),
    });
    host_ips.chain(snat).chain(interfaces).collect()
}

/// What does not take effect of an endpoint's published ports on a host that lacks these addresses.
pub fn warnings_of_endpoint(
    network: &Network,
    endpoint: &Endpoint,
    lacking: &Needs,
) -> Vec<Warning> {
    let name = &endpoint.name;
    let missing = lacking.addresses.iter().filter_map(|ip| {
        let ports = ranges(endpoint, |port| port.only_at() == Some(*ip));
        let first = ports.first()?;
        Some(Warning {
            what: format!(
                "the host does not have the address {ip}, at which endpoint {name} publishes {}: nobody reaches that, \
                 unless packets to it are routed to this host",
                named(&ports)
            ),
            hint: format!("add it to an interface: `ip addr add {ip} dev IFNAME`; or `tidegate unpublish {name} {first}`"),
        })
    });
    missing
        .chain(for_the_host_alone(network, endpoint))
        .collect()
}

/// Ports of an internal network: only the host reaches them.
fn for_the_host_alone(network: &Network, endpoint: &Endpoint) -> Option<Warning> {
    let ports = ranges(endpoint, |port| {
        !port.only_at().is_some_and(|ip| ip.is_loopback())
    });
    let is_meant = network.policy.access == Access::Internal && !ports.is_empty();
    let trusted = match network.policy.trusted_interfaces.is_empty() {
        true => "",
        false => " and clients of its trusted interfaces",
    };
    is_meant.then(|| Warning {
        what: format!(
            "network {} is internal: only the host{trusted} can reach {} of endpoint {}",
            network.name,
            named(&ports),
            endpoint.name
        ),
        hint:
            "publish from a network created without --internal, if other machines should reach it"
                .to_owned(),
    })
}

/// The first ranges of ports, and how many more there are.
fn named(ports: &[PortRequest]) -> String {
    let first: Vec<String> = ports.iter().take(NAMED).map(ToString::to_string).collect();
    let first = first.join(", ");
    match ports.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Some ports of an endpoint, in ranges.
fn ranges(endpoint: &Endpoint, is_meant: impl Fn(&PortBinding) -> bool) -> Vec<PortRequest> {
    let ports = endpoint.ports.iter().filter(|port| is_meant(port));
    let runs = in_ranges(ports.map(|port| ((), *port)));
    runs.into_iter().map(|run| run.range).collect()
}
