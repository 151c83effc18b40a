//! Families and the identifiers of objects.

use super::name::Name;

/// An address family of nftables (nft(8), ADDRESS FAMILIES).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// IPv4 and IPv6.
    Inet,
    /// ARP.
    Arp,
    /// Packets that pass a bridge.
    Bridge,
    /// Packets as they come in on one device.
    Netdev,
}

impl Family {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Inet => "inet",
            Self::Arp => "arp",
            Self::Bridge => "bridge",
            Self::Netdev => "netdev",
        }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId {
    /// Its family.
    pub family: Family,
    /// Its name.
    pub name: Name,
}

impl TableId {
    /// The table of that family and name.
    #[must_use]
    pub const fn new(family: Family, name: Name) -> Self {
        Self { family, name }
    }

    /// A chain in it.
    #[must_use]
    pub fn chain(&self, name: Name) -> ChainId {
        ChainId {
            table: self.clone(),
            name,
        }
    }

    /// A set in it.
    #[must_use]
    pub fn set(&self, name: Name) -> SetId {
        SetId {
            table: self.clone(),
            name,
            kind: SetKind::Set,
        }
    }

    /// A map, or verdict map, in it.
    #[must_use]
    pub fn map(&self, name: Name) -> SetId {
        SetId {
            table: self.clone(),
            name,
            kind: SetKind::Map,
        }
    }
}

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// The table it is in.
    pub table: TableId,
    /// Its name.
    pub name: Name,
}

/// Which keyword of nft names a set: `set`, or `map` for one whose elements have data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetKind {
    /// Keys alone.
    Set,
    /// Keys with data or a verdict.
    Map,
}

impl SetKind {
    /// The keyword.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Map => "map",
        }
    }
}

/// A set, map or verdict map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId {
    /// The table it is in.
    pub table: TableId,
    /// Its name. Sets and maps of one table share their names.
    pub name: Name,
    /// Set or map.
    pub kind: SetKind,
}
