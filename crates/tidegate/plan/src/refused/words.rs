//! Parts of the messages.

use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::{Name, PortRequest, reserved_as};

/// How many endpoints an error names; a network may have thousands.
pub(super) const NAMED: usize = 10;

/// Whose interface it is, if that is known.
pub(super) fn of_endpoint(holder: Option<&Name>) -> String {
    holder.map_or_else(String::new, |name| format!(", of endpoint {name}"))
}

pub(super) fn counted(endpoints: &[Name]) -> String {
    match endpoints {
        [one] => format!("the endpoint {one}"),
        [] => "no endpoints".into(),
        _ => {
            let mut names: Vec<&str> = endpoints.iter().take(NAMED).map(Name::as_str).collect();
            if endpoints.len() > NAMED {
                names.push("…");
            }
            format!("{} endpoints: {}", endpoints.len(), names.join(", "))
        }
    }
}

/// Why no endpoint can have an address: it is in no subnet, or its subnet reserves it.
pub(super) fn not_usable(subnets: &[IpNet], ip: IpAddr, network: &Name) -> String {
    match subnets.iter().find(|subnet| subnet.contains(&ip)) {
        Some(subnet) => {
            let purpose = reserved_as(*subnet, ip).unwrap_or("an address of no endpoint");
            format!(
                "cannot be given to an endpoint of network {network}: it is the {purpose} of {subnet}"
            )
        }
        None if subnets.is_empty() => {
            format!("is in no subnet of network {network}, which has none of that family")
        }
        None => format!("is in no subnet of network {network} ({})", listed(subnets)),
    }
}

/// How a range is outside of subnets: a part of none, or wider than one.
pub(super) fn outside(subnets: &[IpNet], range: IpNet) -> String {
    match subnets.iter().any(|subnet| range.contains(subnet)) {
        true => "is wider than the subnet".into(),
        false => "is a part of none of the subnets".into(),
    }
}

/// The given subnets of the family in question.
pub(super) fn given(subnets: &[IpNet]) -> String {
    match subnets {
        [] => "none of that family is given".into(),
        _ => listed(subnets),
    }
}

fn listed(subnets: &[IpNet]) -> String {
    let subnets: Vec<String> = subnets.iter().map(ToString::to_string).collect();
    subnets.join(", ")
}

pub(super) fn listed_ports(ports: &[PortRequest]) -> String {
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    ports.join(", ")
}

/// In which pools no subnet is left, and what takes them.
pub(super) fn in_pools(pools: &[String], routes: &[IpNet], networks: usize) -> String {
    if pools.is_empty() {
        return ": no pool is set".to_owned();
    }
    let mut named: Vec<String> = routes.iter().take(NAMED).map(ToString::to_string).collect();
    if routes.len() > NAMED {
        named.push("…".to_owned());
    }
    let routes = (!named.is_empty()).then(|| format!("the host's routes to {}", named.join(", ")));
    let networks = match networks {
        0 => None,
        1 => Some("a subnet of another network".to_owned()),
        count => Some(format!("{count} subnets of other networks")),
    };
    let takers: Vec<String> = routes.into_iter().chain(networks).collect();
    let pools = pools.join(", ");
    format!(" in the pools {pools}: taken by {}", takers.join(" and "))
}
