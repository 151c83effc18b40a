//! Rules of tables that others own, as far as they can be read.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::IpVersion;

/// A rule of another program's table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherRule {
    /// Its handle, as `nft -a` shows it; 0 if it is unknown.
    pub handle: u64,
    /// It as its program writes it; empty if that is unknown.
    pub text: String,
    /// What it compares and does, in order.
    pub statements: Vec<OtherStatement>,
}

/// A statement of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherStatement {
    /// The rule goes on only for packets for which this holds.
    Compare(Comparison),
    /// A verdict for packets that get here.
    End(OtherVerdict),
    /// A verdict map: the first comparison that holds decides.
    Choose(Vec<(Comparison, OtherVerdict)>),
    /// It decides nothing: a counter, a log, a mark.
    Neutral,
    /// It may compare, it may decide: nft or we have no words for it.
    Unreadable,
}

/// A comparison of one field of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The field.
    pub field: OtherField,
    /// Whether none of the values may be the field's.
    pub negated: bool,
    /// The values; none if they cannot be read.
    pub values: Option<Vec<OtherValue>>,
}

/// A field of a packet, or of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherField {
    /// Name of the incoming interface.
    Iifname,
    /// Name of the outgoing interface.
    Oifname,
    /// Source address. A packet of the other version has none.
    Saddr(Option<IpVersion>),
    /// Destination address. A packet of the other version has none.
    Daddr(Option<IpVersion>),
    /// Number of the transport protocol (IANA).
    L4proto,
    /// 2 for IPv4, 10 for IPv6 (`NFPROTO_…`, linux/netfilter.h).
    Nfproto,
    /// Source port; of one protocol, or of any.
    Sport(Option<u8>),
    /// Destination port; of one protocol, or of any.
    Dport(Option<u8>),
    /// State of the connection (`NF_CT_STATE_BIT`, linux/netfilter/nf_conntrack_common.h).
    CtState,
    /// Status of the connection (`IPS_…`, linux/netfilter/nf_conntrack_common.h).
    CtStatus,
    /// Destination port of the first packet, before translation.
    OriginalDport,
    /// The interface by which an answer would leave is the one that the packet came in by (`fib saddr . iif oif`).
    ReversePath,
    /// Whose the destination address is: `local`, `unicast`, `multicast` and so on (`fib daddr type`).
    DestinationType,
    /// The type of an IPv6 routing header. Ordinary packets have none (RFC 5095).
    RoutingHeader,
    /// Another field of this transport protocol.
    OfProtocol(u8),
    /// Another field of this version of IP.
    OfVersion(IpVersion),
    /// Several fields at once.
    Concatenation(Vec<OtherField>),
    /// Something else.
    Unknown,
}

/// A value that a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherValue {
    /// A name; with `*` at its end, all names that begin so.
    Text(String),
    /// Numbers, both included.
    Numbers(u64, u64),
    /// Addresses of a prefix.
    Net(IpNet),
    /// Addresses, both included.
    Addresses(IpAddr, IpAddr),
    /// For each field of a concatenation its values.
    Tuple(Vec<Vec<OtherValue>>),
}

/// What a rule does with a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherVerdict {
    /// It passes this chain's hook.
    Accept,
    /// It is dropped or rejected.
    Drop,
    /// Back to the calling chain.
    Return,
    /// The next rule.
    Continue,
    /// To another chain, and back.
    Jump(String),
    /// To another chain.
    Goto(String),
    /// Its source is translated, and it passes.
    TranslateSource,
    /// Its destination is translated, and it passes: it goes elsewhere.
    TranslateDestination,
    /// A program decides.
    Queue,
}
