//! Compares a finished package with its programs: nothing missing, nothing too much.

use super::{Fault, PackageFacts};

/// The files that the package lacks.
#[must_use]
pub fn audit_files(facts: &PackageFacts<'_>) -> Vec<Fault> {
    facts
        .files
        .iter()
        .filter(|file| !facts.report.files.contains(file))
        .map(|file| facts.fault(format!("does not hold {file}")))
        .collect()
}

/// The planned dependencies that the package lacks.
#[must_use]
pub fn audit_declared(facts: &PackageFacts<'_>) -> Vec<Fault> {
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
