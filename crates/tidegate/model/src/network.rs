//! Networks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::{Access, AllowList, Dns, HostAccess, IfName, MacAddr, Name, Policy, RESOLVERS, Subnet};

/// A network: a bridge on the host with its subnets and policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name, unique among networks.
    pub name: Name,
    /// The bridge.
    pub bridge: IfName,
    /// The bridge's Ethernet address.
    pub mac: MacAddr,
    /// At least one subnet.
    pub subnets: Vec<Subnet>,
    /// MTU of the bridge and of its endpoints, in bytes. None: the kernel's default.
    pub mtu: Option<u32>,
    /// Default host addresses of published ports, at most one for each family. An unspecified address means all of
    /// its family; none means all addresses.
    pub host_ips: Vec<IpAddr>,
    /// Clients that may reach ports published without a list of their own.
    pub allow: AllowList,
    /// Policy: what its endpoints may do, and who may reach them.
    pub policy: Policy,
    /// Addresses of its subnets that no endpoint gets, each with its purpose.
    pub reserved: BTreeMap<Name, IpAddr>,
    /// Peers: networks whose endpoints are reached by those of this network, at their own addresses. If each lists the
    /// other, the two are connected both ways, else one way.
    pub peers: BTreeSet<Name>,
    /// Metadata of the owner.
    pub labels: BTreeMap<Name, String>,
    /// DNS settings of its endpoints.
    pub dns: Dns,
    /// Whether it is removed with its last endpoint.
    pub remove_when_unused: bool,
}

impl Network {
    /// The host's addresses in its subnets; none on an isolated network.
    pub fn gateways(&self) -> impl Iterator<Item = IpAddr> {
        let is_there = self.policy.access != Access::Isolated;
        let subnets = self.subnets.iter().filter(move |_| is_there);
        subnets.map(|subnet| subnet.gateway)
    }

    /// The addresses of the DNS server for its endpoints, if the policy allows it: its gateways, and
    /// [`Self::fixed_resolvers`].
    pub fn resolvers(&self) -> impl Iterator<Item = IpAddr> {
        let is_there = self.policy.host_access() != HostAccess::None;
        let gateways = self.gateways().filter(move |_| is_there);
        gateways.chain(self.fixed_resolvers())
    }

    /// The addresses of the DNS server that are the same on every network, one for each family of the network, if the
    /// policy allows it.
    pub fn fixed_resolvers(&self) -> impl Iterator<Item = IpAddr> {
        let is_there = self.policy.host_access() != HostAccess::None;
        let has = |ip: &IpAddr| self.has_family_of(*ip);
        let fixed = RESOLVERS.into_iter();
        fixed.filter(move |ip| is_there && has(ip))
    }

    fn has_family_of(&self, ip: IpAddr) -> bool {
        let mut subnets = self.subnets.iter();
        subnets.any(|subnet| subnet.gateway.is_ipv4() == ip.is_ipv4())
    }

    /// The subnet that an address belongs to.
    pub fn subnet_of(&self, address: IpAddr) -> Option<&Subnet> {
        self.subnets.iter().find(|s| s.net.contains(&address))
    }

    /// The network's subnet that overlaps `net`, if one does.
    pub fn overlapping(&self, net: IpNet) -> Option<&Subnet> {
        self.subnets
            .iter()
            .find(|s| crate::subnet::overlap(s.net, net))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{ip, network};
    use crate::policy::{Access, HostAccess};

    #[test]
    fn the_dns_server_is_at_the_gateways_and_at_its_own_address_unless_the_host_offers_nothing() {
        let mut web = network("web");
        let at = |network: &super::Network| network.resolvers().collect::<Vec<_>>();
        let fixed = [ip("169.254.53.53"), ip("fd6e:616d:6573::53")];
        let gateways = [ip("10.1.2.1"), ip("fd00:1::1")];
        assert_eq!(at(&web), [gateways, fixed].concat());
        let mut only6 = web.clone();
        only6.subnets.retain(|subnet| subnet.gateway.is_ipv6());
        assert_eq!(at(&only6), [gateways[1], fixed[1]]);
        web.policy.host_access = Some(HostAccess::None);
        assert!(at(&web).is_empty());
        web.policy.host_access = None;
        web.policy.access = Access::Isolated;
        assert!(at(&web).is_empty());
    }

    #[test]
    fn an_address_and_a_prefix_find_their_subnet() {
        let web = network("web");
        let subnet_of = |text: &str| Some(web.subnet_of(ip(text))?.net.to_string());
        assert_eq!(subnet_of("fd00:1::7").as_deref(), Some("fd00:1::/64"));
        assert_eq!(subnet_of("10.1.3.7"), None);
        let overlapping =
            |text: &str| Some(web.overlapping(text.parse().unwrap())?.net.to_string());
        assert_eq!(overlapping("10.0.0.0/8").as_deref(), Some("10.1.2.0/24"));
        assert_eq!(overlapping("10.1.2.128/25").as_deref(), Some("10.1.2.0/24"));
        assert_eq!(overlapping("10.1.3.0/24"), None);
    }
}
