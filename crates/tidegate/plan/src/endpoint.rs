//! Planning of endpoints.

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_api::Attach;
use tidegate_model::links::{LinkStep, NetnsFacts};
use tidegate_model::{Change, Endpoint, IfName, Name, Network, Owner, State};

use crate::hand_over::Wanted;
use crate::interface_names::{ENDPOINT, Number, interface_name};
use crate::lookup::{find, find_endpoint, find_up};
use crate::network::{delete_veth, remove_network};
use crate::{
    Plan, PortFacts, Refused, StaleConnections, addresses, allow, dns, elements, gateways, holds,
    host_ports, limits, policy, routes, steps,
};

/// Plans an endpoint: its addresses, its veth pair and its published ports.
///
/// If IPv6 is turned off in the namespace, the endpoint gets no IPv6 address. It gets default routes unless the
/// namespace has one from elsewhere.
///
/// # Errors
/// If the network does not exist, a name, port, address or interface name is taken, the namespace or the owner is
/// attached to the network already, a subnet is full, a port cannot be published, or the gateway priority cannot take effect.
pub fn attach(
    state: &State,
    request: &Attach,
    netns: &NetnsFacts,
    host: &PortFacts,
) -> Result<Plan<Endpoint>, Refused> {
    limits::of_endpoint(request)?;
    let network = find_up(state, &request.network)?;
    let name = endpoint_name(state, request)?;
    let owner = request.owner.clone().map(Owner::from);
    check_owner(state, network, owner.as_ref())?;
    let wanted = Wanted::of(state, request)?;
    if let Some(other) = state
        .endpoints_of(&network.name)
        .find(|e| e.netns_id() == netns.id)
    {
        let (network, endpoint) = (network.name.clone(), other.name.clone());
        return Err(Refused::AttachedAlready { network, endpoint });
    }
    check_bound(state, network)?;
    let addresses = addresses::choose(state, network, request, netns, &host.unswept)?;
    let ports = host_ports::bind(
        state,
        network,
        &addresses,
        &request.ports,
        request.host_ports,
        host,
    )?;
    let from = allow::of_request(state, network, &addresses, &request.allow, &ports)?;
    let routes = routes::of_request(network, request, &addresses)?;
    let gateways = gateways::choose(state, network, request, &addresses, netns)?;
    let is_handed_over = matches!(wanted, Wanted::HandOver(_));
    let number = Number::next(ENDPOINT, state, &host.taken);
    let endpoint = Endpoint {
        aliases: aliases(&name, request),
        name,
        network: network.name.clone(),
        place: wanted.place(netns),
        host_ifname: interface_name(ENDPOINT, number.number),
        ifname: match wanted {
            Wanted::HandOver(ifname) => ifname.clone(),
            Wanted::Netns(_) => ifname(state, request, netns)?,
        },
        mac: addresses::mac(state, network, request, &addresses)?,
        default_route: request.default_route,
        routes,
        gateway_priority: request.gateway_priority,
        // An engine gives its routes metrics of its own.
        gateway_metric: gateways.metric.filter(|_| !is_handed_over),
        gateways: gateways.addresses,
        resolvers: match is_handed_over {
            true => Vec::new(),
            false => resolvers(network, &addresses),
        },
        addresses,
        allow: allow::with(&[], &ports, &from),
        host_ports: request.host_ports,
        ports,
        sysctls: request.sysctls.clone(),
        dns: dns::chosen(&request.dns, &network.name, &network.policy)?,
        owner,
        labels: policy::labels(&request.labels)?,
    };
    let links = vec![LinkStep::AddVeth(steps::veth(&endpoint, network))];
    let holds = holds::hold_ports(network, &endpoint, &endpoint.ports);
    let elements = elements::with_endpoint(state, network, &endpoint);
    let stale = StaleConnections::published(network, &endpoint, &endpoint.ports);
    let change = number.used_by(Change::AddEndpoint(endpoint.clone()));
    let plan = Plan::adding(elements, links, change);
    let plan = plan.after(holds).leaving(stale);
    Ok(plan.with_outcome(endpoint))
}

fn check_owner(state: &State, network: &Network, owner: Option<&Owner>) -> Result<(), Refused> {
    let mut endpoints = state.endpoints_of(&network.name);
    let is_its = |each: &&Endpoint| owner.is_some() && each.owner.as_ref() == owner;
    match (owner, endpoints.find(is_its)) {
        (Some(owner), Some(other)) => Err(Refused::OwnerAttached {
            owner: owner.clone(),
            network: network.name.clone(),
            endpoint: other.name.clone(),
        }),
        _ => Ok(()),
    }
}

/// The most bound endpoints of a host: each has a program in the kernel, which frees programs on a shared work queue.
const MOST_BOUND: usize = 512;

fn check_bound(state: &State, network: &Network) -> Result<(), Refused> {
    let is_bound = |network: &Network| network.policy.anti_spoofing;
    let networks = || state.networks.values().filter(|other| is_bound(other));
    let count = || networks().map(|other| state.endpoints_of(&other.name).count());
    match is_bound(network) && count().sum::<usize>() >= MOST_BOUND {
        true => Err(Refused::TooManyBound {
            network: network.name.clone(),
            most: MOST_BOUND,
        }),
        false => Ok(()),
    }
}

/// Plans the removal of an endpoint. A network that is to be removed when it is unused goes with its last endpoint, unless
/// another endpoint waits for a namespace. The outcome is the endpoint as it was.
///
/// # Errors
/// If the endpoint does not exist.
pub fn detach(state: &State, name: &Name) -> Result<Plan<Endpoint>, Refused> {
    let endpoint = find_endpoint(state, name)?;
    match goes_with(state, endpoint) {
        Some(network) => {
            let plan = remove_network(state, &network.name, true)?;
            Ok(plan.with_outcome(endpoint.clone()))
        }
        None => detach_alone(state, name),
    }
}

/// The network that goes with the endpoint.
fn goes_with<'a>(state: &'a State, endpoint: &Endpoint) -> Option<&'a Network> {
    let network = state.networks.get(&endpoint.network)?;
    let is_last = || state.endpoints_of(&network.name).count() == 1;
    let is_awaited = || state.waiting_on(&network.name).next().is_some();
    (network.remove_when_unused && is_last() && !is_awaited()).then_some(network)
}

/// The removal of an endpoint whose network stays.
pub(crate) fn detach_alone(state: &State, name: &Name) -> Result<Plan<Endpoint>, Refused> {
    let endpoint = find_endpoint(state, name)?;
    let name = &endpoint.name;
    let network = find(state, &endpoint.network)?;
    let links = vec![delete_veth(state, network, endpoint)];
    let elements = match state.degraded.down_endpoint(name) {
        Some(_) => Vec::new(),
        None => elements::with_endpoint(state, network, endpoint),
    };
    let change = Change::RemoveEndpoint(endpoint.clone());
    Ok(Plan::removing(elements, links, change)
        .leaving(StaleConnections::gone([endpoint]))
        .then(holds::release_ports(network, endpoint, &endpoint.ports))
        .with_outcome(endpoint.clone()))
}

fn endpoint_name(state: &State, request: &Attach) -> Result<Name, Refused> {
    let Some(name) = &request.name else {
        return Ok(made_name(state));
    };
    match state.endpoints.find(name) {
        Some(other) => Err(Refused::EndpointExists(other.name.clone())),
        None => Ok(name.clone()),
    }
}

/// A new name, from the number of the endpoint's interface.
#[expect(clippy::expect_used, reason = "letters, a dash and hexadecimal digits")]
fn made_name(state: &State) -> Name {
    (state.next_number..=u32::MAX)
        .chain(0..state.next_number)
        .map(|number| format!("ep-{number:x}").parse().expect("a valid name"))
        .find(|name| state.endpoints.find(name).is_none() && state.waiting(name).is_none())
        .expect("fewer than 2^32 endpoints exist")
}

/// The addresses of the DNS server that it can ask, by the families of its own addresses.
fn resolvers(network: &Network, addresses: &[IpNet]) -> Vec<IpAddr> {
    let is_of_family = |ip: &IpAddr| {
        let mut own = addresses.iter().map(IpNet::addr);
        own.any(|own| own.is_ipv4() == ip.is_ipv4())
    };
    network.fixed_resolvers().filter(is_of_family).collect()
}

/// The requested aliases, without duplicates and without the endpoint's own name. DNS ignores case (RFC 4343).
fn aliases(name: &Name, request: &Attach) -> Vec<Name> {
    let mut known = vec![name];
    for alias in &request.aliases {
        if !known
            .iter()
            .any(|name| name.as_str().eq_ignore_ascii_case(alias.as_str()))
        {
            known.push(alias);
        }
    }
    known.into_iter().skip(1).cloned().collect()
}

/// The requested name, which must be free, or a new one.
fn ifname(state: &State, request: &Attach, netns: &NetnsFacts) -> Result<IfName, Refused> {
    match &request.ifname {
        None => free_ifname(netns),
        Some(taken) if netns.ifnames.contains(taken) => {
            let is_holder = |it: &&Endpoint| it.netns_id() == netns.id && it.ifname == *taken;
            let holder = state.endpoints.values().find(is_holder);
            Err(Refused::IfNameTaken {
                ifname: taken.clone(),
                holder: holder.map(|it| it.name.clone()),
            })
        }
        Some(free) => Ok(free.clone()),
    }
}

/// The lowest `ethN` that is free in the namespace.
fn free_ifname(netns: &NetnsFacts) -> Result<IfName, Refused> {
    let used: HashSet<&str> = netns.ifnames.iter().map(IfName::as_str).collect();
    let free = (0..=netns.ifnames.len())
        .map(|n| format!("eth{n}"))
        .find(|name| !used.contains(name.as_str()))
        .unwrap_or_default();
    free.parse().map_err(Refused::from)
}
