//! The state of a host in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use rustix::io::Errno;
use tidegate_model::links::{
    Bridge, Bridging, DEFAULT_MTU, DefaultRoute, GROUP, Inside, InsideLink, InsideRoute, Link,
    LinkKind, NetnsFacts, Peer, Reclaim, Route, Sysctl, Veth,
};
use tidegate_model::{IfName, NetnsCookie, NetnsId, NetnsRef, StateId, StaticRoute};
use tidegate_sys::netlink::Refusal;

use crate::batch::What;
use crate::error::{Cause, LinkError, NetnsFault};

/// Device number of the fake namespaces.
const DEVICE: u64 = 4;
/// The least and the greatest MTU of a bridge and of a veth in bytes (`ETH_MIN_MTU`,
/// `ETH_MAX_MTU` of linux/if_ether.h).
const MTU: std::ops::RangeInclusive<u32> = 68..=65535;

#[derive(Debug)]
pub(super) struct Host {
    links: Vec<Link>,
    routes: BTreeSet<IpNet>,
    sysctls: BTreeMap<String, String>,
    namespaces: BTreeMap<PathBuf, NetnsFacts>,
    /// Where the other ends of our veths are, by the name of the host's end.
    peers: BTreeMap<IfName, (PathBuf, Peer)>,
    /// What they look like there.
    insides: BTreeMap<IfName, InsideLink>,
    next_inode: u64,
    /// The saved state that bridges are marked with.
    state_id: Option<StateId>,
}

impl Default for Host {
    fn default() -> Self {
        let mut host = Self {
            links: Vec::new(),
            routes: BTreeSet::new(),
            sysctls: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            peers: BTreeMap::new(),
            insides: BTreeMap::new(),
            next_inode: 0xf000_0001,
            state_id: None,
        };
        let addresses = ["127.0.0.1/8", "::1/128"];
        host.links.extend(loopback().map(|ifname| Link {
            ifname,
            kind: LinkKind::Other,
            group: 0,
            up: true,
            mac: None,
            master: None,
            other_netns: None,
            addresses: addresses.iter().filter_map(|a| a.parse().ok()).collect(),
            mtu: 65_536,
            bridging: Bridging::default(),
            lacks_link_local: false,
            state_id: None,
        }));
        host
    }
}

fn loopback() -> Option<IfName> {
    "lo".parse().ok()
}

impl Host {
    pub(super) fn add_netns(&mut self, path: PathBuf) -> NetnsRef {
        self.remove_netns(&path);
        let id = NetnsId {
            dev: DEVICE,
            ino: self.next_inode,
            cookie: Some(NetnsCookie {
                boot: 1,
                number: self.next_inode,
            }),
        };
        self.next_inode += 1;
        let facts = NetnsFacts {
            id,
            ifnames: loopback().into_iter().collect(),
            default_routes: Vec::new(),
            ipv6_off: None,
        };
        self.namespaces.insert(path.clone(), facts);
        NetnsRef { path, id }
    }

    pub(super) fn remove_netns(&mut self, path: &Path) {
        self.namespaces.remove(path);
        let ended: Vec<IfName> = self
            .peers
            .iter()
            .filter(|(_, (netns, _))| netns == path)
            .map(|(ifname, _)| ifname.clone())
            .collect();
        for ifname in ended {
            self.remove_link(&ifname);
        }
    }

    pub(super) fn netns_mut(&mut self, path: &Path) -> Result<&mut NetnsFacts, NetnsFault> {
        self.namespaces.get_mut(path).ok_or(NetnsFault::Gone)
    }

    pub(super) fn add_link(&mut self, link: Link) {
        self.links.push(link);
    }

    /// Removes a link, and the other end if it is a veth of ours.
    pub(super) fn remove_link(&mut self, ifname: &IfName) {
        self.links.retain(|link| link.ifname != *ifname);
        for link in &mut self.links {
            link.master.take_if(|master| master == ifname);
        }
        self.insides.remove(ifname);
        let Some((path, peer)) = self.peers.remove(ifname) else {
            return;
        };
        if peer.netns.is_none() {
            self.links.retain(|link| link.ifname != peer.ifname);
        }
        if let Some(netns) = self.namespaces.get_mut(&path) {
            netns.ifnames.retain(|found| *found != peer.ifname);
            let ifname = Some(peer.ifname);
            netns.default_routes.retain(|route| route.ifname != ifname);
        }
    }

    /// Removes a link of ours; another's by that name is let be.
    pub(super) fn delete_ours(&mut self, ifname: &IfName) {
        if self.find(ifname).is_some_and(|link| link.group == GROUP) {
            self.remove_link(ifname);
        }
    }

    pub(super) fn add_route(&mut self, destination: IpNet) {
        self.routes.insert(destination.trunc());
    }

    pub(super) fn set_sysctl(&mut self, sysctl: &Sysctl) {
        let Sysctl { path, value } = sysctl.clone();
        self.sysctls.insert(path, value);
    }

    pub(super) fn sysctl(&self, path: &str) -> Option<String> {
        self.sysctls.get(path).cloned()
    }

    pub(super) fn links(&self) -> Vec<Link> {
        self.links.clone()
    }

    pub(super) fn occupied_subnets(&self) -> Vec<IpNet> {
        let addresses = self.links.iter().flat_map(|link| &link.addresses);
        let mut occupied = self.routes.clone();
        occupied.extend(addresses.map(IpNet::trunc));
        occupied.into_iter().collect()
    }

    /// What was added leads nowhere in particular, what has an address through its link.
    pub(super) fn routes(&self) -> Vec<Route> {
        let way = |destination: IpNet, ifname: Option<&IfName>| Route {
            destination,
            ifname: ifname.cloned(),
            metric: 0,
            is_blocked: false,
        };
        let routes = self.routes.iter().map(|to| way(*to, None));
        let of_link = |link: &'_ Link| {
            let nets = link
                .addresses
                .iter()
                .filter(|net| !net.addr().is_loopback());
            let routes = nets.map(|net| way(net.trunc(), Some(&link.ifname)));
            routes.collect::<Vec<_>>()
        };
        routes.chain(self.links.iter().flat_map(of_link)).collect()
    }

    pub(super) fn add_bridge(&mut self, bridge: &Bridge) -> Result<(), LinkError> {
        let ifname = &bridge.ifname;
        if self.find(ifname).is_some() {
            return refuse(What::MakeBridge(ifname), Errno::EXIST);
        }
        check_mtu(bridge.mtu).or_else(|errno| refuse(What::SetUp(ifname), errno))?;
        check_addresses(ifname, &bridge.addresses)?;
        bridge.sysctls.iter().for_each(|s| self.set_sysctl(s));
        self.links.push(Link {
            ifname: ifname.clone(),
            kind: LinkKind::Bridge,
            group: GROUP,
            up: true,
            mac: Some(bridge.mac),
            master: None,
            other_netns: None,
            addresses: bridge.addresses.clone(),
            mtu: bridge.mtu.unwrap_or(DEFAULT_MTU),
            bridging: Bridging::default(),
            lacks_link_local: false,
            state_id: self.state_id,
        });
        Ok(())
    }

    pub(super) fn keep_bridge(&mut self, bridge: &Bridge) -> Result<(), LinkError> {
        let state_id = self.state_id;
        let link = self.find_ours(&bridge.ifname)?;
        (link.mac, link.bridging.changed) = (Some(bridge.mac), false);
        link.state_id = state_id;
        Ok(())
    }

    pub(super) fn mark(&mut self, state_id: StateId) {
        self.state_id = Some(state_id);
    }

    pub(super) fn guard_ports(&mut self, bridge: &IfName) {
        self.set_sysctl(&Sysctl {
            path: format!("net/ipv4/conf/{bridge}/route_localnet"),
            value: "1".to_owned(),
        });
    }

    pub(super) fn mend_bridge(&mut self, bridge: &Bridge) -> Result<(), LinkError> {
        let link = self.find_ours(&bridge.ifname)?;
        link.up = true;
        link.mtu = bridge.mtu.unwrap_or(link.mtu);
        let (of_link, others): (Vec<IpNet>, Vec<IpNet>) =
            bridge.addresses.iter().partition(|net| is_link_local(net));
        link.lacks_link_local &= of_link.is_empty();
        link.addresses.extend(others);
        let addresses = link.addresses.clone();
        bridge.sysctls.iter().for_each(|s| self.set_sysctl(s));
        check_addresses(&bridge.ifname, &addresses)
    }

    pub(super) fn mend_veth(&mut self, veth: &Veth) -> Result<(), LinkError> {
        let link = self.find_ours(&veth.ifname)?;
        (link.up, link.mac) = (true, Some(veth.bridge_mac));
        link.master = Some(veth.bridge.clone());
        link.mtu = veth.mtu.unwrap_or(DEFAULT_MTU);
        link.bridging = Bridging {
            isolated: veth.isolated,
            changed: false,
        };
        Ok(())
    }

    pub(super) fn reclaim(&mut self, wanted: &Reclaim) -> Result<(), LinkError> {
        let Reclaim { found, ifname } = wanted;
        if found != ifname && self.find(ifname).is_some() {
            return refuse(What::Reclaim(ifname), Errno::EXIST);
        }
        self.change_link(found, |link| link.group = GROUP);
        self.change_link(found, |link| link.ifname = ifname.clone());
        for link in &mut self.links {
            if link.master.as_ref() == Some(found) {
                link.master = Some(ifname.clone());
            }
        }
        if let Some(peer) = self.peers.remove(found) {
            self.peers.insert(ifname.clone(), peer);
        }
        if let Some(inside) = self.insides.remove(found) {
            self.insides.insert(ifname.clone(), inside);
        }
        Ok(())
    }

    pub(super) fn change_link(&mut self, ifname: &IfName, change: impl FnOnce(&mut Link)) {
        let mut links = self.links.iter_mut();
        if let Some(link) = links.find(|link| link.ifname == *ifname) {
            change(link);
        }
    }

    fn find_ours(&mut self, ifname: &IfName) -> Result<&mut Link, LinkError> {
        let mut links = self.links.iter_mut();
        let found = links.find(|link| link.ifname == *ifname && link.group == GROUP);
        found.ok_or_else(|| refusal(What::Find(ifname), Errno::NODEV))
    }

    pub(super) fn add_veth(&mut self, veth: &Veth) -> Result<(), LinkError> {
        self.check_veth(veth)?;
        let netns = veth.peer.netns.as_ref();
        let path = netns.map(|netns| netns.path.clone()).unwrap_or_default();
        self.links.extend(netns.is_none().then(|| inner_end(veth)));
        if let Some(netns) = self.namespaces.get_mut(&path) {
            netns.ifnames.push(veth.peer.ifname.clone());
            let gateways = veth.peer.gateways.iter();
            let routes = gateways.map(|gateway| default_route(&veth.peer, gateway));
            netns.default_routes.extend(routes);
        }
        let inside = InsideLink {
            up: true,
            mac: Some(veth.peer.mac),
            addresses: veth.peer.addresses.clone(),
            is_pair: true,
        };
        self.insides.insert(veth.ifname.clone(), inside);
        self.peers
            .insert(veth.ifname.clone(), (path, veth.peer.clone()));
        self.links.push(Link {
            ifname: veth.ifname.clone(),
            kind: LinkKind::Veth,
            group: GROUP,
            up: true,
            mac: Some(veth.bridge_mac),
            master: Some(veth.bridge.clone()),
            other_netns: veth.peer.netns.as_ref().map(|_| 1),
            addresses: Vec::new(),
            mtu: veth.mtu.unwrap_or(DEFAULT_MTU),
            bridging: Bridging {
                isolated: veth.isolated,
                changed: false,
            },
            lacks_link_local: false,
            state_id: None,
        });
        Ok(())
    }

    pub(super) fn change_inside(
        &mut self,
        host_end: &IfName,
        change: impl FnOnce(&mut InsideLink),
    ) {
        if let Some(inside) = self.insides.get_mut(host_end) {
            change(inside);
        }
    }

    pub(super) fn move_handed_over(&mut self, host_end: &IfName, netns_number: Option<i32>) {
        let Some((_, peer)) = self.peers.get(host_end).cloned() else {
            return;
        };
        self.change_link(host_end, |link| link.other_netns = netns_number);
        self.links.retain(|link| link.ifname != peer.ifname);
        if netns_number.is_none() {
            self.links.push(engines_link(&peer, DEFAULT_MTU));
        }
    }

    pub(super) fn handed_over(&self, host_end: &IfName) -> Inside {
        let port = self.find(host_end);
        Inside {
            id: NetnsId {
                dev: DEVICE,
                ino: 0,
                cookie: None,
            },
            is_at_home: port.is_none_or(|port| port.other_netns.is_none()),
            link: self.insides.get(host_end).cloned(),
            routes: Vec::new(),
        }
    }

    pub(super) fn inside(&self, id: NetnsId, path: &Path, host_end: &IfName) -> Inside {
        let found = self.peers.get(host_end).filter(|(at, _)| at == path);
        let routes = found.map(|(_, peer)| routes_of(peer)).unwrap_or_default();
        Inside {
            id,
            is_at_home: false,
            link: found.and_then(|_| self.insides.get(host_end).cloned()),
            routes,
        }
    }

    fn check_veth(&self, veth: &Veth) -> Result<(), LinkError> {
        let netns = veth.peer.netns.as_ref();
        let netns = netns.map(|recorded| {
            let path = &recorded.path;
            let found = self.recorded(recorded).map_err(|fault| {
                LinkError::new(format_args!("attach namespace {}", path.display()), fault)
            })?;
            Ok::<_, LinkError>((found, path))
        });
        let netns = netns.transpose()?;
        match self.find(&veth.bridge) {
            None => refuse(What::Find(&veth.bridge), Errno::NODEV)?,
            Some(link) if link.kind != LinkKind::Bridge => {
                refuse(What::MakeVeth(&veth.ifname), Errno::OPNOTSUPP)?;
            }
            Some(link) if !link.up => refuse(What::MakeVeth(&veth.ifname), Errno::NETDOWN)?,
            Some(_) => {}
        }
        check_mtu(veth.mtu).or_else(|errno| refuse(What::MakeVeth(&veth.ifname), errno))?;
        if self.find(&veth.ifname).is_some() {
            refuse(What::MakeVeth(&veth.ifname), Errno::EXIST)?;
        }
        match netns {
            Some((netns, path)) => {
                check_peer(netns, &veth.peer).map_err(|error| error.inside(path))
            }
            None if self.find(&veth.peer.ifname).is_some() => {
                refuse(What::MakeVeth(&veth.peer.ifname), Errno::EXIST)
            }
            None => Ok(()),
        }
    }

    fn recorded(&self, netns: &NetnsRef) -> Result<&NetnsFacts, NetnsFault> {
        let found = self.namespaces.get(&netns.path).ok_or(NetnsFault::Gone)?;
        match found.id == netns.id {
            true => Ok(found),
            false => Err(NetnsFault::Replaced),
        }
    }

    fn find(&self, ifname: &IfName) -> Option<&Link> {
        self.links.iter().find(|link| link.ifname == *ifname)
    }
}

fn check_peer(netns: &NetnsFacts, peer: &Peer) -> Result<(), LinkError> {
    if netns.ifnames.contains(&peer.ifname) {
        return refuse(What::MakeVeth(&peer.ifname), Errno::EXIST);
    }
    let is_ipv6 = |net: &&IpNet| net.addr().is_ipv6();
    if let Some(net) = peer.addresses.iter().find(is_ipv6)
        && netns.ipv6_off.is_some()
    {
        return refuse(What::AddAddress(net, &peer.ifname), Errno::ACCESS);
    }
    check_addresses(&peer.ifname, &peer.addresses)?;
    for gateway in &peer.gateways {
        check_gateway(netns, peer, gateway)
            .or_else(|errno| refuse(What::AddDefaultRoute(gateway, &peer.ifname), errno))?;
    }
    Ok(())
}

fn check_gateway(netns: &NetnsFacts, peer: &Peer, gateway: &IpAddr) -> Result<(), Errno> {
    if !peer.addresses.iter().any(|net| net.contains(gateway)) {
        return Err(match gateway {
            IpAddr::V4(_) => Errno::NETUNREACH,
            IpAddr::V6(_) => Errno::HOSTUNREACH,
        });
    }
    let wanted = default_route(peer, gateway);
    let is_same =
        |route: &DefaultRoute| (route.is_ipv6, route.metric) == (wanted.is_ipv6, wanted.metric);
    match netns.default_routes.iter().any(is_same) {
        true => Err(Errno::EXIST),
        false => Ok(()),
    }
}

/// The metric that the kernel gives to an IPv6 route without one (`IP6_RT_PRIO_USER`) is 1024, to an
/// IPv4 route 0.
fn default_route(peer: &Peer, gateway: &IpAddr) -> DefaultRoute {
    let is_ipv6 = gateway.is_ipv6();
    DefaultRoute {
        is_ipv6,
        ifname: Some(peer.ifname.clone()),
        metric: peer
            .gateway_metric
            .unwrap_or(if is_ipv6 { 1024 } else { 0 }),
    }
}

/// The end that stays in the host's namespace.
fn inner_end(veth: &Veth) -> Link {
    engines_link(&veth.peer, veth.mtu.unwrap_or(DEFAULT_MTU))
}

fn engines_link(peer: &Peer, mtu: u32) -> Link {
    Link {
        ifname: peer.ifname.clone(),
        kind: LinkKind::Veth,
        group: 0,
        up: false,
        mac: Some(peer.mac),
        master: None,
        other_netns: None,
        addresses: Vec::new(),
        mtu,
        bridging: Bridging::default(),
        lacks_link_local: false,
        state_id: None,
    }
}

/// The routes that an endpoint's end of a pair has.
fn routes_of(peer: &Peer) -> Vec<InsideRoute> {
    let default = |via: &IpAddr| InsideRoute {
        to: everything(via),
        via: Some(*via),
        metric: default_route(peer, via).metric,
    };
    let of_route = |route: &StaticRoute| InsideRoute {
        to: route.to(),
        via: route.via(),
        metric: 0,
    };
    let to_resolver = |ip: &IpAddr| InsideRoute {
        to: IpNet::from(*ip),
        via: None,
        metric: peer.resolver_metric,
    };
    let defaults = peer.gateways.iter().map(default);
    let routes = peer.routes.iter().map(of_route);
    let names = peer.resolvers.iter().map(to_resolver);
    defaults.chain(routes).chain(names).collect()
}

fn everything(family: &IpAddr) -> IpNet {
    match family {
        IpAddr::V4(_) => IpNet::new_assert(Ipv4Addr::UNSPECIFIED.into(), 0),
        IpAddr::V6(_) => IpNet::new_assert(Ipv6Addr::UNSPECIFIED.into(), 0),
    }
}

fn check_mtu(mtu: Option<u32>) -> Result<(), Errno> {
    match mtu.is_none_or(|bytes| MTU.contains(&bytes)) {
        true => Ok(()),
        false => Err(Errno::INVAL),
    }
}

fn check_addresses(ifname: &IfName, addresses: &[IpNet]) -> Result<(), LinkError> {
    let mut seen = BTreeSet::new();
    match addresses.iter().find(|net| !seen.insert(**net)) {
        None => Ok(()),
        Some(twice) => refuse(What::AddAddress(twice, ifname), Errno::EXIST),
    }
}

fn is_link_local(net: &IpNet) -> bool {
    matches!(net, IpNet::V6(net) if net.addr().is_unicast_link_local())
}

fn refuse(what: What<'_>, errno: Errno) -> Result<(), LinkError> {
    Err(refusal(what, errno))
}

fn refusal(what: What<'_>, errno: Errno) -> LinkError {
    let refusal = Refusal {
        errno,
        message: None,
    };
    LinkError::new(what, Cause::from(refusal))
}
