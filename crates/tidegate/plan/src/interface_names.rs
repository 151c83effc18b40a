//! Names of our interfaces on the host.

use std::collections::BTreeSet;

use tidegate_model::{Change, IfName, State};

/// Prefix of generated names of bridges.
pub(crate) const BRIDGE: &str = "tgb";
/// Prefix of the names of the host's ends of veth pairs.
pub(crate) const ENDPOINT: &str = "tgv";

/// The name of the interface with this number.
#[expect(
    clippy::expect_used,
    reason = "a prefix of three letters and at most eight digits"
)]
pub(crate) fn interface_name(prefix: &str, number: u32) -> IfName {
    format!("{prefix}{number:x}")
        .parse()
        .expect("at most eleven valid characters")
}

/// The names that a new bridge may get, the first that it should get first.
pub fn bridge_names(state: &State) -> impl Iterator<Item = IfName> {
    names(BRIDGE, state)
}

/// The names that the host's end of a new veth pair may get, the first that it should get first.
pub fn port_names(state: &State) -> impl Iterator<Item = IfName> {
    names(ENDPOINT, state)
}

fn names(prefix: &str, state: &State) -> impl Iterator<Item = IfName> {
    (state.next_number..=u32::MAX).map(move |number| interface_name(prefix, number))
}

/// The number of a new interface.
pub(crate) struct Number {
    pub(crate) number: u32,
    /// How many before it have names that links of others have.
    skipped: u32,
}

impl Number {
    /// The next number whose name is not taken.
    pub(crate) fn next(prefix: &str, state: &State, taken: &BTreeSet<IfName>) -> Self {
        let names = names(prefix, state).take_while(|name| taken.contains(name));
        let skipped = u32::try_from(names.count()).unwrap_or(u32::MAX);
        Self {
            number: state.next_number.wrapping_add(skipped),
            skipped,
        }
    }

    /// The change that adds the interface's object, with the numbers that are skipped.
    pub(crate) fn used_by(&self, change: Change) -> Change {
        match self.skipped {
            0 => change,
            skipped => Change::All(vec![Change::SkipNumbers(skipped), change]),
        }
    }
}

/// The number in such a name.
pub(crate) fn interface_number(prefix: &str, ifname: &IfName) -> Option<u32> {
    let number = ifname.as_str().strip_prefix(prefix)?;
    u32::from_str_radix(number, 16).ok()
}
