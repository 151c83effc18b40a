//! Traffic of published ports.

use serde::{Deserialize, Serialize};
use tidegate_model::traffic;
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

/// What passes through connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct TrafficCounts {
    /// How many of them are open: accepted, and not closed from both ends. A UDP flow is open while it is tracked.
    pub connections: u64,
    /// Received by the endpoint.
    pub received: Counts,
    /// Sent by the endpoint.
    pub sent: Counts,
}

/// Packets and bytes, with their IP headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

impl From<traffic::TrafficCounts> for TrafficCounts {
    fn from(counts: traffic::TrafficCounts) -> Self {
        let traffic::TrafficCounts {
            connections: _,
            open,
            received,
            sent,
        } = counts;
        Self {
            connections: open,
            received: received.into(),
            sent: sent.into(),
        }
    }
}

impl From<traffic::Counts> for Counts {
    fn from(counts: traffic::Counts) -> Self {
        let traffic::Counts { packets, bytes } = counts;
        Self { packets, bytes }
    }
}
