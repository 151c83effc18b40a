//! Facts about the host and about a namespace.

use crate::sysctl::Sysctls;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use rustix::io::Errno;
use rustix::net::netdevice::index_to_name;
use tidegate_model::links::{DefaultRoute, Link, NetnsFacts, PolicyRouting, Route};
use tidegate_model::{IfName, Ipv6Off, NetnsCookie, NetnsId};
use tidegate_sys::netlink::{self, Socket};
use tidegate_sys::{FileId, Netns};

use crate::decode::{AddressRecord, LinkRecord, RouteRecord, routing_rule};
use crate::error::{Cause, NetnsFault};
use crate::remover::is_retired;
use crate::{cookie, message};

/// The loopback interface is the first of every namespace (`loopback_net_init`).
pub(crate) const LOOPBACK: u32 = 1;

/// The links with their addresses, by index.
pub(crate) fn links(socket: &mut Socket) -> Result<Vec<Link>, Cause> {
    let links = socket.dump(&message::list_links(), LinkRecord::decode)?;
    let addresses = socket.dump(&message::list_addresses(), AddressRecord::decode)?;
    Ok(join(links, &addresses))
}

fn join(mut links: Vec<LinkRecord>, addresses: &[AddressRecord]) -> Vec<Link> {
    links.retain(|link| !is_retired(link));
    links.sort_by_key(|link| link.index);
    let names: HashMap<u32, IfName> = links
        .iter()
        .filter_map(|link| Some((link.index, link.ifname.clone()?)))
        .collect();
    let mut by_link: HashMap<u32, Vec<IpNet>> = HashMap::new();
    for address in addresses {
        by_link
            .entry(address.index)
            .or_default()
            .push(address.local);
    }
    let join = |link: LinkRecord| {
        let addresses = by_link.remove(&link.index).unwrap_or_default();
        let master = link.master.and_then(|index| names.get(&index).cloned());
        link_of(link, master, addresses)
    };
    links.into_iter().filter_map(join).collect()
}

/// A link with all of its addresses; none if its name is not an [`IfName`].
pub(crate) fn link_of(
    link: LinkRecord,
    master: Option<IfName>,
    mut addresses: Vec<IpNet>,
) -> Option<Link> {
    let may_lack = link.is_up && link.is_operational && link.has_ipv6;
    let lacks_link_local = may_lack && !addresses.iter().any(is_link_local);
    addresses.retain(|net| !is_link_local(net));
    Some(Link {
        ifname: link.ifname?,
        kind: link.kind,
        group: link.group,
        up: link.is_up,
        mac: link.mac,
        master,
        other_netns: link.other_netns,
        addresses,
        mtu: link.mtu,
        bridging: link.bridging,
        lacks_link_local,
        state_id: link.state_id,
    })
}

/// The link of that name with its addresses; none if there is none.
pub(crate) fn link(socket: &mut Socket, ifname: &IfName) -> Result<Option<Link>, Cause> {
    let found = match socket.ask(message::get_link_named(ifname)) {
        Ok(body) => LinkRecord::decode(&body),
        Err(netlink::Error::Refused(refusal)) if refusal.errno == Errno::NODEV => None,
        Err(error) => return Err(error.into()),
    };
    let Some(found) = found.filter(|link| !is_retired(link)) else {
        return Ok(None);
    };
    let of_link = message::list_addresses_of(found.index);
    let addresses = socket.dump(&of_link, AddressRecord::decode)?;
    // A kernel that ignores the index lists those of every link.
    let addresses = addresses.iter().filter(|it| it.index == found.index);
    let addresses = addresses.map(|it| it.local).collect();
    let master = found
        .master
        .and_then(|index| index_to_name(&*socket, index).ok());
    let master = master.and_then(|name| name.parse().ok());
    Ok(link_of(found, master, addresses))
}

pub(crate) fn is_link_local(net: &IpNet) -> bool {
    match net.addr() {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// The identity of a namespace, without a cookie.
pub(crate) fn id_of(netns: &Netns) -> NetnsId {
    let FileId { dev, ino } = netns.id();
    NetnsId {
        dev,
        ino,
        cookie: None,
    }
}

/// The namespace, unless it is the host's own.
pub(crate) fn guest(home: &Netns, netns: Arc<Netns>) -> Result<Arc<Netns>, Cause> {
    match netns.id() == home.id() {
        true => Err(NetnsFault::Own.into()),
        false => Ok(netns),
    }
}

/// The routes of the main table.
pub(crate) fn routes(socket: &mut Socket) -> Result<Vec<Route>, Cause> {
    let routes = socket.dump(&message::list_routes(), RouteRecord::decode)?;
    let links = socket.dump(&message::list_links(), LinkRecord::decode)?;
    let names = names(links);
    let main = routes.iter().filter(|route| route.is_main());
    Ok(main.map(|route| way(&names, route)).collect())
}

/// The routing rules, and the routes of the tables that only they use.
pub(crate) fn policy(socket: &mut Socket) -> Result<PolicyRouting, Cause> {
    let routes = socket.dump(&message::list_routes(), RouteRecord::decode)?;
    let mut rules = Vec::new();
    for is_ipv6 in [false, true] {
        // A kernel without policy rules, or without IPv6, has none.
        let of_family = socket.dump(&message::list_rules(is_ipv6), routing_rule);
        rules.extend(of_family.unwrap_or_default());
    }
    rules.sort_by_key(|rule| rule.priority);
    let links = socket.dump(&message::list_links(), LinkRecord::decode)?;
    let names = names(links);
    let routes = routes.into_iter().filter_map(|route| {
        let table = route.other_table()?;
        Some((table, way(&names, &route)))
    });
    Ok(PolicyRouting {
        rules,
        routes: routes.collect(),
    })
}

fn names(links: Vec<LinkRecord>) -> HashMap<u32, IfName> {
    let named = links.into_iter();
    named
        .filter_map(|link| Some((link.index, link.ifname?)))
        .collect()
}

fn way(names: &HashMap<u32, IfName>, route: &RouteRecord) -> Route {
    Route {
        destination: route.destination,
        ifname: route.link.and_then(|index| names.get(&index).cloned()),
        metric: route.metric,
        is_blocked: !route.is_unicast(),
    }
}

/// Facts about a namespace.
pub(crate) fn netns(netns: &Netns) -> Result<NetnsFacts, Cause> {
    let (links, routes, ipv6_off, cookie) = netns.run_here(look)??;
    let name = |index| {
        links
            .iter()
            .find(|link| link.index == index)?
            .ifname
            .clone()
    };
    let defaults = routes.iter().filter(|route| route.is_default());
    let default_routes = defaults.map(|route| DefaultRoute {
        is_ipv6: route.destination.addr().is_ipv6(),
        ifname: route.link.and_then(name),
        metric: route.metric,
    });
    Ok(NetnsFacts {
        id: NetnsId {
            cookie,
            ..id_of(netns)
        },
        default_routes: default_routes.collect(),
        ifnames: links
            .into_iter()
            .filter(|link| !is_retired(link))
            .filter_map(|link| link.ifname)
            .collect(),
        ipv6_off,
    })
}

/// Facts about the namespace of the calling thread: links, routes, IPv6, and its cookie.
type Look = (
    Vec<LinkRecord>,
    Vec<RouteRecord>,
    Option<Ipv6Off>,
    Option<NetnsCookie>,
);

fn look() -> Result<Look, Cause> {
    let mut socket = Socket::open(netlink::Family::Route)?;
    let cookie = cookie::of(&socket);
    let links = socket.dump(&message::list_links(), LinkRecord::decode)?;
    let routes = socket.dump(&message::list_routes(), RouteRecord::decode)?;
    // If IPv6 is off for all interfaces, it is off for the loopback too. If it is off only for new interfaces, the
    // kernel refuses their addresses. Only /proc/sys shows that, and access to it takes longer with every namespace
    // (`proc_sys_compare`).
    let loopback = links.iter().find(|link| link.index == LOOPBACK);
    let is_off = loopback.is_none_or(|link| !link.has_ipv6);
    let off = is_off.then(|| Sysctls::default().ipv6_off(None)).flatten();
    Ok((links, routes, off, cookie))
}
