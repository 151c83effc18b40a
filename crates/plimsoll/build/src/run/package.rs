//! Writing one package and comparing it with the plan.

use std::path::Path;

use super::{Run, RunError, files};
use crate::audit::{AuditError, PackageFacts};
use crate::compose::{self, Ingredients, compose};
use crate::format::{Format, Programs};
use crate::manifest::Artifact;
use crate::packager::Packager;
use crate::program::BuiltProgram;
use plimsoll_plan::format::UnknownFormat;
use plimsoll_plan::plan::{BuildPlan, PackagePlan};
use plimsoll_spec::{PackageReport, PackageSpec};

/// A package that was written and is not audited yet.
pub(super) struct Written {
    spec: PackageSpec,
    report: PackageReport,
}

impl Run<'_> {
    pub(super) fn write(
        &self,
        build: &BuildPlan,
        package: &PackagePlan,
    ) -> Result<Written, RunError> {
        let files = compose::collect(self.config, self.plan, self.audited(build)?, package)?;
        let format = self.format(package)?;
        let spec = compose(&Ingredients {
            config: self.config,
            plan: self.plan,
            format,
            package,
            files: &files,
            derived: &self.derive(format, build, package)?,
            changelog: &self.changelog,
        });
        let path = compose::work_folder(self.plan, package).join("spec.json");
        let text = serde_json::to_string_pretty(&spec).map_err(|source| RunError::Json {
            what: path.display().to_string(),
            source,
        })?;
        files::write(&path, &text)?;
        let packager = Packager::of(&self.plan.places.workspace);
        let report = format.write(&packager, &spec, &path)?;
        Ok(Written { spec, report })
    }

    fn format(&self, package: &PackagePlan) -> Result<&'static dyn Format, UnknownFormat> {
        self.formats.get(package.format)
    }

    /// The dependencies that follow from the programs.
    fn derive(
        &self,
        format: &dyn Format,
        build: &BuildPlan,
        package: &PackagePlan,
    ) -> Result<Vec<String>, RunError> {
        let failed = |source| RunError::Depends {
            file: package.file.clone(),
            source,
        };
        let built = self.audited(build)?;
        let paths = paths(built);
        let programs = Programs {
            package: &self.plan.name,
            built,
            paths: &paths,
            work: &compose::work_folder(self.plan, package),
        };
        format.derive(&programs).map_err(failed)
    }

    pub(super) fn audit_package(
        &mut self,
        build: &BuildPlan,
        package: &PackagePlan,
    ) -> Result<(), RunError> {
        let out_of_order = || RunError::OutOfOrder {
            step: format!("audit {}", package.file),
        };
        let Written { spec, report } = self.written.take().ok_or_else(out_of_order)?;
        let programs = self.audited(build)?;
        let files: Vec<String> = spec.files.iter().map(|file| file.dest.clone()).collect();
        let format = self.format(package)?;
        let facts = PackageFacts {
            plan: package,
            library: self.config.library(),
            programs,
            files: &files,
            report: &report,
        };
        let mut faults = format.audit(&facts);
        let second = format.second_reading(&facts, &paths(programs));
        faults.extend(second.map_err(|source| RunError::Depends {
            file: package.file.clone(),
            source,
        })?);
        AuditError::check(faults)?;
        let sum = files::sum(&spec.out)?;
        let artifact = Artifact::new(self.plan, build, package, programs, report, sum);
        self.artifacts.push(artifact);
        self.finished.push(spec.out);
        Ok(())
    }
}

fn paths(programs: &[BuiltProgram]) -> Vec<&Path> {
    programs
        .iter()
        .map(|program| program.path.as_path())
        .collect()
}
