//! Writing one package and comparing it with the plan.

use std::path::Path;

use super::{Run, RunError, files};
use crate::audit::{AuditError, BuiltProgram, Fault, PackageFacts, audit_package, audit_requires};
use crate::compose::{self, Ingredients, compose};
use crate::depends::{deb, rpm};
use crate::manifest::Artifact;
use crate::packager::Packager;
use plimsoll_plan::plan::{BuildPlan, PackagePlan};
use plimsoll_spec::{FormatName, PackageReport, PackageSpec};

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
        let files = compose::collect(self.config, self.plan, build, package)?;
        let spec = compose(&Ingredients {
            config: self.config,
            plan: self.plan,
            package,
            files: &files,
            derived: &self.derive(build, package)?,
            changelog: &self.changelog,
        });
        let path = compose::work_folder(self.plan, package).join("spec.json");
        let text = serde_json::to_string_pretty(&spec).map_err(|source| RunError::Json {
            what: path.display().to_string(),
            source,
        })?;
        files::write(&path, &text)?;
        let epoch = self.plan.source.source_date_epoch;
        let report = Packager::of(&self.plan.places.workspace).write(&path, epoch)?;
        Ok(Written { spec, report })
    }

    /// The dependencies that follow from the programs.
    fn derive(&self, build: &BuildPlan, package: &PackagePlan) -> Result<Vec<String>, RunError> {
        let failed = |source| RunError::Depends {
            file: package.file.clone(),
            source,
        };
        match package.format {
            FormatName::RPM => rpm::derived(self.audited(build)?).map_err(failed),
            FormatName::DEB => {
                let programs: Vec<&Path> = build
                    .programs
                    .iter()
                    .map(|program| program.path.as_path())
                    .collect();
                let work = compose::work_folder(self.plan, package).join("shlibdeps");
                deb::shlibdeps(&programs, &self.plan.name, &work).map_err(failed)
            }
            _ => Ok(Vec::new()),
        }
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
        let paths: Vec<String> = spec.files.iter().map(|file| file.dest.clone()).collect();
        let mut faults = audit_package(&PackageFacts {
            plan: package,
            library: self.config.library(),
            programs,
            files: &paths,
            report: &report,
        });
        if package.format == FormatName::RPM {
            faults.extend(by_rpm(build, package, programs)?);
        }
        AuditError::check(faults)?;
        files::publish(&spec.out, &self.plan.places.out)?;
        let sum = files::sum(&spec.out)?;
        let artifact = Artifact::new(self.plan, build, package, programs, report, sum);
        self.artifacts.push(artifact);
        Ok(())
    }
}

/// Where rpm reads the programs otherwise than we do; nothing where rpm is not installed.
fn by_rpm(
    build: &BuildPlan,
    package: &PackagePlan,
    programs: &[BuiltProgram],
) -> Result<Vec<Fault>, RunError> {
    let by_rpm = rpm::elfdeps(&build.programs).map_err(|source| RunError::Depends {
        file: package.file.clone(),
        source,
    })?;
    Ok(by_rpm.map_or_else(Vec::new, |by_rpm| {
        audit_requires(&package.file, programs, &by_rpm)
    }))
}
