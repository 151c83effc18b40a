//! What an audit looks at in a package.

use std::collections::BTreeMap;

use plimsoll_plan::plan::PackagePlan;
use plimsoll_probe::{Family, NativeDep, Ownership};
use plimsoll_spec::PackageReport;

use crate::fault::Fault;
use crate::lent::{Lent, is_of_build};
use crate::program::BuiltProgram;

/// A package file with what it was made of.
#[derive(Debug, Clone, Copy)]
pub struct PackageFacts<'a> {
    /// What was planned.
    pub plan: &'a PackagePlan,
    /// The declared libraries, by name.
    pub libraries: &'a BTreeMap<String, NativeDep>,
    /// Whose each library is that the programs need.
    pub owners: &'a BTreeMap<String, Ownership>,
    /// The programs in it.
    pub programs: &'a [BuiltProgram],
    /// The libraries that other packages of the build bring for them.
    pub lent: &'a [Lent],
    /// The paths that it should install.
    pub files: &'a [String],
    /// What the finished file says.
    pub report: &'a PackageReport,
}

impl PackageFacts<'_> {
    /// Whether a library is of the package itself, or of another package of the build.
    #[must_use]
    pub fn is_of_build(&self, soname: &str) -> bool {
        is_of_build(self.programs, self.lent, soname)
    }

    /// The package of a library: that of the system which built, else the declared one of a family.
    #[must_use]
    pub fn package_of(&self, soname: &str, family: Option<Family>) -> Option<&str> {
        let owner = self.owners.get(soname);
        let owner = owner.and_then(|owner| owner.package.as_deref());
        owner.or_else(|| {
            let mut libraries = self.libraries.values();
            let library = libraries.find(|library| &*library.soname == soname)?;
            library.runtime.of(family?)
        })
    }

    /// A fault of the package.
    #[must_use]
    pub fn fault(&self, what: String) -> Fault {
        Fault::new(&self.plan.file, what)
    }
}
