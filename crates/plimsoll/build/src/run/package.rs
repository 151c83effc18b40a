//! Writing one package and comparing it with the plan.

use std::path::{Path, PathBuf};

use super::{Run, RunError, files};
use crate::audit::{AuditError, Fault, PackageFacts, audit_build, audit_libraries};
use crate::bundled::Bundled;
use crate::compose::{self, Ingredients, compose};
use crate::format::{Format, Programs};
use crate::lent::Lent;
use crate::linked::LinkedLibrary;
use crate::manifest::{Artifact, ListFile, Sum};
use crate::packager::Packager;
use crate::program::BuiltProgram;
use crate::public_libraries;
use crate::sbom;
use plimsoll_plan::config::{Architecture, Config};
use plimsoll_plan::format::UnknownFormat;
use plimsoll_plan::plan::{BuildPlan, PackagePlan};
use plimsoll_probe::{Distribution, Host};
use plimsoll_spec::{FileKind, PackageFile, PackageReport, PackageSpec};

/// A package that was written and is not audited yet.
pub(super) struct Written {
    /// With the dependencies on other packages of the build.
    plan: PackagePlan,
    spec: PackageSpec,
    report: PackageReport,
    programs: Vec<BuiltProgram>,
    lent: Vec<Lent>,
}

impl Run<'_> {
    pub(super) fn write(
        &mut self,
        build: &BuildPlan,
        package: &PackagePlan,
    ) -> Result<Written, RunError> {
        let format = self.format(package)?;
        let (files, build_ids) = match &package.debug_of {
            Some(of) => self.debug_files(format, package, of),
            None => {
                let made = self.made(build);
                let files = compose::collect(self.config, self.plan, &made, package)?;
                (files, Vec::new())
            }
        };
        let programs = match &package.debug_of {
            // No system loads them.
            Some(_) => Vec::new(),
            None => self.elf_files(build, &files)?,
        };
        self.ask_owners(&programs);
        let own = package.config(self.config);
        let (lent, package) = &self.lend(build, (package, &own), format, &programs)?;
        let mut faults = audit_build(build.flavour, self.config, &programs);
        faults.extend(public_libraries::unnamed(&programs, &files));
        faults.extend(audit_libraries(self.config, &self.owners, &programs, lent));
        if own.architecture == Architecture::All {
            let held = programs.iter().map(|program| {
                let what = "is an ELF file, and `architecture` is \"all\"".to_owned();
                Fault::new(&program.name, what)
            });
            faults.extend(held);
        }
        AuditError::check(faults)?;
        self.ask_linker(build, &programs, lent)?;
        if format.has_dependencies() {
            self.audit_linked(build, &programs, lent)?;
        }
        let derived = self.derive(format, (package, &own), (&programs, lent), &files)?;
        let mut spec = compose(&Ingredients {
            config: &own,
            plan: self.plan,
            format,
            package,
            files: &files,
            programs: &programs,
            derived: &derived,
            changelog: &self.changelog,
        });
        spec.build_ids = build_ids;
        let path = compose::work_folder(self.plan, package).join("spec.json");
        let text = serde_json::to_string_pretty(&spec).map_err(|source| RunError::Json {
            what: path.display().to_string(),
            source,
        })?;
        files::write(&path, &text)?;
        let packager = Packager::of(&self.plan.places.workspace);
        let report = format.write(&packager, &spec, &path)?;
        Ok(Written {
            plan: package.clone(),
            spec,
            report,
            programs,
            lent: lent.clone(),
        })
    }

    fn format(&self, package: &PackagePlan) -> Result<&'static dyn Format, UnknownFormat> {
        self.formats.get(package.format)
    }

    /// The dependencies that follow from the ELF files. A package that is to have no program may have no ELF file at all.
    fn derive(
        &self,
        format: &dyn Format,
        (package, own): (&PackagePlan, &Config),
        (built, lent): (&[BuiltProgram], &[Lent]),
        files: &[PackageFile],
    ) -> Result<Vec<String>, RunError> {
        if built.is_empty() && own.programs_in(package.format).is_empty() {
            return Ok(Vec::new());
        }
        let failed = |source| RunError::Depends {
            file: package.file.clone(),
            source,
        };
        let programs = Programs {
            package: &package.name,
            built,
            lent,
            files,
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
        let written = self.written.take().ok_or_else(out_of_order)?;
        let Written {
            plan: package,
            spec,
            report,
            programs,
            lent,
        } = written;
        let files = expected(&spec);
        let format = self.format(&package)?;
        let facts = PackageFacts {
            plan: &package,
            libraries: &self.config.native_dep,
            owners: &self.owners,
            programs: &programs,
            lent: &lent,
            files: &files,
            report: &report,
        };
        let mut faults = format.audit(&facts);
        let second = format.second_reading(&facts, &paths(&programs));
        faults.extend(second.map_err(|source| RunError::Depends {
            file: package.file.clone(),
            source,
        })?);
        AuditError::check(faults)?;
        let sum = files::sum(&spec.out)?;
        let bundled = self.held(build, &programs);
        let libraries = self.libraries(build, &programs, &lent);
        let components = self.components(build, &spec, &programs, (&libraries, &bundled), &sum)?;
        let mut artifact = Artifact::new(
            self.plan,
            build,
            &package,
            &programs,
            &self.owners,
            report,
            sum,
        );
        artifact.bundled = bundled;
        artifact.components = Some(ListFile::of(&components)?);
        self.artifacts.push(artifact);
        self.finished.extend([spec.out, components]);
        Ok(())
    }

    /// Writes the list of components of a package, beside it.
    fn components(
        &self,
        build: &BuildPlan,
        spec: &PackageSpec,
        programs: &[BuiltProgram],
        (libraries, bundled): (&[LinkedLibrary], &[Bundled]),
        sum: &Sum,
    ) -> Result<PathBuf, RunError> {
        let out_of_order = || RunError::OutOfOrder {
            step: format!("list the components of flavour {}", build.flavour),
        };
        let crates = self.crates.get(&build.flavour).ok_or_else(out_of_order)?;
        let names: Vec<&str> = programs
            .iter()
            .map(|program| program.name.as_str())
            .collect();
        let path = PathBuf::from(format!("{}{}", spec.out.display(), sbom::SUFFIX));
        let document = sbom::document(&sbom::Contents {
            name: &spec.name,
            version: &spec.full_version(),
            license: &spec.license,
            sha256: &sum.sha256,
            commit: &self.plan.source.commit,
            distribution: &Distribution::of(&Host),
            crates,
            linked: &crates.linked(&self.units(build), &names),
            libraries,
            bundled,
        });
        let document = document.map_err(|source| RunError::Json {
            what: path.display().to_string(),
            source,
        })?;
        files::write(&path, &document)?;
        Ok(path)
    }
}

/// The paths that a finished package lists. A ghost is not in every one, nor is a folder that holds something.
fn expected(spec: &PackageSpec) -> Vec<String> {
    let holds = |folder: &PackageFile| {
        let mut others = spec.files.iter();
        others.any(|other| {
            let rest = other.dest.strip_prefix(&folder.dest);
            rest.is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let files = spec.files.iter();
    let listed = files.filter(|file| match file.folder {
        true => !holds(file),
        false => file.kind != FileKind::Ghost,
    });
    listed.map(|file| file.dest.clone()).collect()
}

fn paths(programs: &[BuiltProgram]) -> Vec<&Path> {
    programs
        .iter()
        .map(|program| program.path.as_path())
        .collect()
}
