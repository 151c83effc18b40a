//! Endpoints.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    AllowList, Allowance, GatewayPriority, IfName, MacAddr, Name, NetnsRef, OwnSysctl, PortBinding,
};

/// What attaches a network namespace to a network: a veth pair with one end on the bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Endpoint {
    /// Its name, unique among endpoints.
    pub name: Name,
    /// The network that it is attached to.
    pub network: Name,
    /// The namespace in which it appears.
    pub netns: NetnsRef,
    /// The end of the veth pair that is a port of the bridge.
    pub host_ifname: IfName,
    /// The end of the veth pair inside the namespace.
    pub ifname: IfName,
    /// Ethernet address inside the namespace.
    pub mac: MacAddr,
    /// Addresses inside the namespace, each with its subnet's prefix length.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub addresses: Vec<IpNet>,
    /// Next hops of the default routes that this endpoint gave its namespace.
    pub gateways: Vec<IpAddr>,
    /// How much its network is to be the namespace's way out.
    #[serde(default)]
    pub gateway_priority: GatewayPriority,
    /// Metric of its default routes, which no other endpoint of the namespace has. None without
    /// default routes, and for those of older releases, to which the kernel gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_metric: Option<u32>,
    /// Names besides its own under which its networks know it; others may have the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Name>,
    /// Published ports.
    pub ports: Vec<PortBinding>,
    /// Who may reach those of its published ports that not everybody may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Allowance>,
    /// Sysctls of its interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sysctls: Vec<OwnSysctl>,
}

impl Endpoint {
    /// Who may reach a published port; none where everybody may.
    pub fn allowed(&self, port: &PortBinding) -> Option<&AllowList> {
        let found = self.allow.iter().find(|each| each.ports.contains(port));
        found.map(|allowance| &allowance.from)
    }
}
