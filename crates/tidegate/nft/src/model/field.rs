//! Fields of a packet that a rule can match.

use super::value::{Datatype, Type};

/// A part of a packet, or of what the kernel knows about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The name of the interface it came in on.
    Iifname,
    /// The name of the interface it goes out on.
    Oifname,
    /// The transport protocol.
    L4proto,
    /// The packet's mark.
    MetaMark,
    /// The connection's mark.
    CtMark,
    /// The source address of IPv4.
    IpSaddr,
    /// The destination address of IPv4.
    IpDaddr,
    /// The source address of IPv6.
    Ip6Saddr,
    /// The destination address of IPv6.
    Ip6Daddr,
    /// The source address of the frame.
    EtherSaddr,
    /// The destination address of the frame.
    EtherDaddr,
    /// The source port.
    Sport(Transport),
    /// The destination port.
    Dport(Transport),
}

/// The header that holds a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP; matches only TCP.
    Tcp,
    /// UDP; matches only UDP.
    Udp,
    /// SCTP; matches only SCTP.
    Sctp,
    /// Any transport header (`th`).
    Any,
}

impl Transport {
    /// What nft calls the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
            Self::Any => "th",
        }
    }
}

impl Field {
    /// The type of its value.
    #[must_use]
    pub const fn datatype(self) -> Datatype {
        match self {
            Self::Iifname | Self::Oifname => Datatype::Ifname,
            Self::L4proto => Datatype::InetProto,
            Self::MetaMark | Self::CtMark => Datatype::Mark,
            Self::IpSaddr | Self::IpDaddr => Datatype::Ipv4Addr,
            Self::Ip6Saddr | Self::Ip6Daddr => Datatype::Ipv6Addr,
            Self::EtherSaddr | Self::EtherDaddr => Datatype::EtherAddr,
            Self::Sport(_) | Self::Dport(_) => Datatype::InetService,
        }
    }
}

/// Fields joined to look a set or map up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Vec<Field>);

impl Key {
    /// Joins fields.
    #[must_use]
    pub fn new(fields: impl Into<Vec<Field>>) -> Self {
        Self(fields.into())
    }

    /// The fields, in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.0
    }

    /// The type of key that a set must have for it.
    #[must_use]
    pub fn key_type(&self) -> Type {
        Type::new(
            self.0
                .iter()
                .map(|field| field.datatype())
                .collect::<Vec<_>>(),
        )
    }
}

impl<const N: usize> From<[Field; N]> for Key {
    fn from(fields: [Field; N]) -> Self {
        Self(fields.into())
    }
}
