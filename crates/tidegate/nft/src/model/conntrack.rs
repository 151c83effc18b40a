//! What the kernel knows about a packet's connection and addresses.

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

/// One of a packet's two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// That of its sender.
    Source,
    /// Where it goes.
    Destination,
}

impl Side {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "saddr",
            Self::Destination => "daddr",
        }
    }
}
