//! The link steps of networks and endpoints.

use ipnet::IpNet;
use tidegate_model::links::{Bridge, Flow, LinkStep, Peer, Sysctl, Veth};
use tidegate_model::{
    Access, Endpoint, Forwarding, HostAccess, IfName, Mode, Network, PortBinding, State, Subnet,
};

use crate::interface_names::{ENDPOINT, interface_number};

/// The steps that create a network's bridge and turn on forwarding for it.
pub(crate) fn add_network(set: Forwarding, network: &Network) -> Vec<LinkStep> {
    let mut steps = forwarding(set, network);
    steps.push(LinkStep::AddBridge(bridge(network)));
    steps
}

/// The step that removes a network's bridge.
pub(crate) fn delete_bridge(network: &Network) -> LinkStep {
    LinkStep::DeleteBridge(bridge(network))
}

/// Turns on IPv4 forwarding.
pub(crate) const FORWARDING4: &str = "net/ipv4/ip_forward";
/// Turns on IPv6 forwarding.
pub(crate) const FORWARDING6: &str = "net/ipv6/conf/all/forwarding";

/// Turns on forwarding for a network, unless the daemon leaves it alone.
pub(crate) fn forwarding(set: Forwarding, network: &Network) -> Vec<LinkStep> {
    match set {
        Forwarding::Set => needed_forwarding(network),
        Forwarding::Leave => Vec::new(),
    }
}

/// What turns on the forwarding that a network needs; IPv6 default routes of the host stay. An internal or isolated
/// network needs none, unless it has a trusted interface.
pub(crate) fn needed_forwarding(network: &Network) -> Vec<LinkStep> {
    let policy = &network.policy;
    let is_shut = policy.access != Access::Open && policy.trusted_interfaces.is_empty();
    let families = [
        (has_ipv4(network), FORWARDING4),
        (has_ipv6(network), FORWARDING6),
    ];
    let needed = families
        .into_iter()
        .filter(|(has_family, _)| *has_family && !is_shut);
    let steps = |path: &str| {
        let routers = (path == FORWARDING6).then_some(LinkStep::KeepRouters);
        let turned_on = LinkStep::SetSysctl(sysctl(path.into(), "1"));
        routers.into_iter().chain([turned_on])
    };
    needed.flat_map(|(_, path)| steps(path)).collect()
}

/// Whether the daemon turns on IPv6 forwarding for some network.
pub fn forwards_ipv6(state: &State) -> bool {
    let mut networks = state.networks.values();
    networks.any(|network| forwarding(state.forwarding, network).contains(&LinkStep::KeepRouters))
}

/// A network's bridge.
pub(crate) fn bridge(network: &Network) -> Bridge {
    let ifname = &network.bridge;
    let mut sysctls = vec![route_localnet(ifname)];
    let is_isolated = network.policy.access == Access::Isolated;
    if has_ipv4(network) && !is_isolated {
        sysctls.push(loose(ifname));
    }
    if is_without_ipv6(network) {
        sysctls.push(Sysctl::no_ipv6(ifname));
    } else {
        // The kernel holds packets to an endpoint until the bridge's link-local address can send neighbour
        // solicitations (ndisc_send_ns). With duplicate address detection that takes up to two seconds. The address
        // is unique, because it follows from the Ethernet address.
        let keys = ["accept_ra", "dad_transmits", "router_solicitation_delay"];
        let of_bridge = |key: &str| sysctl(format!("net/ipv6/conf/{ifname}/{key}"), "0");
        sysctls.extend(keys.map(of_bridge));
    }
    Bridge {
        ifname: ifname.clone(),
        mac: network.mac,
        mtu: network.mtu,
        addresses: addresses(network),
        sysctls,
        sealed: is_isolated,
        answered: answered(network),
    }
}

/// The host's addresses on a bridge, IPv4 first, as they are when IPv6 is turned on later.
fn addresses(network: &Network) -> Vec<IpNet> {
    let is_isolated = network.policy.access == Access::Isolated;
    let gateways = network.subnets.iter().filter(|_| !is_isolated);
    let gateways = gateways.map(Subnet::gateway_net);
    let fixed = network.fixed_resolvers().map(IpNet::from);
    let mut addresses: Vec<IpNet> = gateways.chain(fixed).collect();
    addresses.sort_by_key(|net| net.addr().is_ipv6());
    addresses
}

/// The subnets of an isolated network that has names: the host has no other route there.
pub(crate) fn answered(network: &Network) -> Vec<IpNet> {
    let is_answered = network.policy.access == Access::Isolated
        && network.policy.host_access() != HostAccess::None;
    let subnets = network.subnets.iter().filter(|_| is_answered);
    subnets.map(|subnet| subnet.net).collect()
}

/// Allows translation of a port published on 127.0.0.1 to an endpoint. In exchange, filters of the bridge ports
/// protect 127.0.0.0/8 from endpoints, and the `guard` chain protects it from all others.
pub(crate) fn route_localnet(bridge: &IfName) -> Sysctl {
    sysctl(format!("net/ipv4/conf/{bridge}/route_localnet"), "1")
}

/// Has the kernel accept packets that come from the bridge with the address of an endpoint on another network, because
/// its namespace answers by its default route. Where `all` is strict, the greater value counts (ip-sysctl of the kernel
/// documentation, `rp_filter`). The chain `guard` checks these sources.
pub(crate) fn loose(bridge: &IfName) -> Sysctl {
    sysctl(format!("net/ipv4/conf/{bridge}/rp_filter"), "2")
}

/// The step that makes a bridge's reverse path filter loose again.
pub fn loosen(network: &Network) -> Option<LinkStep> {
    let wanted = loose(&network.bridge);
    let is_needed = bridge(network).sysctls.contains(&wanted);
    is_needed.then_some(LinkStep::SetSysctl(wanted))
}

/// The sysctls of a bridge except `route_localnet`.
pub(crate) fn sysctls_before_guard(bridge: &Bridge) -> impl Iterator<Item = &Sysctl> {
    let opens = route_localnet(&bridge.ifname);
    let sysctls = bridge.sysctls.iter();
    sysctls.filter(move |sysctl| **sysctl != opens)
}

/// An endpoint's veth pair.
pub(crate) fn veth(endpoint: &Endpoint, network: &Network) -> Veth {
    Veth {
        ifname: endpoint.host_ifname.clone(),
        bridge: network.bridge.clone(),
        bridge_mac: network.mac,
        mtu: network.mtu,
        isolated: !network.policy.icc,
        bound: network.policy.anti_spoofing,
        netns_number: netns_number(&endpoint.host_ifname),
        peer: Peer {
            netns: endpoint.place.netns().cloned(),
            ifname: endpoint.ifname.clone(),
            mac: endpoint.mac,
            sysctls: endpoint
                .sysctls
                .iter()
                .map(|sysctl| sysctl.of(&endpoint.ifname))
                .collect(),
            addresses: endpoint.addresses.clone(),
            routes: endpoint.routes.clone(),
            gateways: endpoint.gateways.clone(),
            gateway_metric: endpoint.gateway_metric,
            resolvers: endpoint.resolvers.clone(),
            resolver_metric: resolver_metric(endpoint, network),
        },
    }
}

/// Metric of an endpoint's routes to the DNS server. A namespace on several networks asks by the one whose names are
/// forwarded, else by an internal one, else by an isolated one. Among equals, by that of the endpoint attached first.
pub(crate) fn resolver_metric(endpoint: &Endpoint, network: &Network) -> u32 {
    const CLASS: u32 = 1 << 28;
    let class = match network.policy.access {
        _ if network.policy.forwards_names() => 1,
        Access::Isolated => 3,
        Access::Open | Access::Internal => 2,
    };
    let number = interface_number(ENDPOINT, &endpoint.host_ifname).unwrap_or_default();
    class * CLASS + number % CLASS
}

/// Later endpoints get lower numbers, because the kernel finds those sooner.
fn netns_number(host_ifname: &IfName) -> i32 {
    let number = interface_number(ENDPOINT, host_ifname).unwrap_or_default();
    i32::MAX - (number & 0x7fff_ffff).cast_signed()
}

/// The tracked connections of published ports of an endpoint.
pub(crate) fn flows(network: &Network, endpoint: &Endpoint, ports: &[PortBinding]) -> Vec<Flow> {
    let flow = |binding: &PortBinding, address| {
        let translated = network.policy.mode_of(address) != Mode::Routed;
        Flow {
            protocol: binding.protocol,
            came_to: if translated {
                binding.host_port
            } else {
                binding.port
            },
            endpoint: address,
            port: binding.port,
            translated,
        }
    };
    let of_binding = |binding: &PortBinding| {
        let addresses = endpoint.addresses.iter().map(|net| net.addr());
        let flows = addresses
            .filter(|address| binding.is_of_family(*address))
            .map(|address| flow(binding, address));
        flows.collect::<Vec<_>>()
    };
    ports.iter().flat_map(of_binding).collect()
}

/// Whether the host has no IPv6 on a network's bridge.
pub(crate) fn is_without_ipv6(network: &Network) -> bool {
    let is_isolated = network.policy.access == Access::Isolated;
    !has_ipv6(network) || (is_isolated && answered(network).is_empty())
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
