//! A plan as a list of steps.

use std::fmt;

use plimsoll_plan::plan::{BuildPlan, PackagePlan, Plan};
use plimsoll_plan::toolkit::Toolkit;

/// One step of a run. Its input comes from the plan and from the steps before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Remove the packages of an earlier run.
    Clear,
    /// Build the programs of one flavour.
    Build(&'a BuildPlan),
    /// Compare the programs with the plan.
    AuditBuild(&'a BuildPlan),
    /// Build the program that writes packages.
    BuildPackager,
    /// Derive the dependencies of a package and write it.
    Package(&'a BuildPlan, &'a PackagePlan),
    /// Compare the package with the plan and the programs.
    AuditPackage(&'a BuildPlan, &'a PackagePlan),
    /// Put the packages in place, with `manifest.json` and `SHA256SUMS`.
    Publish,
}

/// What is done for a plan, in order: nothing is packaged before every build has passed its
/// audit.
#[must_use]
pub fn steps(plan: &Plan) -> Vec<Step<'_>> {
    let builds = plan
        .builds
        .iter()
        .flat_map(|b| [Step::Build(b), Step::AuditBuild(b)]);
    let packages = plan.builds.iter().flat_map(|build| {
        let of_build = plan.packages.iter().filter(|p| p.flavour == build.flavour);
        of_build.flat_map(move |p| [Step::Package(build, p), Step::AuditPackage(build, p)])
    });
    let mut steps = vec![Step::Clear];
    steps.extend(builds);
    // An installed command has it in itself.
    if Toolkit::this() == Toolkit::Xtask {
        steps.push(Step::BuildPackager);
    }
    steps.extend(packages);
    steps.push(Step::Publish);
    steps
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear => f.write_str("remove earlier packages"),
            Self::Build(build) => write!(f, "build flavour {}", build.flavour),
            Self::AuditBuild(build) => write!(f, "audit flavour {}", build.flavour),
            Self::BuildPackager => f.write_str("build the package writer"),
            Self::Package(_, package) => write!(f, "write {}", package.file),
            Self::AuditPackage(_, package) => write!(f, "audit {}", package.file),
            Self::Publish => f.write_str("put the packages in place"),
        }
    }
}
