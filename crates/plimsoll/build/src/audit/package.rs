//! A finished package against the programs in it: nothing missing, nothing more.

use plimsoll_probe::NativeDep;

use super::{BuiltProgram, Fault};
use crate::format::Format;
use plimsoll_plan::plan::PackagePlan;
use plimsoll_spec::PackageReport;

/// A package file with what it was made of.
#[derive(Debug, Clone, Copy)]
pub struct PackageFacts<'a> {
    /// What was planned.
    pub plan: &'a PackagePlan,
    /// The C library.
    pub library: &'a NativeDep,
    /// The programs in it.
    pub programs: &'a [BuiltProgram],
    /// The paths that it should install.
    pub files: &'a [String],
    /// What the finished file says.
    pub report: &'a PackageReport,
}

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

impl PackageFacts<'_> {
    /// A fault of the package.
    #[must_use]
    pub fn fault(&self, what: String) -> Fault {
        Fault::new(&self.plan.file, what)
    }
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
