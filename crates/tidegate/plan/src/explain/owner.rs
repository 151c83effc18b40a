//! The object that an element of a set or map belongs to.

use tidegate_model::{Endpoint, Network, PortBinding, State};
use tidegate_nft::{Element, Name, Value};

use crate::elements;
use crate::sets::NftSet;

/// A network, two networks, the resolver of a network, or a published port of an endpoint; none if the state has no
/// such object.
pub(super) fn of(state: &State, set: &Name, element: &Element) -> String {
    let Some(container) = NftSet::all().find(|container| container.id().name == *set) else {
        return String::new();
    };
    let of_interfaces = of_interfaces(state, element);
    let found = of_interfaces
        .or_else(|| of_endpoints(state, container, element))
        .or_else(|| of_networks(state, container, element));
    found.unwrap_or_default()
}

/// The networks of the interfaces in its key.
fn of_interfaces(state: &State, element: &Element) -> Option<String> {
    let named = |value: &Value| {
        let Value::Ifname(ifname) = value else {
            return None;
        };
        let ifname = ifname.as_str();
        let mut networks = state.networks.values();
        let network = networks.find(|network| network.bridge.as_str() == ifname);
        Some(network.map_or_else(
            || format!("interface {ifname}"),
            |network| format!("network {}", network.name),
        ))
    };
    let mut owners: Vec<String> = element.key.iter().filter_map(named).collect();
    owners.dedup();
    (!owners.is_empty()).then(|| owners.join(" and "))
}

fn of_endpoints(state: &State, container: NftSet, element: &Element) -> Option<String> {
    let is_in = |network: &Network, endpoint: &Endpoint| {
        let mut elements = elements::of_endpoint(state, network, endpoint).into_iter();
        elements.any(|(c, e)| c == container && e == *element)
    };
    state.endpoints.values().find_map(|endpoint| {
        let network = state.networks.get(&endpoint.network)?;
        if !is_in(network, endpoint) {
            return None;
        }
        let port = endpoint.ports.iter().find(|port| {
            let alone = Endpoint {
                ports: vec![**port],
                ..endpoint.clone()
            };
            is_in(network, &alone)
        })?;
        Some(of_port(endpoint, port))
    })
}

pub(super) fn of_port(endpoint: &Endpoint, port: &PortBinding) -> String {
    format!("published port {port} of endpoint {}", endpoint.name)
}

fn of_networks(state: &State, container: NftSet, element: &Element) -> Option<String> {
    let mut networks = state.networks.values();
    let network = networks.find(|network| {
        let mut elements = elements::of_network(state, network).into_iter();
        elements.any(|(c, e)| c == container && e == *element)
    })?;
    let name = &network.name;
    Some(match container {
        NftSet::Ours4 | NftSet::Ours6 => format!("subnet of network {name}"),
        // The only elements of a network in maps of addresses are those of its DNS server.
        _ => format!("resolver of network {name}"),
    })
}
