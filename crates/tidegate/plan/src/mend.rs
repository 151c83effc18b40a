//! Finds what other programs changed on links of ours, and plans how that is undone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv6Addr;

use ipnet::IpNet;
use tidegate_model::links::{
    Bridge, DEFAULT_MTU, GROUP, Link, LinkKind, LinkStep, Reclaim, Sysctl, Veth,
};
use tidegate_model::{Endpoint, IfName, MacAddr, Name, Network, State};

use crate::steps;

/// What is to be done about the links of healthy networks and endpoints. Degraded ones are tried again as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mend {
    /// Changed links with what puts them right, bridges before their ports.
    pub changed: Vec<Mending>,
    /// Names of links that are not there, or are another program's.
    pub missing: BTreeSet<IfName>,
    /// Links of ours that nothing in the state needs: another program renamed them, and they are no use any more.
    pub strays: Vec<IfName>,
}

/// One changed link, and what puts it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mending {
    /// Whose link it is.
    pub owner: LinkOwner,
    /// The link.
    pub ifname: IfName,
    /// What was changed.
    pub differences: Vec<Difference>,
    /// What puts it right.
    pub steps: Vec<LinkStep>,
}

/// The object that a link belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkOwner {
    /// A network: its bridge.
    Network(Name),
    /// An endpoint: the host's end of its pair.
    Endpoint(Name),
}

/// How a link differs from what the state wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It has another name.
    Name(IfName),
    /// It is in another group.
    Group,
    /// It is down.
    Down,
    /// It is no port of its bridge.
    NoPort(IfName),
    /// Its Ethernet address.
    Mac(MacAddr),
    /// Its MTU in bytes.
    Mtu(u32),
    /// Settings of a bridge or a port (VLAN filtering, isolation, …).
    Settings,
    /// It lacks an address.
    Address(IpNet),
}

impl fmt::Display for Difference {
    /// What was done about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(found) => write!(f, "renamed back from {found}"),
            Self::Group => write!(f, "put back into its group"),
            Self::Down => write!(f, "brought up"),
            Self::NoPort(bridge) => write!(f, "made a port of {bridge} again"),
            Self::Mac(mac) => write!(f, "Ethernet address {mac} set"),
            Self::Mtu(mtu) => write!(f, "MTU {mtu} set"),
            Self::Settings => write!(f, "bridge settings set"),
            Self::Address(net) => write!(f, "address {net} added"),
        }
    }
}

impl Difference {
    /// What is wrong with the link.
    pub(crate) fn fault(&self) -> String {
        match self {
            Self::Name(found) => format!("was renamed to {found}"),
            Self::Group => "is in another group".to_owned(),
            Self::Down => "is down".to_owned(),
            Self::NoPort(bridge) => format!("is no port of {bridge}"),
            Self::Mac(mac) => format!("does not have the Ethernet address {mac}"),
            Self::Mtu(mtu) => format!("does not have the MTU {mtu}"),
            Self::Settings => "has other bridge settings".to_owned(),
            Self::Address(net) => format!("lacks the address {net}"),
        }
    }
}

/// Compares the host's links with a state.
pub fn mend(state: &State, links: &[Link]) -> Mend {
    let by_name = links.iter().map(|link| (&link.ifname, link)).collect();
    let bridges = state.networks.values().map(|it| &it.bridge);
    let ports = state.endpoints.values().map(|it| &it.host_ifname);
    let names: BTreeSet<&IfName> = bridges.chain(ports).collect();
    let is_unknown = |link: &&Link| link.group == GROUP && !names.contains(&link.ifname);
    let mut search = Search {
        by_name,
        unknown: links.iter().filter(is_unknown).collect(),
        mend: Mend::default(),
    };
    for network in state.networks.values() {
        search.network(state, network);
    }
    let strays = search.unknown.into_iter().map(|link| link.ifname.clone());
    Mend {
        strays: strays.collect(),
        ..search.mend
    }
}

/// Whether some of these links, known without their addresses, are ours and not as the state wants them. Links of
/// degraded objects do not count.
pub fn is_any_changed(state: &State, links: &[Link]) -> bool {
    let mut told: BTreeMap<&IfName, &Link> =
        links.iter().map(|link| (&link.ifname, link)).collect();
    let degraded = &state.degraded;
    for network in state.networks.values() {
        let Some(link) = told.remove(&network.bridge) else {
            continue;
        };
        let differences = of_bridge(&steps::bridge(network), link, DEFAULT_MTU);
        let is_address = |it: &Difference| matches!(it, Difference::Address(_));
        let is_right = is_our(link, LinkKind::Bridge) && differences.iter().all(is_address);
        if !is_right && !degraded.networks.contains_key(&network.name) {
            return true;
        }
    }
    for endpoint in state.endpoints.values() {
        let Some(link) = told.remove(&endpoint.host_ifname) else {
            continue;
        };
        let Some(network) = state.networks.get(&endpoint.network) else {
            continue;
        };
        let differences = of_port(&steps::veth(endpoint, network), link, &network.bridge);
        let is_right = is_our(link, LinkKind::Veth) && differences.is_empty();
        let is_degraded = degraded.endpoints.contains_key(&endpoint.name)
            || degraded.networks.contains_key(&network.name);
        if !is_right && !is_degraded {
            return true;
        }
    }
    // Ours, under a name that nothing has.
    told.into_values().any(|link| link.group == GROUP)
}

/// Whether a network's bridge is as the state wants it, with its addresses.
pub fn is_whole(network: &Network, link: &Link) -> bool {
    let mut differences = of_bridge(&steps::bridge(network), link, link.mtu).into_iter();
    let is_mtu = |it: &Difference| matches!(it, Difference::Mtu(_));
    is_our(link, LinkKind::Bridge) && differences.all(|it| is_mtu(&it) && network.mtu.is_none())
}

struct Search<'a> {
    by_name: BTreeMap<&'a IfName, &'a Link>,
    unknown: Vec<&'a Link>,
    mend: Mend,
}

impl<'a> Search<'a> {
    fn network(&mut self, state: &State, network: &Network) {
        if state.degraded.networks.contains_key(&network.name) {
            return;
        }
        let wanted = steps::bridge(network);
        let named = self.by_name.get(&wanted.ifname).copied();
        let is_it = |link: &Link| link.kind == LinkKind::Bridge && link.mac == Some(wanted.mac);
        let found = match named {
            Some(link) => Some(link).filter(|link| is_our(link, LinkKind::Bridge) || is_it(link)),
            None => self.take(is_it),
        };
        let Some(link) = found else {
            self.mend.missing.insert(wanted.ifname);
            return;
        };
        let kernels = self.mtu_of_ports(link);
        let mut differences = strange(link, &wanted.ifname);
        differences.extend(of_bridge(&wanted, link, kernels));
        let steps = steps_of_bridge(&wanted, &differences);
        self.add(
            LinkOwner::Network(network.name.clone()),
            &wanted.ifname,
            differences,
            steps,
        );
        let endpoints = state.endpoints_of(&network.name);
        let degraded = &state.degraded.endpoints;
        let healthy = endpoints.filter(|endpoint| !degraded.contains_key(&endpoint.name));
        self.endpoints(network, link, healthy.collect());
    }

    fn endpoints(&mut self, network: &Network, bridge: &Link, endpoints: Vec<&Endpoint>) {
        let is_port = |link: &Link| {
            link.kind == LinkKind::Veth && link.master.as_ref() == Some(&bridge.ifname)
        };
        let mut lost = Vec::new();
        for endpoint in endpoints {
            let is_it = |link: &Link| is_port(link) && link.mac == Some(network.mac);
            match self.by_name.get(&endpoint.host_ifname).copied() {
                Some(link) if is_our(link, LinkKind::Veth) || is_it(link) => {
                    self.port(network, endpoint, link, &bridge.ifname);
                }
                Some(_) => drop(self.mend.missing.insert(endpoint.host_ifname.clone())),
                None => lost.push(endpoint),
            }
        }
        // Nothing tells apart two ports that were renamed.
        let renamed = self.unknown.iter().filter(|link| is_port(link)).count();
        match lost[..] {
            [endpoint] if renamed == 1 => {
                if let Some(link) = self.take(is_port) {
                    self.port(network, endpoint, link, &bridge.ifname);
                }
            }
            _ => {
                let names = lost
                    .into_iter()
                    .map(|endpoint| endpoint.host_ifname.clone());
                self.mend.missing.extend(names);
            }
        }
    }

    fn port(&mut self, network: &Network, endpoint: &Endpoint, link: &Link, bridge: &IfName) {
        let wanted = steps::veth(endpoint, network);
        let ifname = wanted.ifname.clone();
        let mut differences = strange(link, &ifname);
        differences.extend(of_port(&wanted, link, bridge));
        let steps = vec![LinkStep::MendVeth(wanted)];
        self.add(
            LinkOwner::Endpoint(endpoint.name.clone()),
            &ifname,
            differences,
            steps,
        );
    }

    fn add(
        &mut self,
        owner: LinkOwner,
        ifname: &IfName,
        differences: Vec<Difference>,
        mut steps: Vec<LinkStep>,
    ) {
        let found = differences.iter().find_map(|it| match it {
            Difference::Name(found) => Some(found),
            Difference::Group => Some(ifname),
            _ => None,
        });
        if let Some(found) = found.cloned() {
            let ifname = ifname.clone();
            steps.insert(0, LinkStep::Reclaim(Reclaim { found, ifname }));
        }
        if !differences.is_empty() {
            let ifname = ifname.clone();
            self.mend.changed.push(Mending {
                owner,
                ifname,
                differences,
                steps,
            });
        }
    }

    /// Takes a link out of those with unknown names.
    fn take(&mut self, is_it: impl Fn(&Link) -> bool) -> Option<&'a Link> {
        let at = self.unknown.iter().position(|link| is_it(link))?;
        Some(self.unknown.remove(at))
    }

    /// The MTU that the kernel gives a bridge of which nobody sets it: the least of its ports (`br_mtu_auto_adjust`).
    fn mtu_of_ports(&self, bridge: &Link) -> u32 {
        let links = self.by_name.values();
        let ports = links.filter(|link| link.master.as_ref() == Some(&bridge.ifname));
        // Ours get the usual one.
        let mtus = ports.map(|link| match link.group == GROUP {
            true => DEFAULT_MTU,
            false => link.mtu,
        });
        mtus.min().unwrap_or(DEFAULT_MTU)
    }
}

fn is_our(link: &Link, kind: LinkKind) -> bool {
    link.group == GROUP && link.kind == kind
}

/// A name and a group that are not ours.
fn strange(link: &Link, ifname: &IfName) -> Vec<Difference> {
    let is_renamed = link.ifname != *ifname;
    let name = is_renamed.then(|| Difference::Name(link.ifname.clone()));
    let group = (link.group != GROUP).then_some(Difference::Group);
    name.into_iter().chain(group).collect()
}

/// How a bridge differs. `kernels` is the MTU that it has if nobody sets one.
pub(crate) fn of_bridge(wanted: &Bridge, link: &Link, kernels: u32) -> Vec<Difference> {
    let mtu = wanted.mtu.unwrap_or(kernels);
    let flags = [
        (!link.up, Difference::Down),
        (link.mac != Some(wanted.mac), Difference::Mac(wanted.mac)),
        (link.mtu != mtu, Difference::Mtu(mtu)),
        (link.bridging.changed, Difference::Settings),
    ];
    let flags = flags.into_iter().filter(|(differs, _)| *differs);
    let lost = wanted.addresses.iter();
    let lost = lost.filter(|net| !link.addresses.contains(net)).copied();
    let has_ipv6 = !wanted.sysctls.contains(&Sysctl::no_ipv6(&wanted.ifname));
    let of_link = (link.lacks_link_local && has_ipv6).then(|| link_local(wanted.mac));
    let addresses = lost.chain(of_link).map(Difference::Address);
    flags.map(|(_, it)| it).chain(addresses).collect()
}

/// How the host's end of a pair differs, if its bridge has that name now.
pub(crate) fn of_port(wanted: &Veth, link: &Link, bridge: &IfName) -> Vec<Difference> {
    let mtu = wanted.mtu.unwrap_or(DEFAULT_MTU);
    let is_port = link.master.as_ref() == Some(bridge);
    let is_set = link.bridging.isolated == wanted.isolated && !link.bridging.changed;
    let flags = [
        (!link.up, Difference::Down),
        (!is_port, Difference::NoPort(wanted.bridge.clone())),
        (
            link.mac != Some(wanted.bridge_mac),
            Difference::Mac(wanted.bridge_mac),
        ),
        (link.mtu != mtu, Difference::Mtu(mtu)),
        (is_port && !is_set, Difference::Settings),
    ];
    let differs = flags.into_iter().filter(|(differs, _)| *differs);
    differs.map(|(_, it)| it).collect()
}

/// The steps that put a bridge right.
pub(crate) fn steps_of_bridge(wanted: &Bridge, differences: &[Difference]) -> Vec<LinkStep> {
    let addresses = differences.iter().filter_map(|it| match it {
        Difference::Address(net) => Some(*net),
        _ => None,
    });
    let mtu = differences.iter().find_map(|it| match it {
        Difference::Mtu(mtu) => Some(*mtu),
        _ => None,
    });
    let mended = Bridge {
        addresses: addresses.collect(),
        sysctls: steps::sysctls_before_guard(wanted).cloned().collect(),
        mtu: mtu.or(wanted.mtu),
        ..wanted.clone()
    };
    vec![
        LinkStep::KeepBridge(wanted.clone()),
        LinkStep::MendBridge(mended),
        LinkStep::GuardPorts(wanted.ifname.clone()),
    ]
}

/// The link-local address that the kernel derives from an Ethernet address (RFC 4291, appendix A).
fn link_local(mac: MacAddr) -> IpNet {
    let [a, b, c, d, e, f] = mac.0.map(u16::from);
    let ip = Ipv6Addr::new(
        0xfe80,
        0,
        0,
        0,
        ((a ^ 2) << 8) | b,
        (c << 8) | 0xff,
        0xfe00 | d,
        (e << 8) | f,
    );
    IpNet::new_assert(ip.into(), 64)
}
