//! RPM packages: their dependencies are what the programs' ELF files name.

mod audit;
mod requires;
mod rpmlint;
mod scriptlets;

use std::path::Path;

use plimsoll_plan::config::Config;
use plimsoll_plan::format::{FormatRules, Rpm};
use plimsoll_spec::{PackageFile, PackageSpec, Relation};

use super::{DebugFile, Format, LifeScript, Lint, Programs};
use crate::audit::{Fault, PackageFacts};
use crate::depends::DependsError;
use crate::outcome::Outcome;

impl Format for Rpm {
    fn complete(&self, spec: &mut PackageSpec, config: &Config, workspace: &Path) {
        let scripts = config.rpm.scriptlets.as_ref();
        spec.actions.rpm_scripts = scripts.map(|folder| workspace.join(folder));
        let triggers = config.rpm.file_trigger.iter();
        spec.actions.rpm_triggers = triggers.map(|it| it.action(workspace)).collect();
        spec.scriptlets = scriptlets::scriptlets(&spec.files, &spec.actions);
    }

    fn derive(&self, programs: &Programs<'_>) -> Result<Vec<String>, DependsError> {
        requires::derived(programs.built, programs.lent)
    }

    fn adds(&self, facts: &PackageFacts<'_>, relation: Relation, text: &str) -> bool {
        requires::is_of_rpm(text)
            || relation == Relation::Provides && audit::is_own(&facts.plan.name, text)
    }

    /// As Fedora's find-debuginfo(1) lays them out: a file beside the program's path, and links by the build id to it and to the
    /// program.
    fn debug_files(&self, file: &DebugFile<'_>) -> Vec<PackageFile> {
        let DebugFile {
            split,
            dest,
            config,
            plan,
            package,
        } = *file;
        let version = self.version(&plan.source.version);
        let (revision, arch) = (&config.revision, &package.arch);
        let name = format!("{dest}-{version}-{revision}.{arch}.debug");
        // From /usr/lib/debug/.build-id/xx.
        let beside = name.trim_start_matches('/');
        let program = dest.trim_start_matches('/');
        vec![
            file.at(format!("/usr/lib/debug{name}")),
            file.link(split.place(".debug"), format!("../../{beside}")),
            file.link(split.place(""), format!("../../../../../{program}")),
        ]
    }

    fn audit_depends(&self, facts: &PackageFacts<'_>) -> Vec<Fault> {
        audit::audit(facts)
    }

    /// Where rpm reads the programs otherwise than we do; nothing where rpm is not installed.
    fn second_reading(
        &self,
        facts: &PackageFacts<'_>,
        paths: &[&Path],
    ) -> Result<Vec<Fault>, DependsError> {
        let by_rpm = requires::elfdeps(paths)?;
        Ok(by_rpm.map_or_else(Vec::new, |by_rpm| audit::audit_requires(facts, &by_rpm)))
    }

    fn lint(&self, package: &Lint<'_>) -> Outcome {
        rpmlint::run(package)
    }

    fn life_script(&self) -> Option<LifeScript> {
        Some(LifeScript {
            name: "rpm.sh",
            text: include_str!("rpm/life.sh"),
        })
    }
}
