//! A finished Debian package against the programs in it.

use std::collections::BTreeSet;

use plimsoll_probe::{Family, Version};
use plimsoll_spec::Relation;

use super::shlibdeps::Clause;
use crate::audit::{Fault, PackageFacts};

/// Compares the package's dependencies with what its programs link.
pub(super) fn audit(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let mut faults = missing(facts);
    faults.extend(surplus(facts));
    faults.extend(floor(facts));
    faults
}

fn clauses<'a>(facts: &PackageFacts<'a>) -> impl Iterator<Item = (&'a String, Clause<'a>)> {
    let depends = facts.report.relations.depends().iter();
    depends.map(|text| (text, Clause::parse(text)))
}

/// The package of each library that a program needs.
fn system_packages<'a>(facts: &'a PackageFacts<'_>) -> BTreeSet<&'a str> {
    let family = Family::native_to(facts.plan.format.as_str());
    let needed = facts
        .programs
        .iter()
        .flat_map(|program| &program.elf.needed);
    needed
        .filter(|soname| !facts.is_of_build(soname))
        .filter_map(|soname| facts.package_of(soname, family))
        .collect()
}

fn missing(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let named = |package: &str| clauses(facts).any(|(_, c)| c.alternative(package).is_some());
    system_packages(facts)
        .into_iter()
        .filter(|package| !named(package))
        .map(|package| facts.fault(format!("does not depend on {package}, which it links")))
        .collect()
}

fn surplus(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let packages = system_packages(facts);
    clauses(facts)
        .filter(|(text, clause)| {
            let linked = packages
                .iter()
                .any(|package| clause.alternative(package).is_some());
            !linked && !facts.plan.declared.has(Relation::Depends, text)
        })
        .map(|(text, _)| {
            let what = format!("depends on {text}, which nothing in it links or declares");
            facts.fault(what)
        })
        .collect()
}

/// `libc6 (>= …)` must not be older than the newest glibc symbol that a program needs.
fn floor(facts: &PackageFacts<'_>) -> Option<Fault> {
    let ceilings = facts
        .programs
        .iter()
        .filter_map(|program| program.elf.ceiling("GLIBC"));
    let ceiling = ceilings.max()?;
    let needed = Version::new(
        &ceiling
            .numbers
            .iter()
            .map(|n| u64::from(*n))
            .collect::<Vec<_>>(),
    );
    let at_least = clauses(facts)
        .find_map(|(_, clause)| clause.alternative("libc6").and_then(|libc| libc.at_least));
    match at_least.map(str::parse::<Version>) {
        Some(Ok(version)) if version >= needed => None,
        _ => {
            let stated = at_least.unwrap_or("any version");
            let what = format!("depends on libc6 {stated}, but its programs need {ceiling}");
            Some(facts.fault(what))
        }
    }
}
