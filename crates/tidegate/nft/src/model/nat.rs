//! Translation of addresses and ports.

use std::net::IpAddr;

use super::field::Key;
use super::name::Name;
use super::value::Datatype;

/// Which end of a connection is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NatKind {
    /// The source.
    Snat,
    /// The destination.
    Dnat,
}

impl NatKind {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snat => "snat",
            Self::Dnat => "dnat",
        }
    }
}

/// A version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpVersion {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl IpVersion {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V4 => "ip",
            Self::V6 => "ip6",
        }
    }

    /// The type of its addresses.
    #[must_use]
    pub const fn address(self) -> Datatype {
        match self {
            Self::V4 => Datatype::Ipv4Addr,
            Self::V6 => Datatype::Ipv6Addr,
        }
    }
}

/// A translation of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nat {
    /// Source or destination.
    pub kind: NatKind,
    /// Where to.
    pub target: NatTarget,
}

/// Where a [`Nat`] leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NatTarget {
    /// An address, and a port if it changes too. A port asks for a match on the protocol before it.
    Literal {
        /// The address.
        address: IpAddr,
        /// The port.
        port: Option<u16>,
    },
    /// What a map holds for the key; nothing happens when it holds nothing.
    Map {
        /// The version of the addresses in the map.
        version: IpVersion,
        /// What is looked up.
        key: Key,
        /// The map, of the rule's own table: to `addr`, or to `addr . inet_service` `with_port`.
        map: Name,
        /// Whether the map holds ports too. Then the release must be 0.9.4 or later, and up to
        /// 0.9.8 asks for a match on the transport protocol before it.
        with_port: bool,
    },
}

impl NatTarget {
    /// The version of the addresses.
    #[must_use]
    pub const fn version(&self) -> IpVersion {
        match self {
            Self::Literal {
                address: IpAddr::V4(_),
                ..
            } => IpVersion::V4,
            Self::Literal {
                address: IpAddr::V6(_),
                ..
            } => IpVersion::V6,
            Self::Map { version, .. } => *version,
        }
    }
}
