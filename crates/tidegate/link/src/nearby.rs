//! Tells which addresses are the host's own, and which the host reaches through an interface.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::IfName;
use tidegate_sys::netlink::Socket;

use crate::decode::{LinkRecord, RouteRecord};
use crate::error::Cause;
use crate::message;

/// The host's local routes and those of the main table. Policy rules and other tables are ignored.
pub(crate) struct Nearby {
    hosts: Vec<IpNet>,
    routes: Vec<(IpNet, IfName)>,
}

impl Nearby {
    pub(crate) fn look(socket: &mut Socket) -> Result<Self, Cause> {
        let routes = socket.dump(&message::list_routes(), RouteRecord::decode)?;
        let links = socket.dump(&message::list_links(), LinkRecord::decode)?;
        let names: HashMap<u32, IfName> = links
            .into_iter()
            .filter_map(|link| Some((link.index, link.ifname?)))
            .collect();
        let hosts = routes.iter().filter(|route| route.is_local());
        let through = |route: &RouteRecord| {
            let ifname = names.get(&route.link?)?;
            Some((route.destination, ifname.clone()))
        };
        let others = routes
            .iter()
            .filter(|route| route.is_main() && route.is_unicast());
        Ok(Self {
            hosts: hosts.map(|route| route.destination).collect(),
            routes: others.filter_map(through).collect(),
        })
    }

    /// Whether it is an address of the host.
    pub(crate) fn is_hosts(&self, ip: IpAddr) -> bool {
        self.hosts.iter().any(|net| net.contains(&ip))
    }

    /// Whether it is an address of the host, or the narrowest route to it leads through one of these links.
    pub(crate) fn is_near(&self, ip: IpAddr, links: &[IfName]) -> bool {
        let routes = || self.routes.iter().filter(|(net, _)| net.contains(&ip));
        let narrowest = routes().map(|(net, _)| net.prefix_len()).max();
        let is_through = |(net, ifname): &(IpNet, IfName)| {
            Some(net.prefix_len()) == narrowest && links.contains(ifname)
        };
        self.is_hosts(ip) || (!links.is_empty() && routes().any(is_through))
    }
}
