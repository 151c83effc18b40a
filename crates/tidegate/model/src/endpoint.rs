//! Endpoints.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::{
    AllowList, Allowance, Dns, GatewayPriority, HostPorts, IfName, MacAddr, Name, NetnsId,
    OwnSysctl, Owner, Place, PortBinding, StaticRoute,
};

/// An endpoint attaches a network namespace to a network: a veth pair with one end on the bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name, unique among endpoints.
    pub name: Name,
    /// The network to which it is attached.
    pub network: Name,
    /// Where its interface is.
    pub place: Place,
    /// The end of the veth pair that is a port of the bridge.
    pub host_ifname: IfName,
    /// The end of the veth pair inside the namespace. If it was handed over, the name that it has in the host's
    /// namespace.
    pub ifname: IfName,
    /// Ethernet address inside the namespace.
    pub mac: MacAddr,
    /// Addresses inside the namespace, each with its subnet's prefix length. Published ports lead to the first one of
    /// each family.
    pub addresses: Vec<IpNet>,
    /// Next hops of the default routes that this endpoint gave its namespace.
    pub gateways: Vec<IpAddr>,
    /// Whether it gives its namespace default routes, if its network does.
    pub default_route: bool,
    /// Static routes that it gave its namespace.
    pub routes: Vec<StaticRoute>,
    /// Gateway priority of its network in the namespace.
    pub gateway_priority: GatewayPriority,
    /// Metric of its default routes, unique in the namespace. None without default routes, and for routes of older
    /// releases, whose metric the kernel chose.
    pub gateway_metric: Option<u32>,
    /// Addresses of the DNS server to which this endpoint gave its namespace routes. None for endpoints of older
    /// releases.
    pub resolvers: Vec<IpAddr>,
    /// Additional DNS names; other endpoints may share them.
    pub aliases: Vec<Name>,
    /// Published ports.
    pub ports: Vec<PortBinding>,
    /// Allow-lists of its published ports that have one.
    pub allow: Vec<Allowance>,
    /// Who holds the host ports of its published ports.
    pub host_ports: HostPorts,
    /// Sysctls of its interface.
    pub sysctls: Vec<OwnSysctl>,
    /// Its DNS settings.
    pub dns: Dns,
    /// What it was made for.
    pub owner: Option<Owner>,
    /// Metadata of the owner.
    pub labels: BTreeMap<Name, String>,
}

impl Endpoint {
    /// The identity of the namespace that its interface is in. If it was handed over, it serves only to compare
    /// endpoints.
    pub fn netns_id(&self) -> NetnsId {
        match &self.place {
            Place::Netns(netns) => netns.id,
            Place::HandedOver(handed) => handed.id(self.number()),
        }
    }

    /// The number in the name of the host's interface, which no other endpoint has.
    fn number(&self) -> u64 {
        let digits = self.host_ifname.as_str().get("tgv".len()..);
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        number.unwrap_or_default()
    }

    /// Its first address of each family.
    pub fn main_addresses(&self) -> impl Iterator<Item = &IpNet> {
        main_of(&self.addresses)
    }

    /// The clients that may reach a published port; none if everybody may.
    pub fn allowed(&self, port: &PortBinding) -> Option<&AllowList> {
        let found = self.allow.iter().find(|each| each.ports.contains(port));
        found.map(|allowance| &allowance.from)
    }
}

/// The first address of each family.
pub fn main_of(addresses: &[IpNet]) -> impl Iterator<Item = &IpNet> {
    let first = |is_ipv4| {
        let mut all = addresses.iter();
        all.find(move |net| net.addr().is_ipv4() == is_ipv4)
    };
    let mut main = [first(true), first(false)];
    // The order of the addresses stays.
    if addresses.first().is_some_and(|net| net.addr().is_ipv6()) {
        main.reverse();
    }
    main.into_iter().flatten()
}
