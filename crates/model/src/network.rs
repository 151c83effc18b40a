//! Networks.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{IfName, MacAddr, Name, Subnet};

/// A network: a bridge on the host, its subnets, and what is attached to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Network {
    /// Its name, unique among networks.
    pub name: Name,
    /// The bridge.
    pub bridge: IfName,
    /// The bridge's Ethernet address.
    pub mac: MacAddr,
    /// At least one subnet; at most one for each address family.
    pub subnets: Vec<Subnet>,
    /// MTU of the bridge and of its endpoints, in bytes; the kernel's default where none is given.
    pub mtu: Option<u32>,
    /// Addresses of the host to which ports are published that name none, at most one for each
    /// family; none for all addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_ips: Vec<IpAddr>,
}

impl Network {
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
