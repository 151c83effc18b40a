//! What passes through published ports.

use serde::{Deserialize, Serialize};
use tidegate_model::traffic::TrafficCounts;
use tidegate_model::{Name, PortBinding};

/// What passes through published ports, by the connections that the kernel tracks now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Traffic {
    /// Whether the kernel counts packets and bytes (`net.netfilter.nf_conntrack_acct`), of connections
    /// that begin from when on it does; else all of these are 0.
    pub counted: bool,
    /// Every published port, by endpoint.
    pub ports: Vec<PortTraffic>,
}

/// What passes through one published port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PortTraffic {
    /// The endpoint.
    pub endpoint: Name,
    /// The port. What the daemon relays from `::1` is not counted.
    pub port: PortBinding,
    /// What passes through it.
    #[serde(flatten)]
    pub passed: TrafficCounts,
}
