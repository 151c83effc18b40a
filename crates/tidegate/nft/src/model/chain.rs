//! Chains.

use super::family::ChainId;
use super::value::IfName;

/// A chain: regular, or hooked into the packet path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Which one.
    pub id: ChainId,
    /// Where it is hooked in; `None` for one that is only jumped to.
    pub base: Option<Base>,
}

impl Chain {
    /// A chain that is only jumped to.
    #[must_use]
    pub const fn regular(id: ChainId) -> Self {
        Self { id, base: None }
    }

    /// A chain that the kernel calls.
    #[must_use]
    pub const fn base(id: ChainId, base: Base) -> Self {
        Self {
            id,
            base: Some(base),
        }
    }
}

/// What makes a chain a base chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its type.
    pub kind: ChainKind,
    /// The point of the packet path.
    pub hook: Hook,
    /// Its place among the chains of that hook.
    pub priority: Priority,
    /// What happens to a packet that reaches its end.
    pub policy: Policy,
    /// The device; for [`Hook::Ingress`], and only there.
    pub device: Option<IfName>,
}

impl Base {
    /// A base chain of any hook that is not bound to a device, with policy accept.
    #[must_use]
    pub const fn new(kind: ChainKind, hook: Hook, priority: Priority) -> Self {
        Self {
            kind,
            hook,
            priority,
            policy: Policy::Accept,
            device: None,
        }
    }

    /// The same with another policy.
    #[must_use]
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The same bound to a device.
    #[must_use]
    pub fn device(self, device: IfName) -> Self {
        Self {
            device: Some(device),
            ..self
        }
    }
}

/// The type of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChainKind {
    /// Filters; in all families and hooks.
    Filter,
    /// Address translation: the first packet of each connection passes it.
    Nat,
    /// Looks the route up again when the packet was changed; hook output.
    Route,
}

impl ChainKind {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Nat => "nat",
            Self::Route => "route",
        }
    }
}

/// A point of the packet path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// On a device, before anything else.
    Ingress,
    /// Before routing.
    Prerouting,
    /// To this host.
    Input,
    /// Through this host.
    Forward,
    /// From this host.
    Output,
    /// After routing.
    Postrouting,
}

impl Hook {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Prerouting => "prerouting",
            Self::Input => "input",
            Self::Forward => "forward",
            Self::Output => "output",
            Self::Postrouting => "postrouting",
        }
    }
}

/// The place of a chain at its hook; the least comes first. Always written as a number: releases
/// differ in which name they take at which hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(pub i32);

impl Priority {
    /// Before connection tracking (`NF_IP_PRI_RAW` in linux/netfilter_ipv4.h).
    pub const RAW: Self = Self(-300);
    /// `NF_IP_PRI_MANGLE`.
    pub const MANGLE: Self = Self(-150);
    /// `NF_IP_PRI_NAT_DST`.
    pub const DSTNAT: Self = Self(-100);
    /// `NF_IP_PRI_FILTER`.
    pub const FILTER: Self = Self(0);
    /// `NF_IP_PRI_SECURITY`.
    pub const SECURITY: Self = Self(50);
    /// `NF_IP_PRI_NAT_SRC`.
    pub const SRCNAT: Self = Self(100);
}

/// The verdict at the end of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// Go on.
    Accept,
    /// Throw away.
    Drop,
}

impl Policy {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Drop => "drop",
        }
    }
}
