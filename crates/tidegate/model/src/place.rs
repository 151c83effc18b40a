//! Where an endpoint's interface is.

use std::fmt;
use std::path::Path;

use crate::{NetnsId, NetnsRef};

/// Where the inner end of an endpoint's pair is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a namespace that Tidegate was given, and in which it configures the interface.
    Netns(NetnsRef),
    /// Where its container engine has moved it. The engine configures it there.
    HandedOver(HandedOver),
}

/// What is known of an interface that was handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// The number that the host's namespace has for the one in which the interface is (ip-netns(8), `list-id`); none
    /// while it is in the host's namespace. Not stored: the kernel tells.
    pub netns_number: Option<i32>,
}

impl Place {
    /// The namespace, if Tidegate was given one.
    pub fn netns(&self) -> Option<&NetnsRef> {
        match self {
            Self::Netns(netns) => Some(netns),
            Self::HandedOver(_) => None,
        }
    }

    /// The path of that namespace.
    pub fn path(&self) -> Option<&Path> {
        self.netns().map(|netns| netns.path.as_path())
    }

    /// Whether it was handed over.
    pub fn is_handed_over(&self) -> bool {
        matches!(self, Self::HandedOver(_))
    }
}

impl fmt::Display for Place {
    /// `/run/netns/box`, `handed over` or `handed over, in namespace number 5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Netns(netns) => write!(f, "{}", netns.path.display()),
            Self::HandedOver(HandedOver { netns_number: None }) => write!(f, "handed over"),
            Self::HandedOver(HandedOver {
                netns_number: Some(number),
            }) => write!(f, "handed over, in namespace number {number}"),
        }
    }
}

/// Devices of namespaces of which only a number is known. No real one has them.
const NUMBERED: u64 = u64::MAX - 1;
const NOT_MOVED: u64 = u64::MAX - 2;

impl HandedOver {
    /// An identity for comparisons with those of other endpoints: the same for all whose interfaces are in one
    /// namespace. `own` is a number that no other endpoint has.
    pub(crate) fn id(self, own: u64) -> NetnsId {
        let (dev, ino) = match self.netns_number {
            Some(number) => (NUMBERED, u64::from(number.cast_unsigned())),
            None => (NOT_MOVED, own),
        };
        NetnsId {
            dev,
            ino,
            cookie: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_in_one_namespace_have_one_identity_and_those_that_were_not_moved_have_their_own()
    {
        let at = |netns_number| HandedOver { netns_number };
        assert_eq!(at(Some(5)).id(1), at(Some(5)).id(2));
        assert_ne!(at(Some(5)).id(1), at(Some(6)).id(1));
        assert_ne!(at(None).id(1), at(None).id(2));
        assert_ne!(at(None).id(5), at(Some(5)).id(5));
    }

    #[test]
    fn a_place_is_named_by_its_path_or_by_its_number() {
        let shown = |netns_number| Place::HandedOver(HandedOver { netns_number }).to_string();
        assert_eq!(shown(None), "handed over");
        assert_eq!(shown(Some(5)), "handed over, in namespace number 5");
        let given = crate::fixtures::endpoint("front", "web", &[]).place;
        assert_eq!(given.to_string(), "/run/netns/a");
        assert!(!given.is_handed_over() && given.path().is_some());
    }
}
