//! Compares one endpoint with what the kernel has of it.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use tidegate_api::{EndpointCheck, EndpointFinding, EndpointPart};
use tidegate_model::links::{Inside, InsideLink, InsideRoute, Link, Peer};
use tidegate_model::{Endpoint, Name, Network, State};
use tidegate_nft::Difference;

use crate::lookup::{find, find_endpoint};
use crate::mend::{of_bridge, of_port};
use crate::{Refused, elements, sets, steps};

/// What the kernel has of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenEndpoint {
    /// The network's bridge.
    pub bridge: Option<Link>,
    /// The host's end of the pair.
    pub port: Option<Link>,
    /// What is in the namespace, or why nobody can tell.
    pub inside: Result<Inside, String>,
    /// How the kernel's table differs from the planned one, or why nobody can tell.
    pub table: Result<Vec<Difference>, String>,
}

/// What is missing of an endpoint, or has changed.
///
/// # Errors
/// If there is no endpoint of that name.
pub fn check(state: &State, name: &Name, seen: &SeenEndpoint) -> Result<EndpointCheck, Refused> {
    let endpoint = find_endpoint(state, name)?;
    let network = find(state, &endpoint.network)?;
    let mut found = Findings::default();
    found.status(state, endpoint);
    found.on_host(network, endpoint, seen);
    match &seen.inside {
        Ok(inside) => found.inside(network, endpoint, inside),
        Err(reason) => found.add(EndpointPart::Namespace, reason.clone()),
    }
    match &seen.table {
        Ok(differences) => found.rules(state, network, endpoint, differences),
        Err(reason) => found.add(
            EndpointPart::Rules,
            format!("the table cannot be compared: {reason}"),
        ),
    }
    Ok(EndpointCheck { findings: found.0 })
}

#[derive(Default)]
struct Findings(Vec<EndpointFinding>);

impl Findings {
    fn add(&mut self, part: EndpointPart, what: String) {
        self.0.push(EndpointFinding { part, what });
    }

    fn status(&mut self, state: &State, endpoint: &Endpoint) {
        let degraded = &state.degraded;
        let faults = [
            degraded.networks.get(&endpoint.network),
            degraded.endpoints.get(&endpoint.name),
        ];
        for fault in faults.into_iter().flatten() {
            self.add(EndpointPart::Status, fault.reason.clone());
        }
    }

    fn on_host(&mut self, network: &Network, endpoint: &Endpoint, seen: &SeenEndpoint) {
        let (bridge, port) = (&network.bridge, &endpoint.host_ifname);
        let differences = match &seen.bridge {
            None => vec![format!("interface {bridge} does not exist on the host")],
            Some(link) => {
                let differences = of_bridge(&steps::bridge(network), link, link.mtu).into_iter();
                let faults = differences.map(|it| format!("interface {bridge} {}", it.fault()));
                faults.collect()
            }
        };
        let of_port = match &seen.port {
            None => vec![format!("interface {port} does not exist on the host")],
            Some(link) => {
                let differences = of_port(&steps::veth(endpoint, network), link, bridge);
                let faults = differences.into_iter();
                let faults = faults.map(|it| format!("interface {port} {}", it.fault()));
                faults.collect()
            }
        };
        for what in differences.into_iter().chain(of_port) {
            self.add(EndpointPart::Bridge, what);
        }
    }

    fn inside(&mut self, network: &Network, endpoint: &Endpoint, inside: &Inside) {
        let peer = steps::veth(endpoint, network).peer;
        if peer.netns.is_none() {
            return self.handed_over(&peer, inside);
        }
        match interface_of(endpoint, &peer, inside) {
            Ok(link) => self.interface(&peer, link, &inside.routes),
            Err((part, what)) => self.add(part, what),
        }
    }

    /// The engine gives it its addresses and routes, and its name.
    fn handed_over(&mut self, peer: &Peer, inside: &Inside) {
        let ifname = &peer.ifname;
        match &inside.link {
            None => {
                let what = format!("interface {ifname}, which was handed over, does not exist");
                self.add(EndpointPart::Interface, what);
            }
            Some(link) if inside.is_at_home => {
                let what = format!(
                    "interface {ifname} is in the host's namespace: its engine has not moved it yet"
                );
                self.add(EndpointPart::Namespace, what);
                self.ethernet(peer, link);
            }
            Some(link) => {
                self.ethernet(peer, link);
                if !link.up {
                    let what = format!("interface {ifname}, which was handed over, is down");
                    self.add(EndpointPart::Interface, what);
                }
            }
        }
    }

    fn ethernet(&mut self, peer: &Peer, link: &InsideLink) {
        let ifname = &peer.ifname;
        if link.mac != Some(peer.mac) {
            let found = link
                .mac
                .map_or_else(|| "none".to_owned(), |mac| mac.to_string());
            let wanted = peer.mac;
            self.add(
                EndpointPart::Interface,
                format!("interface {ifname} of the namespace has the Ethernet address {found} instead of {wanted}"),
            );
        }
    }

    fn interface(&mut self, peer: &Peer, link: &InsideLink, routes: &[InsideRoute]) {
        let ifname = &peer.ifname;
        if !link.up {
            self.add(EndpointPart::Interface, is_down(peer));
        }
        self.ethernet(peer, link);
        for net in peer
            .addresses
            .iter()
            .filter(|net| !link.addresses.contains(net))
        {
            self.add(EndpointPart::Address, lacks_address(peer, *net));
        }
        for wanted in wanted_routes(peer) {
            let is_it = |found: &&InsideRoute| wanted.is_in(found);
            if routes.iter().find(is_it).is_none() {
                let what = format!("the namespace lacks {}", wanted.shown(ifname.as_str()));
                self.add(EndpointPart::Route, what);
            }
        }
    }

    fn rules(
        &mut self,
        state: &State,
        network: &Network,
        endpoint: &Endpoint,
        differences: &[Difference],
    ) {
        // One that is down has none.
        let is_down = state.degraded.down_endpoint(&endpoint.name).is_some();
        let own = match is_down {
            true => Vec::new(),
            false => elements::with_endpoint(state, network, endpoint),
        };
        let table = sets::table();
        let of_set = |set: &sets::NftSet| format!("set {table} {}", set.id().name);
        let own: HashSet<String> = own
            .iter()
            .map(|(set, element)| format!("{} {{ {element} }}", of_set(set)))
            .collect();
        for difference in differences {
            let object = match difference {
                Difference::Missing { object } => object.clone(),
                Difference::Different {
                    object, planned, ..
                } if object.starts_with("set ") => {
                    format!("{object} {{ {planned} }}")
                }
                Difference::Different { object, .. } => object.clone(),
                Difference::Extra { .. } => continue,
            };
            // Elements of other endpoints do not matter; sets, chains and rules do.
            let is_element = object.starts_with("set ") && object.contains('{');
            if own.contains(&object) || !is_element {
                self.add(
                    EndpointPart::Rules,
                    format!("the kernel's table lacks {object}"),
                );
            }
        }
    }
}

/// The endpoint's interface in its namespace, or why nothing comes or goes there by it.
pub(crate) fn interface_of<'a>(
    endpoint: &Endpoint,
    peer: &Peer,
    inside: &'a Inside,
) -> Result<&'a InsideLink, (EndpointPart, String)> {
    let ifname = &peer.ifname;
    let netns = peer.netns.as_ref();
    if let Some(netns) = netns.filter(|netns| !inside.id.has_file_of(&netns.id)) {
        let path = netns.path.display();
        let what = format!("{path} is another namespace than the one that was attached");
        return Err((EndpointPart::Namespace, what));
    }
    let what = match &inside.link {
        Some(link) if link.is_pair => return Ok(link),
        None => format!("the namespace has no interface {ifname}"),
        Some(_) => {
            let port = &endpoint.host_ifname;
            format!(
                "interface {ifname} of the namespace is another one: it does not lead to {port}"
            )
        }
    };
    Err((EndpointPart::Interface, what))
}

pub(crate) fn is_down(peer: &Peer) -> String {
    format!("interface {} of the namespace is down", peer.ifname)
}

pub(crate) fn lacks_address(peer: &Peer, net: IpNet) -> String {
    format!(
        "interface {} of the namespace lacks the address {net}",
        peer.ifname
    )
}

/// A route that the namespace has to have.
pub(crate) struct Wanted {
    pub(crate) to: IpNet,
    pub(crate) via: Option<IpAddr>,
    /// None if the kernel chooses it.
    pub(crate) metric: Option<u32>,
}

impl Wanted {
    pub(crate) fn is_in(&self, found: &InsideRoute) -> bool {
        let is_metric = self.metric.is_none_or(|metric| metric == found.metric);
        (self.to, self.via) == (found.to, found.via) && is_metric
    }

    pub(crate) fn shown(&self, ifname: &str) -> String {
        let via = self
            .via
            .map_or_else(String::new, |via| format!(" via {via}"));
        let what = match self.to.prefix_len() {
            0 => format!("the default route{via}"),
            _ => format!("the route to {}{via}", self.to),
        };
        format!("{what} through {ifname}")
    }
}

pub(crate) fn wanted_routes(peer: &Peer) -> impl Iterator<Item = Wanted> {
    let everything = |via: IpAddr| match via {
        IpAddr::V4(_) => IpNet::new_assert(Ipv4Addr::UNSPECIFIED.into(), 0),
        IpAddr::V6(_) => IpNet::new_assert(Ipv6Addr::UNSPECIFIED.into(), 0),
    };
    let defaults = peer.gateways.iter().map(move |via| Wanted {
        to: everything(*via),
        via: Some(*via),
        metric: peer.gateway_metric,
    });
    let routes = peer.routes.iter().map(|route| Wanted {
        to: route.to(),
        via: route.via(),
        metric: None,
    });
    let names = peer.resolvers.iter().map(|ip| Wanted {
        to: IpNet::from(*ip),
        via: None,
        metric: Some(peer.resolver_metric),
    });
    defaults.chain(routes).chain(names)
}
