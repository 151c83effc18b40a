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
        link,
        routes,
    })
}

/// The interface and the routes through it, in the namespace of the calling thread.
fn look_here(
    ifname: &IfName,
    host_end: Option<u32>,
) -> Result<(Option<InsideLink>, Vec<InsideRoute>), Cause> {
    let mut socket = Socket::open(netlink::Family::Route)?;
    let found = match socket.ask(message::get_link_named(ifname)) {
        Ok(body) => LinkRecord::decode(&body).filter(|link| !is_retired(link)),
        Err(netlink::Error::Refused(refusal)) if refusal.errno == Errno::NODEV => None,
        Err(error) => return Err(error.into()),
    };
    let Some(link) = found else {
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
