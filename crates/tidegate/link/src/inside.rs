//! Looks at an endpoint's interface in its namespace.

use rustix::io::Errno;
use tidegate_model::IfName;
use tidegate_model::links::{Inside, InsideLink, InsideRoute};
use tidegate_sys::Netns;
use tidegate_sys::netlink::{self, Socket};

use crate::decode::{AddressRecord, LinkRecord, RouteRecord};
use crate::error::Cause;
use crate::message;
use crate::remover::is_retired;
use crate::survey::{id_of, is_link_local};

/// What a namespace has of the endpoint whose interface has that name there. `host_end` is the index of the host's end
/// of its pair, if there is one.
pub(crate) fn look(netns: &Netns, ifname: &IfName, host_end: Option<u32>) -> Result<Inside, Cause> {
    let (link, routes) = netns.run_here(|| look_here(ifname, host_end))??;
    Ok(Inside {
        id: id_of(netns),
        is_at_home: false,
        link,
        routes,
    })
}

/// The same for an interface that was handed over, where its engine has moved it.
pub(crate) fn look_handed_over(
    socket: &mut Socket,
    home: &Netns,
    host_end: &IfName,
) -> Result<Inside, Cause> {
    let nothing = Inside {
        id: id_of(home),
        is_at_home: true,
        link: None,
        routes: Vec::new(),
    };
    let Some(port) = named(socket, host_end)? else {
        return Ok(nothing);
    };
    let Some(index) = port.other_end else {
        return Ok(nothing);
    };
    let request = match port.other_netns {
        Some(number) => message::get_link_in(number, index),
        None => message::get_link(index),
    };
    let link = LinkRecord::decode(&socket.ask(request)?);
    Ok(Inside {
        is_at_home: port.other_netns.is_none(),
        link: link.map(|link| InsideLink {
            up: link.is_up,
            mac: link.mac,
            addresses: Vec::new(),
            is_pair: true,
        }),
        ..nothing
    })
}

/// The link of that name, unless it is a removed one.
fn named(socket: &mut Socket, ifname: &IfName) -> Result<Option<LinkRecord>, Cause> {
    match socket.ask(message::get_link_named(ifname)) {
        Ok(body) => Ok(LinkRecord::decode(&body).filter(|link| !is_retired(link))),
        Err(netlink::Error::Refused(refusal)) if refusal.errno == Errno::NODEV => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The interface and the routes through it, in the namespace of the calling thread.
fn look_here(
    ifname: &IfName,
    host_end: Option<u32>,
) -> Result<(Option<InsideLink>, Vec<InsideRoute>), Cause> {
    let mut socket = Socket::open(netlink::Family::Route)?;
    let Some(link) = named(&mut socket, ifname)? else {
        return Ok((None, Vec::new()));
    };
    let of_link = message::list_addresses_of(link.index);
    let addresses = socket.dump(&of_link, AddressRecord::decode)?;
    // A kernel that ignores the index lists those of every link.
    let addresses = addresses.iter().filter(|it| it.index == link.index);
    let addresses = addresses.map(|it| it.local);
    let routes = socket.dump(&message::list_routes(), RouteRecord::decode)?;
    let own = routes
        .iter()
        .filter(|route| route.is_main() && route.is_unicast() && route.link == Some(link.index));
    let routes = own.map(|route| InsideRoute {
        to: route.destination,
        via: route.via,
        metric: route.metric,
    });
    let interface = InsideLink {
        up: link.is_up,
        mac: link.mac,
        addresses: addresses.filter(|net| !is_link_local(net)).collect(),
        is_pair: host_end.is_some() && link.other_end == host_end,
    };
    Ok((Some(interface), routes.collect()))
}
