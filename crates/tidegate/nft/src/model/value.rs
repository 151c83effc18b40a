//! Data types of nftables and the values they hold.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use arrayvec::ArrayString;
use ipnet::{Ipv4Net, Ipv6Net};
use smallvec::SmallVec;

/// A type of nft's type system (nft(8), DATA TYPES).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Datatype {
    /// `inet_proto`, one byte.
    InetProto,
    /// `inet_service`, a port.
    InetService,
    /// `ipv4_addr`.
    Ipv4Addr,
    /// `ipv6_addr`.
    Ipv6Addr,
    /// `ifname`, 16 bytes.
    Ifname,
    /// `mark`, four bytes.
    Mark,
    /// `ether_addr`, six bytes.
    EtherAddr,
}

impl Datatype {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::InetProto,
        Self::InetService,
        Self::Ipv4Addr,
        Self::Ipv6Addr,
        Self::Ifname,
        Self::Mark,
        Self::EtherAddr,
    ];

    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InetProto => "inet_proto",
            Self::InetService => "inet_service",
            Self::Ipv4Addr => "ipv4_addr",
            Self::Ipv6Addr => "ipv6_addr",
            Self::Ifname => "ifname",
            Self::Mark => "mark",
            Self::EtherAddr => "ether_addr",
        }
    }

    /// Bytes it takes in a register, where every part of a concatenation begins on four bytes.
    #[must_use]
    pub const fn register_bytes(self) -> usize {
        match self {
            Self::InetProto | Self::InetService | Self::Ipv4Addr | Self::Mark => 4,
            Self::EtherAddr => 8,
            Self::Ipv6Addr | Self::Ifname => 16,
        }
    }
}

impl fmt::Display for Datatype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The type of a key or of a map's data: one data type, or several joined (`ipv4_addr . inet_service`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Type(Vec<Datatype>);

impl Type {
    /// The most bytes of registers that the kernel gives a key (`NFT_REG32_COUNT`, 16 words).
    pub const MAX_BYTES: usize = 64;

    /// Joins data types. Whether the kernel has room for them is checked by validation.
    #[must_use]
    pub fn new(parts: impl Into<Vec<Datatype>>) -> Self {
        Self(parts.into())
    }

    /// The data types it joins, in order.
    #[must_use]
    pub fn parts(&self) -> &[Datatype] {
        &self.0
    }

    /// The type of these values.
    #[must_use]
    pub fn of(values: &[Value]) -> Self {
        Self(values.iter().map(Value::datatype).collect())
    }
}

impl<const N: usize> From<[Datatype; N]> for Type {
    fn from(parts: [Datatype; N]) -> Self {
        Self(parts.into())
    }
}

impl From<Datatype> for Type {
    fn from(part: Datatype) -> Self {
        Self(vec![part])
    }
}

/// A transport protocol's number (IANA protocol numbers). Numbers, because names need /etc/protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InetProto(pub u8);

impl InetProto {
    /// 1
    pub const ICMP: Self = Self(1);
    /// 2
    pub const IGMP: Self = Self(2);
    /// 6
    pub const TCP: Self = Self(6);
    /// 17
    pub const UDP: Self = Self(17);
    /// 58
    pub const ICMPV6: Self = Self(58);
    /// 132
    pub const SCTP: Self = Self(132);
}

/// A port of TCP, UDP or SCTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InetService(pub u16);

/// A packet or connection mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub u32);

/// A hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EtherAddr(pub [u8; 6]);

/// The name of a network interface, 1 to 15 bytes.
///
/// The kernel takes anything but `/`, `:` and white space (`dev_valid_name` in net/core/dev.c). nft
/// gives `*` and `\` a meaning and cannot quote `"`; those, `$` and what is not ASCII are refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfName(ArrayString<{ IfName::MAX }>);

/// A text that is no [`IfName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be used as the name of an interface", .0.escape_debug())]
pub struct IfNameError(String);

impl IfName {
    /// Longest name, in bytes (`IFNAMSIZ` of linux/if.h less the NUL).
    pub const MAX: usize = 15;

    /// Checks and wraps the name of an interface.
    ///
    /// # Errors
    /// When the kernel or nft would not take it, or would read it as a pattern.
    pub fn new(text: impl AsRef<str>) -> Result<Self, IfNameError> {
        let text = text.as_ref();
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"/:*\\\"$".contains(&byte);
        let is_named = !matches!(text, "" | "." | "..") && text.bytes().all(is_plain);
        match ArrayString::from(text) {
            Ok(name) if is_named => Ok(Self(name)),
            _ => Err(IfNameError(text.to_owned())),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The values of a key or of data that is joined. Up to two take no memory of their own: a whole state has tens
/// of thousands, and what they leave behind when they go would stay with the process.
pub type Values = SmallVec<[Value; 2]>;

/// One value of a key or of data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A transport protocol.
    InetProto(InetProto),
    /// A port.
    InetService(InetService),
    /// An IPv4 address.
    Ipv4Addr(Ipv4Addr),
    /// An IPv6 address.
    Ipv6Addr(Ipv6Addr),
    /// An interface's name.
    Ifname(IfName),
    /// A mark.
    Mark(Mark),
    /// A hardware address.
    EtherAddr(EtherAddr),
    /// The IPv4 addresses of a prefix of 1 to 31 bits without host bits, in sets with intervals.
    Ipv4Net(Ipv4Net),
    /// The IPv6 addresses of a prefix of 1 to 127 bits without host bits, in sets with intervals.
    Ipv6Net(Ipv6Net),
}

impl Value {
    /// Its type.
    #[must_use]
    pub const fn datatype(&self) -> Datatype {
        match self {
            Self::InetProto(_) => Datatype::InetProto,
            Self::InetService(_) => Datatype::InetService,
            Self::Ipv4Addr(_) | Self::Ipv4Net(_) => Datatype::Ipv4Addr,
            Self::Ipv6Addr(_) | Self::Ipv6Net(_) => Datatype::Ipv6Addr,
            Self::Ifname(_) => Datatype::Ifname,
            Self::Mark(_) => Datatype::Mark,
            Self::EtherAddr(_) => Datatype::EtherAddr,
        }
    }

    /// Whether it stands for several values.
    #[must_use]
    pub const fn is_interval(&self) -> bool {
        matches!(self, Self::Ipv4Net(_) | Self::Ipv6Net(_))
    }

    /// Whether it is this one, or stands for it too.
    #[must_use]
    pub fn covers(&self, one: &Self) -> bool {
        match (self, one) {
            (Self::Ipv4Net(net), Self::Ipv4Addr(ip)) => net.contains(ip),
            (Self::Ipv6Net(net), Self::Ipv6Addr(ip)) => net.contains(ip),
            _ => self == one,
        }
    }

    /// The one that nft 0.9.8 writes in its stead when it lists a set: of an IPv6 prefix in a concatenation it
    /// knows the upper half as a whole alone. The kernel holds what was meant.
    #[must_use]
    pub(crate) fn misprinted(&self) -> Self {
        match self {
            Self::Ipv6Net(net) if net.prefix_len() < 64 => {
                Ipv6Net::new(net.addr(), 64).map_or_else(|_| self.clone(), Self::Ipv6Net)
            }
            _ => self.clone(),
        }
    }
}

/// The least that stands for all addresses of a prefix: one address alone is written as that, by nft too.
impl From<Ipv4Net> for Value {
    fn from(net: Ipv4Net) -> Self {
        match net.prefix_len() {
            32 => Self::Ipv4Addr(net.addr()),
            _ => Self::Ipv4Net(net.trunc()),
        }
    }
}

/// The same for IPv6.
impl From<Ipv6Net> for Value {
    fn from(net: Ipv6Net) -> Self {
        match net.prefix_len() {
            128 => Self::Ipv6Addr(net.addr()),
            _ => Self::Ipv6Net(net.trunc()),
        }
    }
}

macro_rules! values {
    ($($kind:ident($inner:ty)),+ $(,)?) => {$(
        impl From<$inner> for Value {
            fn from(value: $inner) -> Self {
                Self::$kind(value)
            }
        }
    )+};
}

values!(
    InetProto(InetProto),
    InetService(InetService),
    Ipv4Addr(Ipv4Addr),
    Ipv6Addr(Ipv6Addr),
    Ifname(IfName),
    Mark(Mark),
    EtherAddr(EtherAddr),
);
