//! Degraded objects: they are in the state, but the host lacks them completely or in part. Everything else works, and
//! the daemon tries again.

use std::collections::BTreeMap;

use crate::Name;

/// Why a network or an endpoint is degraded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether it is down: the host has no link of it and the table no element. If false, a part of it works.
    pub down: bool,
    /// The failed step and the reason, as text.
    pub reason: String,
    /// What the user can do about it, if anything.
    pub hint: Option<String>,
}

/// The degraded networks and endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Degraded {
    /// Networks, by name.
    pub networks: BTreeMap<Name, Fault>,
    /// Endpoints, by name.
    pub endpoints: BTreeMap<Name, Fault>,
}

impl Degraded {
    /// Whether nothing is degraded.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.endpoints.is_empty()
    }

    /// Why a network is down, if it is.
    pub fn down_network(&self, name: &Name) -> Option<&Fault> {
        self.networks.get(name).filter(|fault| fault.down)
    }

    /// Why an endpoint is down, if it is.
    pub fn down_endpoint(&self, name: &Name) -> Option<&Fault> {
        self.endpoints.get(name).filter(|fault| fault.down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::name;

    #[test]
    fn what_works_in_part_is_degraded_but_not_down() {
        let fault = |down| Fault {
            down,
            reason: "File exists".into(),
            hint: None,
        };
        let all = || BTreeMap::from([(name("a"), fault(true)), (name("b"), fault(false))]);
        let both = Degraded {
            networks: all(),
            endpoints: all(),
        };
        assert_eq!(both.down_network(&name("a")), Some(&fault(true)));
        assert_eq!(both.down_endpoint(&name("a")), Some(&fault(true)));
        for other in ["b", "c"].map(name) {
            assert_eq!(both.down_network(&other), None);
            assert_eq!(both.down_endpoint(&other), None);
        }
        let one = Degraded {
            endpoints: BTreeMap::new(),
            ..both.clone()
        };
        let other = Degraded {
            networks: BTreeMap::new(),
            ..both
        };
        assert!(Degraded::default().is_empty() && !one.is_empty() && !other.is_empty());
    }
}
