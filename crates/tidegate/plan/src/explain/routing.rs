//! The facts of the host that decide where a packet goes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use tidegate_model::links::{GROUP, Inside, Link, Route};
use tidegate_model::{IfName, Name, Network};

use super::walk::Ground;
use crate::others::Others;

/// The facts of the host that decide where a packet goes.
#[derive(Clone, Debug, PartialEq)]
pub struct HostRouting {
    /// The host's links.
    pub links: Vec<Link>,
    /// The routes of its main table. Policy rules (ip-rule(8)) are ignored.
    pub routes: Vec<Route>,
    /// Values of [`SYSCTLS_OF_PATHS`]; none for a missing one.
    pub sysctls: BTreeMap<String, Option<String>>,
    /// The tables of other programs.
    pub others: Others,
    /// The namespaces of the endpoints at the packet's ends ([`ends_of_paths`](super::ends_of_paths)), or why nobody
    /// can tell what is in them.
    pub namespaces: BTreeMap<Name, Result<Inside, String>>,
}

const FORWARDING4: &str = "net/ipv4/ip_forward";
const FORWARDING6: &str = "net/ipv6/conf/all/forwarding";
const NF_CALL4: &str = "net/bridge/bridge-nf-call-iptables";
const NF_CALL6: &str = "net/bridge/bridge-nf-call-ip6tables";

/// Paths of the sysctls that decide where a packet goes.
pub const SYSCTLS_OF_PATHS: [&str; 4] = [FORWARDING4, FORWARDING6, NF_CALL4, NF_CALL6];

/// The fate of a frame between endpoints of one network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bridging {
    /// The bridge forwards it without the ruleset.
    Direct,
    /// The bridge drops it: its ports are isolated.
    Apart,
    /// It passes the ruleset (br_netfilter).
    Filtered,
}

impl HostRouting {
    pub(super) fn forwards(&self, is_ipv4: bool) -> bool {
        let path = if is_ipv4 { FORWARDING4 } else { FORWARDING6 };
        self.sysctl(path) != Some("0")
    }

    pub(super) fn bridging(&self, network: &Network, is_ipv4: bool) -> Bridging {
        let value = self.sysctl(if is_ipv4 { NF_CALL4 } else { NF_CALL6 });
        match (network.policy.icc, value) {
            // No matter what the sysctl says: frames for the gateway go to the host before.
            (false, _) => Bridging::Apart,
            (true, Some("0") | None) => Bridging::Direct,
            (true, Some(_)) => Bridging::Filtered,
        }
    }

    fn sysctl(&self, path: &str) -> Option<&str> {
        self.sysctls.get(path)?.as_deref()
    }

    /// The route to an address; the default route for an unknown one. The longest matching prefix wins, then the
    /// lowest metric.
    pub(super) fn way(&self, to: Option<IpAddr>, is_ipv4: bool) -> Option<&Route> {
        let fits = |way: &&Route| match to {
            Some(address) => way.destination.contains(&address),
            None => {
                way.destination.prefix_len() == 0 && way.destination.addr().is_ipv4() == is_ipv4
            }
        };
        let best = |way: &&Route| {
            let prefix = way.destination.prefix_len();
            (prefix, std::cmp::Reverse(way.metric))
        };
        self.routes.iter().filter(fits).max_by_key(best)
    }

    /// The interface by which a sender outside is reached.
    pub(super) fn entrance(&self, from: Option<IpAddr>, is_ipv4: bool) -> Option<IfName> {
        match self.way(from, is_ipv4) {
            Some(way) => way.ifname.clone(),
            None => self.uplink(is_ipv4).map(|(ifname, _)| ifname),
        }
    }

    /// The first link with an address of the family that leads out of the host, and the address.
    pub(super) fn uplink(&self, is_ipv4: bool) -> Option<(IfName, IpAddr)> {
        let others = self
            .links
            .iter()
            .filter(|link| link.group != GROUP && link.up);
        others
            .flat_map(|link| link.addresses.iter().map(move |net| (link, net.addr())))
            .find(|(_, ip)| ip.is_ipv4() == is_ipv4 && !ip.is_loopback())
            .map(|(link, ip)| (link.ifname.clone(), ip))
    }
}

impl Ground for HostRouting {
    fn is_local(&self, address: IpAddr) -> bool {
        let mut nets = self.links.iter().flat_map(|link| &link.addresses);
        address.is_loopback() || nets.any(|net| net.addr() == address)
    }

    fn is_broadcast(&self, address: IpAddr) -> bool {
        let mut nets = self.links.iter().flat_map(|link| &link.addresses);
        let is_of_net = |net: &IpNet| match (net, address) {
            (IpNet::V4(net), IpAddr::V4(ip)) => net.prefix_len() < 31 && net.broadcast() == ip,
            _ => false,
        };
        address == IpAddr::V4(Ipv4Addr::BROADCAST) || nets.any(is_of_net)
    }

    fn leads(&self, to: IpAddr, by: &IfName) -> bool {
        let leads = |way: &Route| {
            let is_by = way.ifname.as_ref().is_none_or(|ifname| ifname == by);
            is_by && !way.is_blocked && way.destination.contains(&to)
        };
        self.routes.iter().any(leads)
    }
}
