//! Allow-lists of published ports, and their elements.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_api::CreateNetwork;
use tidegate_model::{
    AllowList, Allowance, Endpoint, Mode, Network, PortBinding, Protocol, Source, State, Subnet,
};
use tidegate_nft::{Element, InetProto, InetService, Value};

use crate::refused::NoAllowList;
use crate::sets::{Elements, NftSet, address};
use crate::{IpFamily, Refused};

/// The allow-list of ports in a request: that of the request, else that of the network, else that of the
/// configuration. A list that blocks every client is refused. The host always reaches its own ports, so a port on a
/// loopback address needs no other client, unless the request has a list.
pub(crate) fn of_request(
    state: &State,
    network: &Network,
    addresses: &[IpNet],
    asked: &[Source],
    ports: &[PortBinding],
) -> Result<AllowList, Refused> {
    let own = AllowList::of_clients(asked)?;
    let lists = [&own, &network.allow, &state.allow];
    let first = lists.into_iter().find(|list| !list.is_empty());
    let from = first.filter(|list| !list.is_everybody());
    let from = from.cloned().unwrap_or_default();
    let count = ports.len() * from.sources().len();
    if count > MOST {
        return Err(NoAllowList::TooMany {
            ports: ports.len(),
            sources: from.sources().len(),
            most: MOST,
        }
        .into());
    }
    let is_for_others = |port: &&PortBinding| {
        let is_loopback = port.only_at().is_some_and(|ip| ip.is_loopback());
        !own.is_empty() || !is_loopback
    };
    for port in ports.iter().filter(is_for_others) {
        let families = addresses.iter().map(IpNet::addr);
        let mut families = families.filter(|ip| port.is_of_family(*ip)).peekable();
        if let Some(family) = families.peek().copied()
            && !names_any(&from, families)
        {
            let family = IpFamily::of_address(family);
            let (port, from) = (*port, from.clone());
            return Err(NoAllowList::OfPortNamesNobody { port, family, from }.into());
        }
    }
    Ok(from)
}

/// The list of a network with these subnets.
pub(crate) fn of_network(
    request: &CreateNetwork,
    subnets: &[Subnet],
) -> Result<AllowList, Refused> {
    let from = AllowList::of_clients(&request.allow)?;
    let mut families = subnets.iter().map(|subnet| subnet.net.addr()).peekable();
    match families.peek().copied() {
        Some(family) if !names_any(&from, families) => Err(NoAllowList::OfNetworkNamesNobody {
            network: request.name.clone(),
            family: IpFamily::of_address(family),
            from,
        }
        .into()),
        _ => Ok(from),
    }
}

/// Whether the list has a source in a family of these addresses.
fn names_any(list: &AllowList, mut families: impl Iterator<Item = IpAddr>) -> bool {
    let is_named = |family: IpAddr| {
        let mut sources = list.sources().iter();
        sources.any(|source| source.net().addr().is_ipv4() == family.is_ipv4())
    };
    list.is_everybody() || families.any(is_named)
}

/// The most list elements (ports times sources) of one request: each takes the kernel some microseconds.
const MOST: usize = 16_384;

/// The allow-lists of an endpoint after ports were added.
pub(crate) fn with(
    before: &[Allowance],
    ports: &[PortBinding],
    from: &AllowList,
) -> Vec<Allowance> {
    let mut allow = before.to_vec();
    if ports.is_empty() || from.is_everybody() {
        return allow;
    }
    match allow.iter_mut().find(|allowance| allowance.from == *from) {
        Some(alike) => alike.ports.extend(ports),
        None => allow.push(Allowance {
            ports: ports.to_vec(),
            from: from.clone(),
        }),
    }
    allow
}

/// The allow-lists of an endpoint after ports were removed.
pub(crate) fn kept(before: &[Allowance], ports: &[PortBinding]) -> Vec<Allowance> {
    let ports: HashSet<&PortBinding> = ports.iter().collect();
    let mut allow = before.to_vec();
    for allowance in &mut allow {
        allowance.ports.retain(|port| ports.contains(port));
    }
    allow.retain(|allowance| !allowance.ports.is_empty());
    allow
}

/// Refuses ports whose list differs from that of other host ports for the same port of the endpoint, if clients reach
/// that one at the endpoint's own address too: there it is one port with one list.
pub(crate) fn check(
    network: &Network,
    endpoint: &Endpoint,
    new: &[PortBinding],
    from: &AllowList,
) -> Result<(), Refused> {
    let has_own = |port: &PortBinding| {
        let mut addresses = endpoint.addresses.iter().map(|net| net.addr());
        addresses.any(|ip| is_reached_at_own(network, port, ip))
    };
    let lets_in = |list: Option<&AllowList>| list.map(|list| (list.ipv4(), list.ipv6()));
    let wanted = lets_in(Some(from));
    let to = |port: &PortBinding| (port.port, port.protocol);
    let new: HashSet<_> = new.iter().filter(|port| has_own(port)).map(to).collect();
    let everybody = AllowList::default();
    let differs = |port: &&PortBinding| {
        let list = endpoint.allowed(port).unwrap_or(&everybody);
        new.contains(&to(port)) && has_own(port) && lets_in(Some(list)) != wanted
    };
    match endpoint.ports.iter().find(differs) {
        None => Ok(()),
        Some(held) => Err(NoAllowList::Differs {
            endpoint: endpoint.name.clone(),
            held: *held,
            from: endpoint.allowed(held).cloned().unwrap_or_default(),
        }
        .into()),
    }
}

/// Whether a published port opens the port at the endpoint's own address too.
fn is_reached_at_own(network: &Network, port: &PortBinding, own: IpAddr) -> bool {
    let is_loopback = port.only_at().is_some_and(|ip| ip.is_loopback());
    network.policy.mode_of(own) != Mode::Nat && port.is_of_family(own) && !is_loopback
}

/// The elements for an endpoint's ports that have a list.
pub(crate) fn elements(network: &Network, endpoint: &Endpoint, ports: &[PortBinding]) -> Elements {
    let of_allowance = |allowance: &'_ Allowance| {
        let ports = allowance.ports.clone().into_iter();
        let from = allowance.from.clone();
        ports.map(move |port| (port, from.clone()))
    };
    let lists: HashMap<PortBinding, AllowList> =
        endpoint.allow.iter().flat_map(of_allowance).collect();
    let listed = ports
        .iter()
        .filter(|port| !port.is_on_ipv6_loopback())
        .filter_map(|port| Some((port, lists.get(port)?)));
    let mut elements = Elements::new();
    for (port, list) in listed {
        for own in endpoint.addresses.iter().map(|net| net.addr()) {
            if port.is_of_family(own) && network.policy.mode_of(own) != Mode::Routed {
                let key = Key {
                    at: port.only_at(),
                    protocol: port.protocol,
                    port: port.host_port,
                };
                elements.extend(key.elements(list, own));
            }
            if is_reached_at_own(network, port, own) {
                let key = Key {
                    at: Some(own),
                    protocol: port.protocol,
                    port: port.port,
                };
                elements.extend(key.elements(list, own));
            }
        }
    }
    // Several host ports may lead to one port of the endpoint.
    let mut seen = HashSet::new();
    elements.retain(|(of, element)| seen.insert((*of, element.key.clone())));
    elements
}

/// A port as packets address it.
#[derive(Clone, Copy)]
struct Key {
    /// The destination address; none for any address of the host.
    at: Option<IpAddr>,
    protocol: Protocol,
    port: u16,
}

impl Key {
    fn values(self) -> impl Iterator<Item = Value> {
        let protocol = InetProto(self.protocol.number()).into();
        let port = InetService(self.port).into();
        self.at.map(address).into_iter().chain([protocol, port])
    }

    /// The elements that restrict the port and allow its clients, in the family of an address.
    fn elements(self, list: &AllowList, family: IpAddr) -> Elements {
        let (sources, [restricted, allowed]): (Option<Vec<Value>>, _) = match family {
            IpAddr::V4(_) => (
                list.ipv4()
                    .map(|nets| nets.into_iter().map(Value::from).collect()),
                match self.at {
                    None => [NftSet::Restricted4, NftSet::Allowed4],
                    Some(_) => [NftSet::Restricted4At, NftSet::Allowed4At],
                },
            ),
            IpAddr::V6(_) => (
                list.ipv6()
                    .map(|nets| nets.into_iter().map(Value::from).collect()),
                match self.at {
                    None => [NftSet::Restricted6, NftSet::Allowed6],
                    Some(_) => [NftSet::Restricted6At, NftSet::Allowed6At],
                },
            ),
        };
        let Some(sources) = sources else {
            return Elements::new();
        };
        let let_in = sources.into_iter().map(|source| {
            let key = std::iter::once(source).chain(self.values());
            (allowed, Element::new(key))
        });
        std::iter::once((restricted, Element::new(self.values())))
            .chain(let_in)
            .collect()
    }
}
