//! Published ports in the ranges in which users publish them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tidegate_api::{Endpoint, EndpointView, NetworkView, Policy};
use tidegate_model::{Access, AllowList, HostPorts, Name, PortRequest, in_ranges};

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
    /// Who holds the host ports, if there are any: ports at an endpoint's own address take none.
    #[serde(rename = "held-by")]
    pub(crate) held_by: Option<HostPorts>,
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
                clients: clients(policy_of(&endpoint.network), &endpoint, &ports, allow),
                allow: allow.cloned().unwrap_or_default(),
                held_by: ports.host_ports.map(|_| endpoint.host_ports),
                ports,
            })
            .collect::<Vec<_>>()
    };
    endpoints.iter().flat_map(of_endpoint).collect()
}

/// The clients that reach ports of a network with this policy.
fn clients(
    policy: Option<&Policy>,
    endpoint: &Endpoint,
    ports: &PortRequest,
    allow: Option<&AllowList>,
) -> String {
    if ports.host_ip.is_some_and(|ip| ip.is_loopback()) {
        return "the host".to_owned();
    }
    let allow = allow.filter(|list| restricts(list, endpoint, ports));
    let listed = allow.map_or_else(|| "everybody".to_owned(), ToString::to_string);
    policy.and_then(shut_in).unwrap_or(listed)
}

/// Whether a list blocks a client of these ports. A port has the families of its endpoint, or that of its host address.
pub(crate) fn restricts(list: &AllowList, endpoint: &Endpoint, ports: &PortRequest) -> bool {
    let is_of_port = |ip: &IpAddr| ports.host_ip.is_none_or(|at| at.is_ipv4() == ip.is_ipv4());
    let addresses = endpoint.addresses.iter().map(|net| net.addr());
    blocks(list, addresses.filter(is_of_port))
}

/// A list as text, for ports of the families of these addresses.
pub(crate) fn shown(list: &AllowList, families: impl Iterator<Item = IpAddr>) -> String {
    match blocks(list, families) {
        true => list.to_string(),
        false => AllowList::default().to_string(),
    }
}

fn blocks(list: &AllowList, mut families: impl Iterator<Item = IpAddr>) -> bool {
    families.any(|ip| !list.is_everybody_of(ip))
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
