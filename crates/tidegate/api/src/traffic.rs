//! Traffic of published ports.

use serde::{Deserialize, Serialize};
use tidegate_model::traffic::TrafficCounts;
use tidegate_model::{Name, PortBinding};

/// Traffic of published ports, counted from the connections that the kernel tracks now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Traffic {
    /// Whether the kernel counts packets and bytes (`net.netfilter.nf_conntrack_acct`). It counts only connections
    /// that begin while the sysctl is on. If it is off, all counters are 0.
    pub counted: bool,
    /// All published ports, ordered by endpoint.
    pub ports: Vec<PortTraffic>,
}

/// Traffic of one published port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PortTraffic {
    /// The endpoint.
    pub endpoint: Name,
    /// The port. Traffic that the daemon relays from `::1` is not counted.
    pub port: PortBinding,
    /// What passes through it.
    #[serde(flatten)]
    pub passed: TrafficCounts,
}
