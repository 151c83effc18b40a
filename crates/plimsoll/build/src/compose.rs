//! From plan and dependencies to the specification of one package file.

mod assets;

use std::path::PathBuf;

use plimsoll_plan::config::{self, AlternativeConfig, Config};
use plimsoll_plan::plan::{PackagePlan, Plan};
use plimsoll_spec::changelog::Release;
use plimsoll_spec::{Actions, Alternative, PackageFile, PackageSpec, Relation};

use crate::format::Format;
use crate::program::BuiltProgram;
use crate::public_libraries;

pub(crate) use assets::unbuilt;
pub use assets::{AssetError, AssetFault, Made, check, collect};

/// Everything that is known about a package before it is written.
#[derive(Debug, Clone, Copy)]
pub struct Ingredients<'a> {
    /// What the configuration says of the package ([`Config::of_package`]).
    pub config: &'a Config,
    /// The whole plan.
    pub plan: &'a Plan,
    /// The package's format.
    pub format: &'a dyn Format,
    /// The package file.
    pub package: &'a PackagePlan,
    /// Its files.
    pub files: &'a [PackageFile],
    /// The ELF files among them.
    pub programs: &'a [BuiltProgram],
    /// The dependencies that were derived from its programs.
    pub derived: &'a [String],
    /// The releases so far.
    pub changelog: &'a [Release],
}

/// Puts the specification together. Pure.
#[must_use]
pub fn compose(ingredients: &Ingredients<'_>) -> PackageSpec {
    let Ingredients {
        config,
        plan,
        format,
        package,
        files,
        programs,
        derived,
        changelog,
    } = *ingredients;
    let mut relations = package.declared.clone();
    relations.add(Relation::Depends, derived.iter().cloned());
    relations.sort(Relation::Depends);
    let mut spec = PackageSpec {
        format: package.format,
        // Beside the folder that the writer empties; it is moved when its audit has passed.
        out: work_folder(plan, package).join(&package.file),
        work: work_folder(plan, package).join("staging"),
        source_date_epoch: plan.source.source_date_epoch,
        name: package.name.clone(),
        epoch: format.epoch(config),
        version: format.version(&plan.source.version),
        revision: config.revision.clone(),
        arch: package.arch.clone(),
        summary: config.summary.clone(),
        description: config.description.trim().to_owned(),
        license: plan.source.license.clone(),
        maintainer: plan.source.maintainer.clone(),
        homepage: plan.source.homepage.clone(),
        section: format.section(config).to_owned(),
        relations,
        files: files.to_vec(),
        licenses: Vec::new(),
        actions: Actions {
            units: config::actions(&config.unit),
            alternatives: alternatives(config, files),
            libraries: public_libraries::sonames(programs),
            ldconfig: public_libraries::change_the_cache(programs, files),
            ..Actions::default()
        },
        build_ids: Vec::new(),
        maintainer_scripts: None,
        scriptlets: None,
        changelog: changelog
            .iter()
            .map(|release| Release {
                version: format.version(&release.version),
                ..release.clone()
            })
            .collect(),
    };
    format.complete(&mut spec, config, &plan.places.workspace);
    spec
}

/// The choices whose program the package holds.
fn alternatives(config: &Config, files: &[PackageFile]) -> Vec<Alternative> {
    let is_held = |path: &str| files.iter().any(|file| file.dest == path);
    let held = config.alternative.iter().filter(|it| is_held(&it.path));
    held.map(AlternativeConfig::action).collect()
}

/// Where a package's intermediate files are.
#[must_use]
pub fn work_folder(plan: &Plan, package: &PackagePlan) -> PathBuf {
    plan.places.cache.join("work").join(&package.file)
}
