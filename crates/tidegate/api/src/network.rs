//! Networks: how they are asked for, and how they are shown.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tidegate_model::{Fault, IfName, Name, Network, Policy, Source};

/// Asks for a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CreateNetwork {
    /// Its name.
    pub name: Name,
    /// Its subnets; a family without one is given one from the pools.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub subnets: Vec<IpNet>,
    /// Gateway addresses, each inside one of `subnets`; else a subnet's first address.
    #[serde(default)]
    pub gateways: Vec<IpAddr>,
    /// Ranges, each inside one of `subnets`, out of which endpoints are given addresses.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub ranges: Vec<IpNet>,
    /// Addresses that are given to no endpoint, each with what it is for.
    #[serde(default)]
    pub reserved: BTreeMap<Name, IpAddr>,
    /// Whether it has IPv4.
    #[serde(default = "yes")]
    pub ipv4: bool,
    /// Whether it has IPv6.
    #[serde(default = "yes")]
    pub ipv6: bool,
    /// Whether it is refused where the host has IPv6 turned off. Else it has IPv4 alone there, unless an IPv6 subnet was
    /// given.
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_ipv6: bool,
    /// MTU in bytes, 1280 (IPv6's least, RFC 8200 section 5; 68 without IPv6, RFC 791) to 65535.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Addresses of the host to which ports are published that name none, at most one for each
    /// family, an unspecified one for all of it; none for all addresses.
    #[serde(default)]
    pub host_ips: Vec<IpAddr>,
    /// Who may reach ports that are published without a list of their own; none for everybody.
    #[serde(default)]
    pub allow: Vec<Source>,
    /// The bridge's name; else one is made.
    #[serde(default)]
    pub bridge: Option<IfName>,
    /// What its endpoints may do, and who may reach them.
    #[serde(default)]
    pub policy: Policy,
    /// What its owner wants to know about it: up to 255 bytes each, no control characters.
    #[serde(default)]
    pub labels: BTreeMap<Name, String>,
}

/// How a network is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RemoveNetwork {
    /// With the endpoints that are attached to it.
    #[serde(default)]
    pub force: bool,
}

/// The other of two networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Peer {
    /// Its name.
    pub network: Name,
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if hands a reference over"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// A network and what is attached to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct NetworkView {
    /// The network.
    #[serde(flatten)]
    pub network: Network,
    /// Names of the endpoints attached to it.
    pub endpoints: Vec<Name>,
    /// Why it is not on the host as it is to be, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Fault>,
    /// What the user should know of how it was made, in words: of the answer to `POST` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
