//! Tracked connections, as far as it matters whether they are still what the ruleset would make of them.

use std::net::IpAddr;
use std::sync::Arc;

use crate::IfName;

/// A connection that the kernel tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Its protocol's number in an IP header.
    pub protocol: u8,
    /// Whom its first packet was from and to, before any translation.
    pub original: Ends,
    /// Whom its answers are from and to, before they are translated back: the source is who was reached in the end.
    pub reply: Ends,
    /// Whether its source was translated (`IPS_SRC_NAT` of linux/netfilter/nf_conntrack_common.h).
    pub source_translated: bool,
    /// Whether its destination was (`IPS_DST_NAT`).
    pub destination_translated: bool,
    /// Whether it was answered, and goes on (`IPS_ASSURED`).
    pub assured: bool,
    /// Whether another connection led to it, as those of FTP do (`IPS_EXPECTED`).
    pub expected: bool,
}

/// The two ends of one direction. Ports are 0 where the protocol has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Address that packets come from.
    pub source: IpAddr,
    /// Port that they come from.
    pub source_port: u16,
    /// Address that they go to.
    pub destination: IpAddr,
    /// Port that they go to.
    pub destination_port: u16,
}

/// What is to become of a tracked connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Keep,
    /// It is forgotten: its next packet is looked at as the first of a new one.
    Forget,
    /// It is forgotten if this is an address of the host.
    ForgetIfHosts(IpAddr),
    /// It is forgotten unless this is an address of the host, or one that is reached through one of these interfaces.
    ForgetUnlessNear(IpAddr, Arc<[IfName]>),
}
