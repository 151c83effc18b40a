//! Fields that know the type of their values.

use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::field::{Field, Key, Transport};
use super::name::Name;
use super::statement::{Match, Operand, Statement};
use super::value::{EtherAddr, IfName, InetProto, InetService, Mark, Value};

/// A [`Field`] that knows the type of its value: comparing it with any other type does not compile.
///
/// ```
/// use tidegate_nft::{fields, InetService};
/// let statement = fields::TCP_DPORT.is(InetService(80));
/// assert_eq!(statement.to_string(), "tcp dport 80");
/// ```
///
/// ```compile_fail
/// use std::net::Ipv4Addr;
/// use tidegate_nft::fields;
/// let statement = fields::TCP_DPORT.is(Ipv4Addr::LOCALHOST);
/// ```
#[derive(Debug)]
pub struct Selector<T>(Field, PhantomData<fn() -> T>);

impl<T> Clone for Selector<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Selector<T> {}

impl<T> From<Selector<T>> for Field {
    fn from(selector: Selector<T>) -> Self {
        selector.0
    }
}

impl<T> Selector<T> {
    const fn new(field: Field) -> Self {
        Self(field, PhantomData)
    }

    /// The field without its type, to join it with others in a [`Key`].
    #[must_use]
    pub const fn field(self) -> Field {
        self.0
    }

    /// Matches when the set holds the value.
    #[must_use]
    pub fn is_in(self, set: Name) -> Statement {
        Key::from(self).is_in(set)
    }

    /// Matches when the set does not hold the value.
    #[must_use]
    pub fn is_not_in(self, set: Name) -> Statement {
        Key::from(self).is_not_in(set)
    }

    fn compare(self, operand: Operand, negated: bool) -> Statement {
        Statement::Match(Match {
            field: self.0,
            operand,
            negated,
        })
    }
}

impl<T: Into<Value>> Selector<T> {
    /// Matches when it has this value.
    #[must_use]
    pub fn is(self, value: T) -> Statement {
        self.compare(Operand::Value(value.into()), false)
    }

    /// Matches when it has another value.
    #[must_use]
    pub fn is_not(self, value: T) -> Statement {
        self.compare(Operand::Value(value.into()), true)
    }
}

impl Selector<Ipv4Addr> {
    /// Matches when the address is in the network.
    #[must_use]
    pub fn within(self, net: Ipv4Net) -> Statement {
        self.compare(Operand::Ipv4Net(net.trunc()), false)
    }

    /// Matches when the address is outside of the network.
    #[must_use]
    pub fn outside(self, net: Ipv4Net) -> Statement {
        self.compare(Operand::Ipv4Net(net.trunc()), true)
    }
}

impl Selector<Ipv6Addr> {
    /// Matches when the address is in the network.
    #[must_use]
    pub fn within(self, net: Ipv6Net) -> Statement {
        self.compare(Operand::Ipv6Net(net.trunc()), false)
    }

    /// Matches when the address is outside of the network.
    #[must_use]
    pub fn outside(self, net: Ipv6Net) -> Statement {
        self.compare(Operand::Ipv6Net(net.trunc()), true)
    }
}

/// The fields, each with the type of its value.
pub mod fields {
    use super::*;

    /// The name of the interface that the packet came in on.
    pub const IIFNAME: Selector<IfName> = Selector::new(Field::Iifname);
    /// The name of the interface that the packet goes out on.
    pub const OIFNAME: Selector<IfName> = Selector::new(Field::Oifname);
    /// The transport protocol.
    pub const L4PROTO: Selector<InetProto> = Selector::new(Field::L4proto);
    /// The packet's mark.
    pub const META_MARK: Selector<Mark> = Selector::new(Field::MetaMark);
    /// The connection's mark.
    pub const CT_MARK: Selector<Mark> = Selector::new(Field::CtMark);
    /// The source address of IPv4.
    pub const IP_SADDR: Selector<Ipv4Addr> = Selector::new(Field::IpSaddr);
    /// The destination address of IPv4.
    pub const IP_DADDR: Selector<Ipv4Addr> = Selector::new(Field::IpDaddr);
    /// The source address of IPv6.
    pub const IP6_SADDR: Selector<Ipv6Addr> = Selector::new(Field::Ip6Saddr);
    /// The destination address of IPv6.
    pub const IP6_DADDR: Selector<Ipv6Addr> = Selector::new(Field::Ip6Daddr);
    /// The source address of the frame.
    pub const ETHER_SADDR: Selector<EtherAddr> = Selector::new(Field::EtherSaddr);
    /// The destination address of the frame.
    pub const ETHER_DADDR: Selector<EtherAddr> = Selector::new(Field::EtherDaddr);
    /// The destination port of TCP.
    pub const TCP_DPORT: Selector<InetService> = dport(Transport::Tcp);
    /// The destination port of UDP.
    pub const UDP_DPORT: Selector<InetService> = dport(Transport::Udp);
    /// The destination port of SCTP.
    pub const SCTP_DPORT: Selector<InetService> = dport(Transport::Sctp);
    /// The destination port of any transport protocol.
    pub const TH_DPORT: Selector<InetService> = dport(Transport::Any);

    /// The destination port of a transport protocol.
    #[must_use]
    pub const fn dport(transport: Transport) -> Selector<InetService> {
        Selector::new(Field::Dport(transport))
    }

    /// The source port of a transport protocol.
    #[must_use]
    pub const fn sport(transport: Transport) -> Selector<InetService> {
        Selector::new(Field::Sport(transport))
    }
}

impl<T> From<Selector<T>> for Key {
    fn from(selector: Selector<T>) -> Self {
        Self::new([selector.0])
    }
}
