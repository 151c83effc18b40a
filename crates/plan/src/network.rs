//! Planning of networks.

use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::api::CreateNetwork;
use tidegate_model::{Change, IfName, MacAddr, Name, Network, State, Subnet, overlap};

use crate::refused::Family;
use crate::{HostFacts, Plan, Pools, Refused, elements, steps};

/// Plans a network: its subnets, given or allotted, and its bridge.
///
/// # Errors
/// Refuses a name that is taken, subnets that cannot be used or overlap a network or a route of
/// the host, and a request that contradicts itself.
pub fn create_network(
    state: &State,
    request: &CreateNetwork,
    host: &HostFacts,
    pools: &Pools,
) -> Result<Plan, Refused> {
    if state.networks.contains_key(&request.name) {
        return Err(Refused::NetworkExists(request.name.clone()));
    }
    check_mtu(request)?;
    let network = Network {
        name: request.name.clone(),
        bridge: bridge_name(state.next_number),
        mac: MacAddr::local(numbered(0x62, state.next_number)),
        subnets: subnets(state, request, host, pools)?,
        mtu: request.mtu,
        host_ips: host_ips(request)?,
    };
    let elements = elements::of_network(&network);
    Ok(Plan::adding(
        elements,
        steps::add_network(&network),
        Change::AddNetwork(network),
    ))
}

/// Plans the end of a network.
///
/// # Errors
/// Refuses a network that does not exist or still has endpoints.
pub fn remove_network(state: &State, name: &Name) -> Result<Plan, Refused> {
    let network = find(state, name)?;
    let endpoints: Vec<Name> = state.endpoints_of(name).map(|e| e.name.clone()).collect();
    if !endpoints.is_empty() {
        return Err(Refused::NetworkInUse {
            network: name.clone(),
            endpoints,
        });
    }
    let elements = elements::of_network(network);
    let steps = vec![steps::delete_bridge(network)];
    Ok(Plan::removing(
        elements,
        steps,
        Change::RemoveNetwork(network.clone()),
    ))
}

pub(crate) fn find<'a>(state: &'a State, name: &Name) -> Result<&'a Network, Refused> {
    state
        .networks
        .get(name)
        .ok_or_else(|| Refused::NoNetwork(name.clone()))
}

/// Five octets that no other interface of ours has: what it is, and its number.
pub(crate) fn numbered(kind: u8, number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [kind, a, b, c, d]
}

#[expect(
    clippy::expect_used,
    reason = "a prefix of three letters and at most eight digits"
)]
pub(crate) fn interface_name(prefix: &str, number: u32) -> IfName {
    format!("{prefix}{number:x}")
        .parse()
        .expect("at most eleven valid characters")
}

fn bridge_name(number: u32) -> IfName {
    interface_name("tgb", number)
}

fn check_mtu(request: &CreateNetwork) -> Result<(), Refused> {
    let least = if request.ipv6 { 1280 } else { 68 };
    match request.mtu {
        Some(mtu) if !(least..=65535).contains(&mtu) => Err(Refused::Mtu { mtu, least }),
        _ => Ok(()),
    }
}

/// An unspecified address stands for all of them, which is what a network without one has.
fn host_ips(request: &CreateNetwork) -> Result<Vec<IpAddr>, Refused> {
    let mut host_ips: Vec<IpAddr> = Vec::new();
    for ip in &request.host_ips {
        let first = host_ips
            .iter()
            .find(|other| other.is_ipv4() == ip.is_ipv4());
        if let Some(first) = first {
            return Err(Refused::TwoHostIps {
                network: request.name.clone(),
                first: *first,
                second: *ip,
            });
        }
        if let Some(kind) = tidegate_model::no_host_has(*ip) {
            return Err(Refused::NoHostIp { ip: *ip, kind });
        }
        host_ips.push(*ip);
    }
    Ok(host_ips)
}

fn subnets(
    state: &State,
    request: &CreateNetwork,
    host: &HostFacts,
    pools: &Pools,
) -> Result<Vec<Subnet>, Refused> {
    check_gateways(request)?;
    let mut subnets = Vec::new();
    for (family, wanted) in [(Family::Ipv4, request.ipv4), (Family::Ipv6, request.ipv6)] {
        match (given(request, family)?, wanted) {
            (Some(net), true) => {
                check_overlap(net, state, host)?;
                subnets.push(Subnet::new(net, gateway_in(request, net)?)?);
            }
            (None, true) => {
                let net = pools.allot(family, &occupied(state, host))?;
                subnets.push(Subnet::new(net, None)?);
            }
            (Some(subnet), false) => {
                return Err(Refused::FamilyOff {
                    network: request.name.clone(),
                    family,
                    subnet,
                });
            }
            (None, false) => {}
        }
    }
    if subnets.is_empty() {
        return Err(Refused::NoFamily(request.name.clone()));
    }
    Ok(subnets)
}

/// The subnet that was given for a family.
fn given(request: &CreateNetwork, family: Family) -> Result<Option<IpNet>, Refused> {
    let mut given = request
        .subnets
        .iter()
        .filter(|net| Family::of(**net) == family);
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => Err(Refused::TwoSubnets {
            network: request.name.clone(),
            family,
            first: *first,
            second: *second,
        }),
        (first, _) => Ok(first.copied()),
    }
}

fn check_gateways(request: &CreateNetwork) -> Result<(), Refused> {
    let inside = |gateway: &IpAddr| request.subnets.iter().any(|net| net.contains(gateway));
    match request.gateways.iter().find(|gateway| !inside(gateway)) {
        Some(gateway) => Err(Refused::GatewayOutside {
            network: request.name.clone(),
            gateway: *gateway,
        }),
        None => Ok(()),
    }
}

/// The gateway that was given for a subnet.
fn gateway_in(request: &CreateNetwork, subnet: IpNet) -> Result<Option<IpAddr>, Refused> {
    let mut given = request
        .gateways
        .iter()
        .filter(|gateway| subnet.contains(*gateway));
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => Err(Refused::TwoGateways {
            subnet,
            first: *first,
            second: *second,
        }),
        (first, _) => Ok(first.copied()),
    }
}

fn check_overlap(subnet: IpNet, state: &State, host: &HostFacts) -> Result<(), Refused> {
    for network in state.networks.values() {
        if let Some(other) = network.overlapping(subnet) {
            let (other, network) = (other.net, network.name.clone());
            return Err(Refused::OverlapsNetwork {
                subnet,
                other,
                network,
            });
        }
    }
    match routes(host).find(|route| overlap(*route, subnet)) {
        Some(route) => Err(Refused::OverlapsRoute { subnet, route }),
        None => Ok(()),
    }
}

/// The host's routes but for halves of the address space: a VPN uses a pair of them (0.0.0.0/1 and
/// 128.0.0.0/1) as a default route that goes before the default route.
fn routes(host: &HostFacts) -> impl Iterator<Item = IpNet> {
    host.routes
        .iter()
        .copied()
        .filter(|route| route.prefix_len() > 1)
}

/// What a subnet from the pools must not overlap.
fn occupied(state: &State, host: &HostFacts) -> Vec<IpNet> {
    let ours = state
        .networks
        .values()
        .flat_map(|n| n.subnets.iter().map(|s| s.net));
    ours.chain(routes(host)).collect()
}
