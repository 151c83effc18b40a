//! Endpoints by their owners, and subnets for networks that a caller makes later.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tidegate_model::{Name, OwnerId};

use crate::{Owner, Subnet};

/// The endpoints of an owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnedEndpoints {
    /// The owner.
    pub owner: Owner,
    /// Their network. Default: all networks.
    #[serde(default)]
    pub network: Option<Name>,
}

/// The endpoints of an engine, except some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UnusedEndpoints {
    /// The engine.
    pub engine: Name,
    /// Their network. Default: all networks.
    #[serde(default)]
    pub network: Option<Name>,
    /// The engine's identifiers of the endpoints that are in use: these stay.
    #[serde(default)]
    pub keep: Vec<OwnerId>,
}

/// Asks for subnets that a network may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProposeSubnets {
    /// Whether an IPv4 subnet is wanted.
    #[serde(default = "yes")]
    pub ipv4: bool,
    /// Whether an IPv6 subnet is wanted.
    #[serde(default = "yes")]
    pub ipv6: bool,
    /// Prefixes that the subnets must not overlap, besides those of networks and of the host's routes.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub avoid: Vec<IpNet>,
}

impl Default for ProposeSubnets {
    /// One of each family.
    fn default() -> Self {
        let (ipv4, ipv6, avoid) = (true, true, Vec::new());
        Self { ipv4, ipv6, avoid }
    }
}

fn yes() -> bool {
    true
}

/// The subnets that a network created now would get, each with its gateway. Nothing reserves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ProposedSubnets {
    /// One for each family that was asked for, IPv4 first.
    pub subnets: Vec<Subnet>,
}
