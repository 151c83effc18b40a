//! The statements that rules are made of.

use std::net::IpAddr;

use ipnet::{Ipv4Net, Ipv6Net};

use super::field::{Field, Key};
use super::label::LogPrefix;
use super::name::Name;
use super::set::Verdict;
use super::value::{Datatype, Mark, Value};

/// One step of a rule: a match that the packet must pass, or something done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Compares a field. Made by [`Selector`](super::Selector), which checks types at compile time.
    Match(Match),
    /// Looks a key up in a set.
    Lookup {
        /// What is looked up.
        key: Key,
        /// The set, of the rule's own table. Not a map: only new kernels look keys up in those.
        set: Name,
        /// Matches when the set does not hold the key.
        negated: bool,
    },
    /// Matches connections in any of these states.
    CtState(Vec<CtState>),
    /// Matches connections with any of these marks of connection tracking.
    CtStatus(Vec<CtStatus>),
    /// Matches by the kind of the destination address, as the routing table has it.
    DaddrType {
        /// The kind.
        kind: AddrType,
        /// Matches all other kinds.
        negated: bool,
    },
    /// Counts packets and bytes.
    Counter,
    /// Ends the rule with a verdict.
    Verdict(Verdict),
    /// Takes the verdict that a verdict map holds for the key.
    VerdictMap {
        /// What is looked up.
        key: Key,
        /// The verdict map, of the rule's own table.
        map: Name,
    },
    /// Replaces the source address by that of the interface it leaves through.
    Masquerade,
    /// Replaces source or destination.
    Nat(Nat),
    /// Replaces the destination by this host.
    Redirect(Redirect),
    /// Refuses the packet and tells the sender.
    Reject(Reject),
    /// Writes to the kernel log or to a netlink group.
    Log(Log),
    /// Sets a mark.
    SetMark {
        /// Which mark.
        kind: MarkKind,
        /// Its value.
        mark: Mark,
    },
}

impl From<Verdict> for Statement {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(verdict)
    }
}

/// A comparison of a field with something constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// What is looked at.
    pub field: Field,
    /// What it is compared with.
    pub operand: Operand,
    /// Matches when they differ.
    pub negated: bool,
}

/// The right side of a [`Match`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// One value.
    Value(Value),
    /// All addresses of a network.
    Ipv4Net(Ipv4Net),
    /// All addresses of a network.
    Ipv6Net(Ipv6Net),
}

impl Operand {
    /// The type that the field must have.
    #[must_use]
    pub const fn datatype(&self) -> Datatype {
        match self {
            Self::Value(value) => value.datatype(),
            Self::Ipv4Net(_) => Datatype::Ipv4Addr,
            Self::Ipv6Net(_) => Datatype::Ipv6Addr,
        }
    }
}

/// A state of connection tracking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CtState {
    /// Cannot be assigned to a connection.
    Invalid,
    /// Part of a connection that saw packets both ways.
    Established,
    /// Begins a connection that belongs to another.
    Related,
    /// Begins a connection.
    New,
    /// Exempt from tracking.
    Untracked,
}

impl CtState {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Established => "established",
            Self::Related => "related",
            Self::New => "new",
            Self::Untracked => "untracked",
        }
    }
}

/// A mark that connection tracking keeps on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CtStatus {
    /// Seen both ways.
    SeenReply,
    /// Never ends early.
    Assured,
    /// Has left the host.
    Confirmed,
    /// Its source is translated.
    Snat,
    /// Its destination is translated.
    Dnat,
    /// Is going.
    Dying,
}

impl CtStatus {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeenReply => "seen-reply",
            Self::Assured => "assured",
            Self::Confirmed => "confirmed",
            Self::Snat => "snat",
            Self::Dnat => "dnat",
            Self::Dying => "dying",
        }
    }
}

/// The kind of an address, as the routing table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddrType {
    /// Behind a gateway or link.
    Unicast,
    /// Of this host.
    Local,
    /// To all of a network.
    Broadcast,
    /// To a group.
    Multicast,
}

impl AddrType {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unicast => "unicast",
            Self::Local => "local",
            Self::Broadcast => "broadcast",
            Self::Multicast => "multicast",
        }
    }
}

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

/// A new destination on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// The same port.
    SamePort,
    /// This port. Asks for a match on the protocol before it.
    Port(u16),
    /// The port that a map to `inet_service` holds for the key.
    Map {
        /// What is looked up.
        key: Key,
        /// The map, of the rule's own table.
        map: Name,
    },
}

/// How a packet is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reject {
    /// ICMP port unreachable, of the packet's version.
    PortUnreachable,
    /// ICMP administratively prohibited, of the packet's version. Families inet and bridge.
    AdminProhibited,
    /// ICMP host unreachable, of the packet's version. Families inet and bridge.
    HostUnreachable,
    /// ICMP no route, of the packet's version. Families inet and bridge.
    NoRoute,
    /// A TCP reset. Asks for a match on TCP before it.
    TcpReset,
}

/// Where and how a packet is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    /// To the kernel log.
    Kernel {
        /// Begins each line.
        prefix: Option<LogPrefix>,
        /// The level; `warn` where nothing is said.
        level: Option<LogLevel>,
    },
    /// To the programs that listen on a netlink group.
    Group {
        /// Goes with each packet.
        prefix: Option<LogPrefix>,
        /// The number of the group.
        group: u16,
    },
}

/// A level of the kernel log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// 3
    Err,
    /// 4
    Warn,
    /// 5
    Notice,
    /// 6
    Info,
    /// 7
    Debug,
}

impl LogLevel {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Err => "err",
            Self::Warn => "warn",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Which mark is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkKind {
    /// The packet's.
    Meta,
    /// The connection's.
    Ct,
}

impl MarkKind {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Ct => "ct",
        }
    }
}
