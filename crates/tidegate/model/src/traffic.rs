//! What passes through tracked connections.

use std::net::IpAddr;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::Protocol;

/// What passes through connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct TrafficCounts {
    /// How many there are.
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

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.packets = self.packets.saturating_add(more.packets);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }
}

impl AddAssign for TrafficCounts {
    fn add_assign(&mut self, more: Self) {
        self.connections = self.connections.saturating_add(more.connections);
        self.received += more.received;
        self.sent += more.sent;
    }
}

/// The course of connections: those of one course are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionKey {
    /// Transport protocol.
    pub protocol: Protocol,
    /// Address to which they came.
    pub at: IpAddr,
    /// Port to which they came.
    pub came_to: u16,
    /// Address to which they were sent on; the same as `at` where they were not.
    pub endpoint: IpAddr,
    /// Port to which they were sent on.
    pub port: u16,
}
