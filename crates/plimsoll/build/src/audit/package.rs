//! A finished package against the programs in it: nothing missing, nothing more.

use std::collections::BTreeSet;

use plimsoll_probe::{NativeDep, Version};

use super::{BuiltProgram, Fault};
use crate::depends::deb::Clause;
use crate::depends::rpm;
use crate::depends::system::debian_package;
use plimsoll_plan::plan::PackagePlan;
use plimsoll_spec::{FormatName, PackageReport};

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
pub fn audit_package(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let mut faults = missing_files(facts);
    match facts.plan.format {
        FormatName::DEB => {
            faults.extend(declared_faults(facts));
            faults.extend(deb_missing(facts));
            faults.extend(deb_surplus(facts));
            faults.extend(deb_floor(facts));
        }
        FormatName::RPM => {
            faults.extend(declared_faults(facts));
            faults.extend(rpm_faults(facts));
        }
        // A tar file has no dependencies: its programs must need nothing, which the audit of
        // the build has seen to.
        _ => {}
    }
    faults
}

impl PackageFacts<'_> {
    fn fault(&self, what: String) -> Fault {
        Fault::new(&self.plan.file, what)
    }

    fn clauses(&self) -> impl Iterator<Item = (&String, Clause<'_>)> {
        self.report
            .depends
            .iter()
            .map(|text| (text, Clause::parse(text)))
    }

    /// Debian's package for each library that a program needs.
    fn debian_packages(&self) -> BTreeSet<&str> {
        let needed = self.programs.iter().flat_map(|program| &program.elf.needed);
        needed
            .filter_map(|soname| debian_package(soname, self.library))
            .collect()
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

fn deb_missing(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let named = |package: &str| {
        facts
            .clauses()
            .any(|(_, c)| c.alternative(package).is_some())
    };
    facts
        .debian_packages()
        .into_iter()
        .filter(|package| !named(package))
        .map(|package| facts.fault(format!("does not depend on {package}, which it links")))
        .collect()
}

fn deb_surplus(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let packages = facts.debian_packages();
    facts
        .clauses()
        .filter(|(text, clause)| {
            let linked = packages
                .iter()
                .any(|package| clause.alternative(package).is_some());
            !linked && !facts.plan.declared.depends.contains(text)
        })
        .map(|(text, _)| {
            let what = format!("depends on {text}, which nothing in it links or declares");
            facts.fault(what)
        })
        .collect()
}

/// `libc6 (>= …)` must not be older than the newest glibc symbol that a program needs.
fn deb_floor(facts: &PackageFacts<'_>) -> Option<Fault> {
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
    let at_least = facts
        .clauses()
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

fn rpm_faults(facts: &PackageFacts<'_>) -> Vec<Fault> {
    let needed: BTreeSet<String> = facts
        .programs
        .iter()
        .flat_map(|program| rpm::requires(&program.elf))
        .collect();
    let found: BTreeSet<String> = facts.report.depends.iter().cloned().collect();
    let missing = needed
        .difference(&found)
        .map(|name| facts.fault(format!("does not require {name}, which it links")));
    let declared = &facts.plan.declared.depends;
    let surplus = found
        .difference(&needed)
        .filter(|name| !declared.contains(name) && !rpm::is_of_rpm(name))
        .map(|name| {
            facts.fault(format!(
                "requires {name}, which nothing in it links or declares"
            ))
        });
    missing.chain(surplus).collect()
}

/// Compares our reading of the programs with that of rpm's own reader.
#[must_use]
pub fn audit_requires(
    file: &str,
    programs: &[BuiltProgram],
    by_rpm: &BTreeSet<String>,
) -> Vec<Fault> {
    let ours: BTreeSet<String> = programs
        .iter()
        .flat_map(|program| rpm::requires(&program.elf))
        .collect();
    ours.symmetric_difference(by_rpm)
        .map(|name| Fault::new(file, format!("{name} is not read alike by rpm's elfdeps")))
        .collect()
}

#[cfg(test)]
mod tests;
