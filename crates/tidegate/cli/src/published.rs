//! Published ports in the ranges in which users publish them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tidegate_api::{Endpoint, EndpointView};
use tidegate_model::{AllowList, Name, PortRequest, in_ranges};

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
    /// The clients that may reach them.
    pub(crate) allow: AllowList,
}

/// The published ports of endpoints.
pub(crate) fn of(endpoints: &[EndpointView]) -> Vec<PublishedPorts> {
    let of_endpoint = |view: &EndpointView| {
        let endpoint = view.endpoint.clone();
        let ranges = ranges(&endpoint).into_iter();
        ranges
            .map(|(ports, allow)| PublishedPorts {
                ports,
                endpoint: endpoint.name.clone(),
                network: endpoint.network.clone(),
                addresses: endpoint.addresses.iter().map(|net| net.addr()).collect(),
                allow: allow.cloned().unwrap_or_default(),
            })
            .collect::<Vec<_>>()
    };
    endpoints.iter().flat_map(of_endpoint).collect()
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
