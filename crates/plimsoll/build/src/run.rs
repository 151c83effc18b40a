//! Carries out a plan: a loop over its steps that makes no decisions.

mod bundled;
mod cargo;
mod debug;
mod error;
mod files;
mod lent;
mod linked;
mod made;
mod package;
mod releases;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use plimsoll_probe::{Answer, Command, Distribution, FlavourName, Host, Ownership, owners};

use crate::audit::{AuditError, BuiltProgram, Stamp, audit_build, audit_said};
use crate::compose;
use crate::crates::Crates;
use crate::debug::Split;
use crate::format::Formats;
use crate::manifest::{Artifact, Manifest};
use crate::out;
use crate::steps::{Step, steps};
use crate::units::Units;
use plimsoll_plan::config::Config;
use plimsoll_plan::format::name_in_file;
use plimsoll_plan::plan::{BuildPlan, Plan};
use plimsoll_spec::changelog::Release;

pub use cargo::without_messages;
pub use error::RunError;
pub use made::{asked, printed_by};

/// A progress listener. Every method may do nothing.
pub trait Observer {
    /// A step begins: its number from 1, how many there are, and its name.
    fn step(&mut self, number: usize, total: usize, name: &str);
    /// A program that a step runs has printed a line.
    fn line(&mut self, line: &str);
}

/// Builds, audits and packages.
///
/// # Errors
/// When a program fails, a result does not agree with the plan, or a file cannot be written. The folder
/// for packages holds none then, or all of its manifest.
pub fn run(
    formats: &Formats,
    config: &Config,
    plan: &Plan,
    observer: &mut dyn Observer,
) -> Result<Manifest, RunError> {
    let _lock = files::lock(&plan.places.cache)?;
    let steps = steps(plan);
    let mut run = Run::new(formats, config, plan, observer)?;
    for (index, step) in steps.iter().enumerate() {
        run.observer.step(index + 1, steps.len(), &step.to_string());
        run.step(*step)?;
    }
    Ok(Manifest::new(plan, run.artifacts))
}

/// What the steps leave for one another.
struct Run<'a> {
    formats: &'a Formats,
    config: &'a Config,
    plan: &'a Plan,
    observer: &'a mut dyn Observer,
    changelog: Vec<Release>,
    built: cargo::Built,
    /// What was compiled for each flavour.
    units: BTreeMap<FlavourName, Units>,
    /// The dependencies of each flavour.
    crates: BTreeMap<FlavourName, Crates>,
    programs: BTreeMap<FlavourName, Vec<BuiltProgram>>,
    /// What the programs of each flavour printed for the packages.
    printed: BTreeMap<FlavourName, made::PrintedFiles>,
    /// Whose each library is that the programs need.
    owners: BTreeMap<String, Ownership>,
    /// The libraries that the linker takes for each flavour.
    linked: BTreeMap<FlavourName, linked::Libraries>,
    /// The symbols of the programs of each flavour that has debug packages, by program.
    symbols: BTreeMap<FlavourName, BTreeMap<String, Split>>,
    written: Option<package::Written>,
    finished: Vec<PathBuf>,
    artifacts: Vec<Artifact>,
}

impl<'a> Run<'a> {
    fn new(
        formats: &'a Formats,
        config: &'a Config,
        plan: &'a Plan,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, RunError> {
        compose::check(config, &plan.places.workspace)?;
        let changelog = releases::read(config, plan, observer)?;
        Ok(Self {
            formats,
            config,
            plan,
            observer,
            changelog,
            built: cargo::Built::new(),
            units: BTreeMap::new(),
            crates: BTreeMap::new(),
            programs: BTreeMap::new(),
            printed: BTreeMap::new(),
            owners: BTreeMap::new(),
            linked: BTreeMap::new(),
            symbols: BTreeMap::new(),
            written: None,
            finished: Vec::new(),
            artifacts: Vec::new(),
        })
    }

    fn step(&mut self, step: Step<'_>) -> Result<(), RunError> {
        match step {
            Step::Clear => {
                let is_ours = |file: &str| {
                    let mut names = self.config.packages();
                    names.any(|name| is_package(file, name))
                };
                Ok(out::clear(&self.plan.places.out, is_ours)?)
            }
            Step::Build(build) => {
                let (built, units) = cargo::build(self.plan, build, self.observer)?;
                self.built = built;
                self.units.insert(build.flavour, units);
                self.take_symbols(build)
            }
            Step::AuditBuild(build) => self.audit_build(build),
            Step::BuildPackager => cargo::build_packager(self.plan, self.observer),
            Step::Package(build, package) => {
                self.written = Some(self.write(build, package)?);
                Ok(())
            }
            Step::AuditPackage(build, package) => self.audit_package(build, package),
            Step::Publish => {
                let manifest = Manifest::new(self.plan, self.artifacts.clone());
                Ok(out::publish(
                    &self.finished,
                    &manifest,
                    &self.plan.places.out,
                )?)
            }
        }
    }

    fn audit_build(&mut self, build: &BuildPlan) -> Result<(), RunError> {
        let programs = build
            .programs
            .iter()
            .filter_map(|program| Some((program, self.built.get(&program.name)?)))
            .map(|(program, path)| {
                BuiltProgram::read(&program.name, path, program.libraries.clone())
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.ask_owners(&programs);
        let mut faults = audit_build(build.flavour, self.config, &programs);
        let stamped = self.config.stamp.as_ref();
        let is_stamped = |program: &&BuiltProgram| {
            stamped.is_some_and(|stamp| program.name == *stamp.program.get_ref())
        };
        if let Some((program, stamped)) = programs.iter().find(is_stamped).zip(stamped) {
            let planned = Stamp {
                flavour: build.flavour.to_string(),
                version: self.plan.source.version.clone(),
                commit: self.plan.source.commit.clone(),
            };
            let said = said(&program.path, stamped)?;
            faults.extend(audit_said(stamped, &said, &planned));
        }
        AuditError::check(faults)?;
        self.audit_bundled(build, &programs)?;
        self.print(build, &programs)?;
        self.programs.insert(build.flavour, programs);
        Ok(())
    }

    /// Asks the package manager whose the libraries are that the programs need.
    pub(super) fn ask_owners(&mut self, programs: &[BuiltProgram]) {
        let needed = programs.iter().flat_map(|program| &program.elf.needed);
        let needed = needed.filter(|soname| !self.owners.contains_key(*soname));
        let needed: BTreeSet<&str> = needed.map(String::as_str).collect();
        if needed.is_empty() {
            return;
        }
        let (distribution, target) = (Distribution::of(&Host), &self.plan.target);
        for (soname, owner) in owners(&Host, &distribution, target, needed) {
            if let Answer::CouldNotTell { reason } = &owner.toolchain {
                let warning =
                    format!("warning: the package manager cannot say who owns {soname}: {reason}");
                self.observer.line(&warning);
            }
            self.owners.insert(soname, owner);
        }
    }

    /// What was compiled for a build.
    fn units(&self, build: &BuildPlan) -> Units {
        let units = self.units.get(&build.flavour);
        units.cloned().unwrap_or_default()
    }

    /// The programs of a build that have passed their audit.
    fn audited(&self, build: &BuildPlan) -> Result<&[BuiltProgram], RunError> {
        let programs = self.programs.get(&build.flavour);
        programs
            .map(Vec::as_slice)
            .ok_or_else(|| RunError::OutOfOrder {
                step: format!("package flavour {}", build.flavour),
            })
    }
}

/// Asks a program what it is.
fn said(program: &Path, stamp: &plimsoll_plan::config::Stamp) -> Result<String, RunError> {
    let mut command = Command::new(program.to_string_lossy(), [""; 0]);
    command.args.clone_from(&stamp.arguments);
    command.text().map_err(|error| RunError::Stamp {
        program: program.to_owned(),
        what: error.reason(),
    })
}

/// Whether a file is called as a package of this name is.
fn is_package(file: &str, name: &str) -> bool {
    let rest = file.strip_prefix(&name_in_file(name));
    rest.is_some_and(|rest| rest.starts_with(['-', '.', '_']) && !rest.ends_with(".log"))
}
