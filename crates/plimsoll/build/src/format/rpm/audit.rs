//! A finished RPM package against the programs in it.

use std::collections::BTreeSet;

use plimsoll_spec::Relation;

use super::requires;
use crate::audit::{Fault, PackageFacts};

/// Compares the package's requirements with what its programs link.
pub(super) fn audit(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let needed = requires::of_all(facts.programs, facts.lent);
    let found: BTreeSet<String> = facts.report.relations.depends().iter().cloned().collect();
    let missing = needed
        .difference(&found)
        .map(|name| facts.fault(format!("does not require {name}, which it links")));
    let declared = &facts.plan.declared;
    let surplus = found
        .difference(&needed)
        .filter(|name| !declared.has(Relation::Depends, name) && !requires::is_of_rpm(name))
        .map(|name| {
            facts.fault(format!(
                "requires {name}, which nothing in it links or declares"
            ))
        });
    missing.chain(surplus).collect()
}

/// Whether rpm says that a package provides itself: `sample = 1.0-1`, `sample(x86-64) = 1.0-1`.
pub(super) fn is_own(name: &str, text: &str) -> bool {
    text.split([' ', '(']).next() == Some(name)
}

/// Compares our reading of the programs with that of rpm's own reader.
pub(super) fn audit_requires(facts: &PackageFacts<'_>, by_rpm: &BTreeSet<String>) -> Vec<Fault> {
    let ours = requires::of_all(facts.programs, facts.lent);
    let theirs = by_rpm.iter().cloned();
    let theirs = theirs.filter(|name| !requires::is_brought(facts.programs, facts.lent, name));
    ours.symmetric_difference(&theirs.collect())
        .map(|name| facts.fault(format!("{name} is not read alike by rpm's elfdeps")))
        .collect()
}
