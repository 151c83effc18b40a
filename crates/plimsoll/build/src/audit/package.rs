//! A finished package against the programs in it: nothing missing, nothing more.

use super::{Fault, PackageFacts};
use crate::format::Format;

/// Compares the dependencies in the package with what the programs need and the plan declares.
#[must_use]
pub fn audit_package(format: &dyn Format, facts: &PackageFacts<'_>) -> Vec<Fault> {
    let mut faults = missing_files(facts);
    if format.has_dependencies() {
        faults.extend(declared_faults(facts));
    }
    faults.extend(format.audit(facts));
    faults
}

fn missing_files(facts: &PackageFacts<'_>) -> Vec<Fault> {
    facts
        .files
        .iter()
        .filter(|file| !facts.report.files.contains(file))
        .map(|file| facts.fault(format!("does not hold {file}")))
        .collect()
}

fn declared_faults(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let declared = &facts.plan.declared;
    let missing = |planned: &[String], found: &[String], verb: &str| -> Vec<Fault> {
        let missing = planned.iter().filter(|name| !found.contains(name));
        missing
            .map(|name| facts.fault(format!("does not {verb} {name}")))
            .collect()
    };
    let mut faults = missing(&declared.depends, &facts.report.depends, "depend on");
    faults.extend(missing(
        &declared.recommends,
        &facts.report.recommends,
        "recommend",
    ));
    faults
}

#[cfg(test)]
mod tests;
