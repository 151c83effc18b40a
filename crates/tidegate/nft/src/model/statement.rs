//! The statements that rules are made of.

use ipnet::{Ipv4Net, Ipv6Net};

use super::conntrack::{AddrType, CtState, CtStatus, Side};
use super::element::Verdict;
use super::field::{Field, Key};
use super::name::Name;
use super::nat::Nat;
use super::value::{Datatype, Value};

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
    /// Matches by the kind of an address, as the routing table has it.
    AddrType {
        /// Which address.
        of: Side,
        /// The kind.
        kind: AddrType,
        /// Matches all other kinds.
        negated: bool,
    },
    /// Matches where the host has no route back to the source through the interface by which the packet came in. An
    /// address of the host itself has none. Hooks before routing and input.
    NoWayBack,
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
}

impl From<Verdict> for Statement {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(verdict)
    }
}

impl Key {
    /// Matches when the set holds the key.
    #[must_use]
    pub const fn is_in(self, set: Name) -> Statement {
        Statement::Lookup {
            key: self,
            set,
            negated: false,
        }
    }

    /// Matches when the set does not hold the key.
    #[must_use]
    pub const fn is_not_in(self, set: Name) -> Statement {
        Statement::Lookup {
            key: self,
            set,
            negated: true,
        }
    }

    /// Takes the verdict that the map holds for the key; goes on when it holds none.
    #[must_use]
    pub const fn verdict_from(self, map: Name) -> Statement {
        Statement::VerdictMap { key: self, map }
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
