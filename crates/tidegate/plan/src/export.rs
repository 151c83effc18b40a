//! A state as the requests that make it again.

use std::path::Path;

use ipnet::IpNet;
use tidegate_api::{Attach, Connection, CreateNetwork, Export, ExportedEndpoint, Publish};
use tidegate_model::{Endpoint, Name, Network, PortBinding, PortRequest, Source, State};

use crate::interface_names::{BRIDGE, interface_number};

/// The document of a state.
pub fn export(state: &State, version: &str) -> Export {
    let networks = state.networks.values();
    let connections = networks.clone().flat_map(|network| {
        let peers = network.peers.iter();
        peers.filter_map(|peer| connection(state, network, peer))
    });
    let endpoints = state.endpoints.values();
    // An engine asks again for what was handed over to it, and nobody else could use it.
    let endpoints = endpoints.filter(|endpoint| !endpoint.place.is_handed_over());
    let endpoints = endpoints.filter_map(|endpoint| {
        let network = state.networks.get(&endpoint.network)?;
        Some(exported(state, network, endpoint))
    });
    Export {
        version: Export::VERSION,
        tidegate: version.to_owned(),
        connected: connections.collect(),
        networks: networks.map(requested).collect(),
        endpoints: endpoints.collect(),
    }
}

/// A connection both ways is told once.
fn connection(state: &State, from: &Network, to: &Name) -> Option<Connection> {
    let back = &state.networks.get(to)?.peers;
    let one_way = !back.contains(&from.name);
    (one_way || from.name < *to).then(|| Connection {
        from: from.name.clone(),
        to: to.clone(),
        one_way,
    })
}

/// Every field is named, so that no new one is forgotten.
fn requested(network: &Network) -> CreateNetwork {
    let Network {
        name,
        bridge,
        // Each host has its own.
        mac: _,
        subnets,
        mtu,
        host_ips,
        allow,
        policy,
        reserved,
        // `connected` of the document has them.
        peers: _,
        labels,
        dns,
        remove_when_unused,
    } = network.clone();
    let has = |is_ipv4| subnets.iter().any(|it| it.net.addr().is_ipv4() == is_ipv4);
    let is_generated = interface_number(BRIDGE, &bridge).is_some();
    CreateNetwork {
        name,
        gateways: subnets.iter().map(|subnet| subnet.gateway).collect(),
        ranges: subnets.iter().filter_map(|subnet| subnet.range).collect(),
        reserved,
        ipv4: has(true),
        ipv6: has(false),
        require_ipv6: false,
        mtu,
        host_ips,
        allow: allow.sources().to_vec(),
        bridge: (!is_generated).then_some(bridge),
        policy: policy.into(),
        labels,
        dns: dns.into(),
        remove_when_unused,
        subnets: subnets.into_iter().map(|subnet| subnet.net).collect(),
    }
}

/// Every field is named, so that no new one is forgotten.
fn attached(endpoint: &Endpoint) -> Attach {
    let Endpoint {
        name,
        network,
        place,
        // Each host has its own.
        host_ifname: _,
        ifname,
        mac,
        addresses,
        // These follow from the network and the namespace.
        gateways: _,
        gateway_metric: _,
        resolvers: _,
        default_route,
        routes,
        gateway_priority,
        aliases,
        // `publish` of the document has them.
        ports: _,
        allow: _,
        host_ports,
        sysctls,
        dns,
        owner,
        labels,
    } = endpoint.clone();
    Attach {
        network,
        netns: place.path().map(Path::to_owned),
        hand_over: None,
        name: Some(name),
        aliases,
        ports: Vec::new(),
        allow: Vec::new(),
        host_ports,
        addresses: addresses.iter().map(IpNet::addr).collect(),
        mac: Some(mac),
        ifname: Some(ifname),
        default_route,
        routes: routes.into_iter().map(Into::into).collect(),
        gateway_priority,
        sysctls,
        dns: dns.into(),
        owner: owner.map(Into::into),
        labels,
        // The document has the network, and what was replaced is gone.
        replace: false,
        network_if_missing: None,
    }
}

fn exported(state: &State, network: &Network, endpoint: &Endpoint) -> ExportedEndpoint {
    let is_listed = |port: &&PortBinding| endpoint.allowed(port).is_some();
    let (_, open): (Vec<&PortBinding>, Vec<&PortBinding>) =
        endpoint.ports.iter().partition(is_listed);
    // Without a list, the default of the network or of the host would apply.
    let is_default = match network.allow.is_empty() {
        true => state.allow.is_everybody(),
        false => network.allow.is_everybody(),
    };
    let everybody = match is_default {
        true => Vec::new(),
        false => everybody(),
    };
    let lists = endpoint.allow.iter();
    let lists = lists.map(|each| (each.ports.iter().collect(), each.from.sources().to_vec()));
    let groups = [(open, everybody)].into_iter().chain(lists);
    let groups = groups.filter(|(ports, _)| !ports.is_empty());
    let publish = groups.map(|(ports, allow)| Publish {
        ports: ports.into_iter().filter_map(request_of).collect(),
        allow,
    });
    ExportedEndpoint {
        attach: attached(endpoint),
        publish: publish.collect(),
    }
}

/// All of both families.
fn everybody() -> Vec<Source> {
    let all = ["0.0.0.0/0", "::/0"].into_iter();
    all.filter_map(|text| text.parse().ok()).collect()
}

/// The request of a binding has the text of the binding.
fn request_of(binding: &PortBinding) -> Option<PortRequest> {
    binding.to_string().parse().ok()
}
