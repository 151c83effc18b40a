//! The debug packages of a build.

use std::collections::BTreeMap;

use plimsoll_plan::config::Config;
use plimsoll_plan::plan::{BuildPlan, PackagePlan};
use plimsoll_spec::PackageFile;

use super::{Run, RunError};
use crate::debug::{self, Split};
use crate::format::{DebugFile, Format};

impl Run<'_> {
    /// Takes the symbols out of the programs of a build that has debug packages.
    pub(super) fn take_symbols(&mut self, build: &BuildPlan) -> Result<(), RunError> {
        let mut packages = self.plan.packages.iter();
        if !packages.any(|it| it.flavour == build.flavour && it.debug_of.is_some()) {
            return Ok(());
        }
        let work = self.plan.places.cache.join("work");
        let folder = work.join("symbols").join(build.flavour.to_string());
        let mut symbols = BTreeMap::new();
        for (name, path) in &mut self.built {
            let split = debug::split(path, &folder)?;
            path.clone_from(&split.program);
            symbols.insert(name.clone(), split);
        }
        self.symbols.insert(build.flavour, symbols);
        Ok(())
    }

    /// The files of the debug package of a package, and the build ids of their programs.
    pub(super) fn debug_files(
        &self,
        format: &dyn Format,
        package: &PackagePlan,
        of: &str,
    ) -> (Vec<PackageFile>, Vec<String>) {
        let held = self.config.of_package(of, &[of.to_owned()]);
        let programs = programs(&held, package);
        let symbols = self.symbols.get(&package.flavour);
        let split = programs.iter().filter_map(|(name, dest)| {
            let split: &Split = symbols?.get(*name)?;
            Some((split, dest.as_str()))
        });
        let (mut files, mut ids) = (Vec::new(), Vec::new());
        for (split, dest) in split {
            files.extend(format.debug_files(&DebugFile {
                split,
                dest,
                config: self.config,
                plan: self.plan,
                package,
            }));
            ids.push(split.build_id.clone());
        }
        // Programs share the link to the documents, and equal ones a build id.
        files.sort_by(|a, b| a.dest.cmp(&b.dest));
        files.dedup_by(|a, b| a.dest == b.dest);
        ids.sort();
        ids.dedup();
        (files, ids)
    }
}

/// The programs of a package, each with its place.
fn programs<'a>(config: &'a Config, package: &PackagePlan) -> BTreeMap<&'a str, String> {
    let assets = config.asset.iter();
    let held = assets.filter(|asset| asset.is_in(package.format));
    let programs = held.filter_map(|asset| {
        let name = asset.source.built()?;
        Some((name, asset.dest_of(name)))
    });
    programs.collect()
}
