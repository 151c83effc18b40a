//! What an audit looks at in a package.

use std::collections::BTreeMap;

use plimsoll_plan::plan::PackagePlan;
use plimsoll_probe::NativeDep;
use plimsoll_spec::PackageReport;

use crate::fault::Fault;
use crate::program::BuiltProgram;

/// A package file with what it was made of.
#[derive(Debug, Clone, Copy)]
pub struct PackageFacts<'a> {
    /// What was planned.
    pub plan: &'a PackagePlan,
    /// The declared libraries, by name.
    pub libraries: &'a BTreeMap<String, NativeDep>,
    /// The programs in it.
    pub programs: &'a [BuiltProgram],
    /// The paths that it should install.
    pub files: &'a [String],
    /// What the finished file says.
    pub report: &'a PackageReport,
}

impl PackageFacts<'_> {
    /// A fault of the package.
    #[must_use]
    pub fn fault(&self, what: String) -> Fault {
        Fault::new(&self.plan.file, what)
    }
}
