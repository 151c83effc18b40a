//! What passes through tracked connections.

use std::net::IpAddr;
use std::ops::AddAssign;

use crate::Protocol;

/// What passes through connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficCounts {
    /// How many there are.
    pub connections: u64,
    /// How many of them are open: accepted, and not closed from both ends.
    pub open: u64,
    /// Received by the endpoint.
    pub received: Counts,
    /// Sent by the endpoint.
    pub sent: Counts,
}

/// Packets and bytes, with their IP headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
        self.open = self.open.saturating_add(more.open);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_up_and_stay_at_the_highest_number() {
        let counts = |packets, bytes| Counts { packets, bytes };
        let mut sum = TrafficCounts {
            connections: 1,
            open: 1,
            received: counts(2, 20),
            sent: counts(3, u64::MAX),
        };
        sum += TrafficCounts {
            connections: 10,
            open: 5,
            received: counts(100, 1000),
            sent: counts(200, 2000),
        };
        let expected = TrafficCounts {
            connections: 11,
            open: 6,
            received: counts(102, 1020),
            sent: counts(203, u64::MAX),
        };
        assert_eq!(sum, expected);
    }
}
