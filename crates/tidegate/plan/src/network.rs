//! Planning of networks.

use std::collections::BTreeSet;

use tidegate_api::CreateNetwork;
use tidegate_model::links::LinkStep;
use tidegate_model::{Change, Endpoint, IfName, Ipv6Off, MacAddr, Mode, Name, Network, State};

use crate::interface_names::{BRIDGE, ENDPOINT, Number, interface_name};
use crate::lookup::find;
use crate::{
    HostFacts, Plan, Pools, Refused, StaleConnections, allow, dns, elements, holds, limits, peers,
    policy, steps, subnets,
};

/// Plans a network: its subnets, given or allocated, and its bridge.
///
/// # Errors
/// If the name is taken, a subnet is unusable or overlaps a network or a route of the host, or the request
/// contradicts itself.
pub fn create_network(
    state: &State,
    request: &CreateNetwork,
    host: &HostFacts,
    pools: &Pools,
) -> Result<Plan<Network>, Refused> {
    if let Some(other) = state.network(&request.name) {
        return Err(Refused::NetworkExists(other.name.clone()));
    }
    limits::of_network(request)?;
    check_mtu(request)?;
    policy::check(request)?;
    let subnets = subnets::subnets(state, request, host, pools)?;
    let number = Number::next(BRIDGE, state, &host.taken);
    let network = Network {
        name: request.name.clone(),
        bridge: bridge(state, request, number.number)?,
        mac: MacAddr::local(numbered(BRIDGE_MAC, number.number)),
        mtu: request.mtu,
        host_ips: policy::host_ips(request)?,
        allow: allow::of_network(request, &subnets)?,
        policy: policy::chosen(request),
        reserved: subnets::reserved(request, &subnets)?,
        peers: BTreeSet::new(),
        labels: policy::labels(&request.labels)?,
        dns: dns::chosen(&request.dns, &request.name, &policy::chosen(request))?,
        remove_when_unused: request.remove_when_unused,
        subnets,
    };
    let in_the_way = state.resolver.and_then(|_| state.in_the_way_of(&network));
    if let Some((endpoint, held)) = in_the_way {
        return Err(Refused::GatewayTaken {
            network: network.name,
            holder: endpoint.name.clone(),
            held,
        });
    }
    let elements = elements::of_network(state, &network);
    let steps = steps::add_network(state.forwarding, &network);
    let stale = StaleConnections::new_network(&network);
    let change = number.used_by(Change::AddNetwork(network.clone()));
    let plan = Plan::adding(elements, steps, change);
    Ok(plan.leaving(stale).with_outcome(network))
}

/// The same network with only IPv4, for a host on which IPv6 is turned off.
///
/// # Errors
/// If the request needs IPv6: `require_ipv6`, no IPv4, or an IPv6 address or mode.
pub fn without_ipv6(request: &CreateNetwork, off: Ipv6Off) -> Result<CreateNetwork, Refused> {
    let policy = &request.policy;
    let nets = request.subnets.iter().chain(&request.ranges);
    let gateways = request.gateways.iter().chain(request.reserved.values());
    let mut addresses = nets
        .map(|net| net.addr())
        .chain(gateways.copied())
        .chain(request.host_ips.iter().copied())
        .chain(policy.snat.iter().copied());
    let by_name = request.require_ipv6
        || !request.ipv4
        || policy.mode6 != Mode::default()
        || addresses.any(|address| address.is_ipv6());
    match by_name {
        true => Err(Refused::HostWithoutIpv6 {
            network: request.name.clone(),
            off,
        }),
        false => Ok(CreateNetwork {
            ipv6: false,
            ..request.clone()
        }),
    }
}

/// Plans the removal of a network, with `force` also of its endpoints. The outcome is the network as it was.
///
/// # Errors
/// If the network does not exist, or has endpoints and `force` is not set.
pub fn remove_network(state: &State, name: &Name, force: bool) -> Result<Plan<Network>, Refused> {
    let network = find(state, name)?;
    let name = &network.name;
    let is_down = state.degraded.down_network(name).is_some();
    let endpoints: Vec<&Endpoint> = state.endpoints_of(name).collect();
    let attached = endpoints.iter().map(|endpoint| &endpoint.name);
    let users: Vec<Name> = attached.chain(state.waiting_on(name)).cloned().collect();
    if !users.is_empty() && !force {
        return Err(Refused::NetworkInUse {
            network: name.clone(),
            endpoints: users,
        });
    }
    let mut elements = match is_down {
        true => Vec::new(),
        false => elements::of_network(state, network),
    };
    let (mut links, mut changes) = (Vec::new(), Vec::new());
    let (stale, mut released) = (
        StaleConnections::gone(endpoints.iter().copied()),
        Vec::new(),
    );
    for endpoint in endpoints {
        links.push(delete_veth(state, network, endpoint));
        if state.degraded.down_endpoint(&endpoint.name).is_none() {
            elements.extend(elements::with_endpoint(state, network, endpoint));
        }
        released.extend(holds::release_ports(network, endpoint, &endpoint.ports));
        changes.push(Change::RemoveEndpoint(endpoint.clone()));
    }
    for peer in peers::reaching(state, name) {
        if !is_down && state.degraded.down_network(&peer.name).is_none() {
            elements.push(elements::of_peers(peer, network));
        }
        changes.push(peers::lose(peer, name));
    }
    links.push(match is_down {
        true => LinkStep::DeleteLink(network.bridge.clone()),
        false => steps::delete_bridge(network),
    });
    let mut others = state.networks.values().filter(|other| other.name != *name);
    let is_answered = |network: &Network| !steps::answered(network).is_empty();
    if is_answered(network) && !others.any(is_answered) {
        links.push(LinkStep::EndAnswers);
    }
    links.extend(released);
    changes.push(Change::RemoveNetwork(network.clone()));
    let plan = Plan::removing(elements, links, Change::All(changes));
    Ok(plan.leaving(stale).with_outcome(network.clone()))
}

/// The step that removes an endpoint's pair. An endpoint that is down usually has no pair, and undoing the step
/// creates none.
pub(crate) fn delete_veth(state: &State, network: &Network, endpoint: &Endpoint) -> LinkStep {
    match state.degraded.down_endpoint(&endpoint.name) {
        Some(_) => LinkStep::DeleteLink(endpoint.host_ifname.clone()),
        None => LinkStep::DeleteVeth(steps::veth(endpoint, network)),
    }
}

/// The second octet of the Ethernet addresses of bridges ("b").
const BRIDGE_MAC: u8 = 0x62;

/// Five octets that are unique among our interfaces: its kind and its number.
pub(crate) fn numbered(kind: u8, number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [kind, a, b, c, d]
}

/// The number of the bridge with this Ethernet address; none if it is not one that we make.
pub(crate) fn bridge_number(mac: MacAddr) -> Option<u32> {
    let [_, _, a, b, c, d] = mac.0;
    let number = u32::from_be_bytes([a, b, c, d]);
    (mac == MacAddr::local(numbered(BRIDGE_MAC, number))).then_some(number)
}

/// A given name must not be that of another network's bridge, or one that we might generate.
fn bridge(state: &State, request: &CreateNetwork, number: u32) -> Result<IfName, Refused> {
    let Some(given) = &request.bridge else {
        return Ok(interface_name(BRIDGE, number));
    };
    let is_ours = [BRIDGE, ENDPOINT]
        .iter()
        .any(|prefix| given.as_str().starts_with(prefix));
    let mut networks = state.networks.values();
    match networks.find(|network| network.bridge == *given) {
        Some(network) => Err(Refused::BridgeTaken {
            bridge: given.clone(),
            network: network.name.clone(),
        }),
        None if is_ours => Err(Refused::BridgeNameOurs(given.clone())),
        None => Ok(given.clone()),
    }
}

fn check_mtu(request: &CreateNetwork) -> Result<(), Refused> {
    let least = if request.ipv6 { 1280 } else { 68 };
    match request.mtu {
        Some(mtu) if !(least..=65535).contains(&mtu) => Err(Refused::Mtu { mtu, least }),
        _ => Ok(()),
    }
}
