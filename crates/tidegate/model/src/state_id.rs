//! The identity of a saved state.

use std::fmt;

/// The identity of a saved state: a random number that is made with the state file. Each bridge has it in its alias
/// (`IFLA_IFALIAS`, `ip link show`), so that a daemon with another state does not take the bridge for a leftover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateId(pub u64);

/// What stands before the identity in the alias of a bridge.
const ALIAS: &str = "tidegate state ";

impl StateId {
    /// The alias of a bridge of this state.
    pub fn alias(self) -> String {
        format!("{ALIAS}{self}")
    }

    /// The identity in the alias of a link; none if it has none.
    pub fn of_alias(alias: &str) -> Option<Self> {
        let digits = alias.strip_prefix(ALIAS)?;
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl fmt::Display for StateId {
    /// 16 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_read_from_the_alias_and_from_no_other_text() {
        let id = StateId(0xfe);
        assert_eq!(id.alias(), "tidegate state 00000000000000fe");
        assert_eq!(StateId::of_alias(&id.alias()), Some(id));
        for other in ["", "uplink", "tidegate state ", "tidegate state 0xfe"] {
            assert_eq!(StateId::of_alias(other), None, "{other:?}");
        }
    }
}
