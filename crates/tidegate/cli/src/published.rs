//! Published ports in the ranges in which users publish them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tidegate_api::{Endpoint, EndpointView, NetworkView, Policy};
use tidegate_model::{Access, AllowList, Name, PortRequest, in_ranges};

/// Consecutive published ports of an endpoint with the same allow-list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishedPorts {
    /// The ports, as `-p` takes them.
    pub(crate) ports: PortRequest,
    /// The endpoint.
    pub(crate) endpoint: Name,
    /// Its network.
    pub(crate) network: Name,
    /// Its addresses.
    pub(crate) addresses: Vec<IpAddr>,
    /// The list of the clients that may reach them.
    pub(crate) allow: AllowList,
    /// The clients that reach them, as text.
    pub(crate) clients: String,
}

/// The published ports of endpoints.
pub(crate) fn of(endpoints: &[EndpointView], networks: &[NetworkView]) -> Vec<PublishedPorts> {
    let policy_of = |name: &Name| {
        let network = networks.iter().find(|view| view.network.name == *name);
        network.map(|view| &view.network.policy)
    };
    let of_endpoint = |view: &EndpointView| {
        let endpoint = view.endpoint.clone();
        let ranges = ranges(&endpoint).into_iter();
        ranges
            .map(|(ports, allow)| PublishedPorts {
                endpoint: endpoint.name.clone(),
                network: endpoint.network.clone(),
                addresses: endpoint.addresses.iter().map(|net| net.addr()).collect(),
                clients: clients(policy_of(&endpoint.network), &ports, allow),
                allow: allow.cloned().unwrap_or_default(),
                ports,
            })
            .collect::<Vec<_>>()
    };
    endpoints.iter().flat_map(of_endpoint).collect()
}

/// The clients that reach ports of a network with this policy.
fn clients(policy: Option<&Policy>, ports: &PortRequest, allow: Option<&AllowList>) -> String {
    if ports.host_ip.is_some_and(|ip| ip.is_loopback()) {
        return "the host".to_owned();
    }
    let listed = allow.map_or_else(|| "everybody".to_owned(), ToString::to_string);
    policy.and_then(shut_in).unwrap_or(listed)
}

/// The clients that reach a network which is not open, as text.
pub(crate) fn shut_in(policy: &Policy) -> Option<String> {
    match (policy.access, &policy.trusted_interfaces[..]) {
        (Access::Open, _) => None,
        (Access::Isolated, _) => Some("nobody".to_owned()),
        (Access::Internal, []) => Some("the host".to_owned()),
        (Access::Internal, trusted) => {
            let trusted: Vec<String> = trusted.iter().map(ToString::to_string).collect();
            Some(format!("the host, clients of {}", trusted.join(", ")))
        }
    }
}

/// The ranges of an endpoint, each with its allow-list, if it has one.
pub(crate) fn ranges(endpoint: &Endpoint) -> Vec<(PortRequest, Option<&AllowList>)> {
    let list_of = |port| {
        let mut lists = endpoint.allow.iter();
        lists.position(|list| list.ports.contains(port))
    };
    let ports = endpoint.ports.iter().map(|port| (list_of(port), *port));
    let allowed = |list: Option<usize>| Some(&endpoint.allow.get(list?)?.from);
    let runs = in_ranges(ports).into_iter();
    runs.map(|run| (run.range, allowed(run.group))).collect()
}
