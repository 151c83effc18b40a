//! The libraries that the packages of a build bring for each other.

use plimsoll_plan::config::Config;
use plimsoll_plan::plan::{BuildPlan, PackagePlan};
use plimsoll_spec::{PackageFile, Relation};

use super::{Run, RunError};
use crate::audit::AuditError;
use crate::compose;
use crate::elf_files;
use crate::format::Format;
use crate::lent::{self, Lent, Other};
use crate::program::BuiltProgram;

impl Run<'_> {
    /// The libraries that other packages bring for one, and its plan with the dependencies on them.
    pub(super) fn lend(
        &self,
        build: &BuildPlan,
        (package, own): (&PackagePlan, &Config),
        format: &dyn Format,
        programs: &[BuiltProgram],
    ) -> Result<(Vec<Lent>, PackagePlan), RunError> {
        let version = &self.plan.source.version;
        let mut package = package.clone();
        // What cannot depend on another package gets nothing of it.
        if format.same_version(own, &own.name, version).is_none() {
            return Ok((Vec::new(), package));
        }
        let others = self.others(build, &package)?;
        let lent = lent::lent(own, &self.owners, programs, &others).map_err(AuditError)?;
        let depends = lent::depends(&lent, format, own, version);
        package.declared.add(Relation::Depends, depends);
        Ok((lent, package))
    }

    /// The other packages of a build in the format of one.
    fn others(&self, build: &BuildPlan, package: &PackagePlan) -> Result<Vec<Other>, RunError> {
        let made = self.made(build);
        let packages = self.plan.packages.iter();
        let others = packages.filter(|other| {
            other.debug_of.is_none()
                && other.name != package.name
                && (other.flavour, other.format) == (package.flavour, package.format)
        });
        let others = others.map(|other| {
            let files = compose::collect(self.config, self.plan, &made, other)?;
            Ok(Other {
                name: other.name.clone(),
                programs: self.elf_files(build, &files)?,
            })
        });
        others.collect()
    }

    /// The ELF files among the files of a package.
    pub(super) fn elf_files(
        &self,
        build: &BuildPlan,
        files: &[PackageFile],
    ) -> Result<Vec<BuiltProgram>, RunError> {
        let paths = elf_files::of_package(files);
        let built = self.audited(build)?;
        Ok(elf_files::all(paths, built, build.flavour, self.config)?)
    }
}
