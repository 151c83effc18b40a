//! The subnets of a network: given ones, or free ones from the pools.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_api::{CreateNetwork, ProposeSubnets};
use tidegate_model::{Name, RESOLVERS, State, Subnet, overlap, reserved_as};

use crate::ip_family::IpFamily;
use crate::{HostFacts, Pools, Refused, limits};

/// The subnets of a requested network.
pub(crate) fn subnets(
    state: &State,
    request: &CreateNetwork,
    host: &HostFacts,
    pools: &Pools,
) -> Result<Vec<Subnet>, Refused> {
    check_inside(request)?;
    let mut subnets: Vec<Subnet> = Vec::new();
    for (family, wanted) in [
        (IpFamily::Ipv4, request.ipv4),
        (IpFamily::Ipv6, request.ipv6),
    ] {
        let of_family = |net: &&IpNet| IpFamily::of(**net) == family;
        let given: Vec<IpNet> = request.subnets.iter().filter(of_family).copied().collect();
        match (given.first(), wanted) {
            (None, false) => {}
            (None, true) => {
                let routes: Vec<IpNet> = routes(host).collect();
                let net = pools.allot(family, state, &routes)?;
                subnets.push(Subnet::new(net, None)?);
            }
            (Some(subnet), false) => {
                return Err(Refused::FamilyOff {
                    network: request.name.clone(),
                    family,
                    subnet: *subnet,
                });
            }
            (Some(_), true) => {
                for net in given {
                    let subnet = of_request(request, net)?;
                    check_overlap(net, state, host)?;
                    check_apart(net, &subnets)?;
                    subnets.push(subnet);
                }
            }
        }
    }
    match subnets.is_empty() {
        true => Err(Refused::NoFamily(request.name.clone())),
        false => Ok(subnets),
    }
}

/// The subnets that a network created now would get from the pools: one for each wanted family.
///
/// # Errors
/// If the pools of a family have none.
pub fn propose_subnets(
    state: &State,
    wanted: &ProposeSubnets,
    routes: &[IpNet],
    pools: &Pools,
) -> Result<Vec<Subnet>, Refused> {
    limits::of_proposal(wanted)?;
    let occupied = routes.iter().chain(&wanted.avoid).copied();
    let occupied: Vec<IpNet> = foreign(occupied).collect();
    let families = [(IpFamily::Ipv4, wanted.ipv4), (IpFamily::Ipv6, wanted.ipv6)];
    let wanted = families.into_iter().filter(|(_, is_wanted)| *is_wanted);
    let subnets = wanted.map(|(family, _)| {
        let net = pools.allot(family, state, &occupied)?;
        Ok(Subnet::new(net, None)?)
    });
    subnets.collect()
}

/// A given subnet with its gateway and range.
fn of_request(request: &CreateNetwork, net: IpNet) -> Result<Subnet, Refused> {
    let subnet = Subnet::new(net, gateway_in(request, net)?)?;
    let mut ranges = request.ranges.iter().filter(|range| net.contains(*range));
    match (ranges.next(), ranges.next()) {
        (Some(first), Some(second)) => Err(Refused::TwoRanges {
            subnet: net,
            first: *first,
            second: *second,
        }),
        (Some(range), None) => Ok(subnet.with_range(*range)?),
        (None, _) => Ok(subnet),
    }
}

/// Two subnets of one request must not overlap either.
fn check_apart(subnet: IpNet, others: &[Subnet]) -> Result<(), Refused> {
    match others.iter().find(|other| overlap(other.net, subnet)) {
        Some(other) => Err(Refused::SubnetsOverlap(other.net, subnet)),
        None => Ok(()),
    }
}

/// The reserved addresses, which must be in the subnets.
pub(crate) fn reserved(
    request: &CreateNetwork,
    subnets: &[Subnet],
) -> Result<BTreeMap<Name, IpAddr>, Refused> {
    for (label, address) in &request.reserved {
        let subnet = subnets.iter().find(|s| s.net.contains(address));
        let why = match subnet {
            None => Some(format!("in no subnet of network {}", request.name)),
            Some(subnet) if subnet.gateway == *address => {
                Some(format!("the gateway of network {}", request.name))
            }
            Some(subnet) => reserved_as(subnet.net, *address)
                .map(|purpose| format!("the {purpose} of {}", subnet.net)),
        };
        if let Some(why) = why {
            let nets = subnets.iter().map(|subnet| subnet.net);
            return Err(Refused::NotReservable {
                label: label.clone(),
                address: *address,
                why,
                subnets: alike(nets, *address),
            });
        }
    }
    Ok(request.reserved.clone())
}

/// The subnets of an address's family.
fn alike(subnets: impl IntoIterator<Item = IpNet>, address: IpAddr) -> Vec<IpNet> {
    let is_alike = |net: &IpNet| net.addr().is_ipv4() == address.is_ipv4();
    subnets.into_iter().filter(is_alike).collect()
}

/// Gateways and ranges must be in given subnets.
fn check_inside(request: &CreateNetwork) -> Result<(), Refused> {
    let inside = |gateway: &IpAddr| request.subnets.iter().any(|net| net.contains(gateway));
    if let Some(gateway) = request.gateways.iter().find(|gateway| !inside(gateway)) {
        return Err(Refused::GatewayOutside {
            network: request.name.clone(),
            gateway: *gateway,
            subnets: alike(request.subnets.iter().copied(), *gateway),
        });
    }
    let is_part = |range: &IpNet| request.subnets.iter().any(|net| net.contains(range));
    match request.ranges.iter().find(|range| !is_part(range)) {
        Some(range) => Err(Refused::RangeOutside {
            network: request.name.clone(),
            range: *range,
            subnets: alike(request.subnets.iter().copied(), range.addr()),
        }),
        None => Ok(()),
    }
}

/// The given gateway of a subnet.
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

/// The host's routes that a subnet must not overlap.
fn routes(host: &HostFacts) -> impl Iterator<Item = IpNet> {
    foreign(host.routes.iter().copied())
}

/// The DNS server's own addresses, and these prefixes except halves of the address space: VPNs use such a pair (0.0.0.0/1
/// and 128.0.0.0/1) as a default route with precedence.
fn foreign(routes: impl Iterator<Item = IpNet>) -> impl Iterator<Item = IpNet> {
    let fixed = RESOLVERS.into_iter().map(IpNet::from);
    routes.filter(|route| route.prefix_len() > 1).chain(fixed)
}
