//! The link steps that networks and endpoints stand for.

use tidegate_model::links::{Bridge, Flow, LinkStep, Peer, Sysctl, Veth};
use tidegate_model::{Endpoint, Network};

/// The steps that make a network's bridge, and let the host forward for it.
pub(crate) fn add_network(network: &Network) -> Vec<LinkStep> {
    let mut steps = forwarding(network);
    steps.push(LinkStep::AddBridge(bridge(network)));
    steps
}

/// The step that removes a network's bridge.
pub(crate) fn delete_bridge(network: &Network) -> LinkStep {
    LinkStep::DeleteBridge(bridge(network))
}

/// The sysctls that let the host forward between a network and the rest of the world.
pub(crate) fn forwarding(network: &Network) -> Vec<LinkStep> {
    let mut steps = Vec::new();
    if has_ipv4(network) {
        steps.push(LinkStep::SetSysctl(sysctl(
            "net/ipv4/ip_forward".into(),
            "1",
        )));
    }
    if has_ipv6(network) {
        steps.push(LinkStep::SetSysctl(sysctl(
            "net/ipv6/conf/all/forwarding".into(),
            "1",
        )));
    }
    steps
}

/// A network's bridge.
pub(crate) fn bridge(network: &Network) -> Bridge {
    let ifname = &network.bridge;
    // route_localnet lets a port that is published on 127.0.0.1 be sent on to an endpoint; the
    // ruleset's `guard` chain keeps endpoints out of 127.0.0.0/8 in turn.
    let mut sysctls = vec![sysctl(
        format!("net/ipv4/conf/{ifname}/route_localnet"),
        "1",
    )];
    let ipv6: &[(&str, &str)] = if has_ipv6(network) {
        // Whatever is forwarded to an endpoint waits until the bridge's link-local address can be
        // the source of neighbour solicitations (ndisc_send_ns), which takes up to two seconds
        // with duplicate address detection. The address is ours alone: it follows from the MAC.
        &[
            ("accept_ra", "0"),
            ("dad_transmits", "0"),
            ("router_solicitation_delay", "0"),
        ]
    } else {
        &[("disable_ipv6", "1")]
    };
    let of_bridge = |key: &str| format!("net/ipv6/conf/{ifname}/{key}");
    sysctls.extend(
        ipv6.iter()
            .map(|(key, value)| sysctl(of_bridge(key), value)),
    );
    Bridge {
        ifname: ifname.clone(),
        mac: network.mac,
        mtu: network.mtu,
        addresses: network.subnets.iter().map(|s| s.gateway_net()).collect(),
        sysctls,
    }
}

/// An endpoint's veth pair.
pub(crate) fn veth(endpoint: &Endpoint, network: &Network) -> Veth {
    Veth {
        ifname: endpoint.host_ifname.clone(),
        bridge: network.bridge.clone(),
        mtu: network.mtu,
        hairpin: true,
        peer: Peer {
            netns: endpoint.netns.clone(),
            ifname: endpoint.ifname.clone(),
            mac: endpoint.mac,
            addresses: endpoint.addresses.clone(),
            gateways: endpoint.gateways.clone(),
        },
    }
}

/// The step that ends the tracked connections of an endpoint's published ports, if it has any.
pub(crate) fn forget_connections(endpoint: &Endpoint) -> Option<LinkStep> {
    let flows: Vec<Flow> = endpoint
        .ports
        .iter()
        .flat_map(|binding| {
            endpoint.addresses.iter().map(move |net| Flow {
                protocol: binding.protocol,
                host_port: binding.host_port,
                endpoint: net.addr(),
                port: binding.port,
            })
        })
        .collect();
    (!flows.is_empty()).then_some(LinkStep::ForgetConnections(flows))
}

fn has_ipv4(network: &Network) -> bool {
    network.subnets.iter().any(|s| s.net.addr().is_ipv4())
}

fn has_ipv6(network: &Network) -> bool {
    network.subnets.iter().any(|s| s.net.addr().is_ipv6())
}

fn sysctl(path: String, value: &str) -> Sysctl {
    Sysctl {
        path,
        value: value.to_owned(),
    }
}
