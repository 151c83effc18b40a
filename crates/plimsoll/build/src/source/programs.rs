//! Whether Cargo builds the programs that the configuration names.

use std::collections::BTreeSet;

use cargo_metadata::{Metadata, Package, Target, TargetKind};
use plimsoll_plan::complaint::Complaint;
use plimsoll_plan::config::{AssetSource, Config};

/// What is wrong in the names of Cargo packages and of programs.
pub(super) fn complaints(metadata: &Metadata, config: &Config) -> Vec<Complaint> {
    let (built, unknown) = packages(metadata, config);
    if !unknown.is_empty() {
        return unknown;
    }
    let programs = config.asset.iter().filter_map(|asset| {
        let fault = match &asset.source {
            AssetSource::Binary(name) => fault(name.get_ref(), &built, config),
            AssetSource::Library { name, .. } => library_fault(name.get_ref(), &built),
            AssetSource::Printed(printed) => fault(printed.built()?.get_ref(), &built, config),
            AssetSource::Files(_)
            | AssetSource::OutDir { .. }
            | AssetSource::Folder
            | AssetSource::Ghost => None,
        };
        let (what, hint) = fault?;
        Some(Complaint::in_line(asset.line, what, hint))
    });
    let stamp = config.stamp.as_ref().and_then(|stamp| {
        let (what, hint) = fault(stamp.program.get_ref(), &built, config)?;
        Some(Complaint::about(&["stamp", "program"], what, hint))
    });
    programs.chain(stamp).collect()
}

/// The Cargo packages that are built, and a complaint about each name that the workspace does not have.
fn packages<'m>(metadata: &'m Metadata, config: &Config) -> (Vec<&'m Package>, Vec<Complaint>) {
    let mut built = Vec::new();
    let mut unknown = Vec::new();
    for name in &config.cargo.packages {
        let mut members = metadata.packages.iter();
        match members.find(|package| *package.name == *name) {
            Some(package) => built.push(package),
            None => {
                let what = format!("the workspace has no Cargo package {name}");
                let hint = format!("it has {}", joined(metadata.packages.iter()));
                unknown.push(Complaint::about(&["cargo", "packages"], what, hint));
            }
        }
    }
    (built, unknown)
}

/// Why no such program is built, and what to do about it.
fn fault(name: &str, built: &[&Package], config: &Config) -> Option<(String, String)> {
    let all = || built.iter().flat_map(|package| binaries(package));
    let mut found = built.iter().filter_map(|package| {
        let binary = binaries(package).find(|binary| binary.name == name)?;
        Some((*package, binary))
    });
    let Some((package, binary)) = found.next() else {
        let packages = joined(built.iter().copied());
        let what = format!("Cargo builds no program {name} in {packages}");
        return Some((what, names(all(), "program", "programs")));
    };
    let on = enabled(package, config);
    let missing = binary
        .required_features
        .iter()
        .find(|it| !on.contains(*it))?;
    let what = format!("Cargo builds {name} only with the feature {missing}");
    let hint = format!("add \"{missing}\" to `features` of [cargo]");
    Some((what, hint))
}

/// Why no such shared library is built, and what to do about it.
fn library_fault(name: &str, built: &[&Package]) -> Option<(String, String)> {
    // Older Cargo names libraries with hyphens, as their packages.
    let is_it = |target: &&Target| target.name.replace('-', "_") == name.replace('-', "_");
    let found = built.iter().find_map(|package| {
        let library = libraries(package).find(is_it)?;
        Some((*package, library))
    });
    match found {
        Some((_, library)) if library.is_kind(TargetKind::CDyLib) => None,
        Some((package, _)) => {
            let what = format!(
                "library {name} of Cargo package {} is no cdylib",
                package.name
            );
            let hint = "add `crate-type = [\"lib\", \"cdylib\"]` to [lib] of its Cargo.toml";
            Some((what, hint.to_owned()))
        }
        None => {
            let packages = joined(built.iter().copied());
            let what = format!("Cargo builds no library {name} in {packages}");
            let all = built.iter().flat_map(|package| libraries(package));
            Some((what, names(all, "library", "libraries")))
        }
    }
}

/// The library of a package, if it has one that programs link.
fn libraries(package: &Package) -> impl Iterator<Item = &Target> {
    let kinds = [
        TargetKind::Lib,
        TargetKind::RLib,
        TargetKind::DyLib,
        TargetKind::CDyLib,
        TargetKind::StaticLib,
    ];
    let targets = package.targets.iter();
    targets.filter(move |target| kinds.iter().any(|kind| target.is_kind(kind.clone())))
}

fn binaries(package: &Package) -> impl Iterator<Item = &Target> {
    package.targets.iter().filter(|target| target.is_bin())
}

fn names<'a>(targets: impl Iterator<Item = &'a Target>, one: &str, all: &str) -> String {
    let names: Vec<&str> = targets.map(|target| target.name.as_str()).collect();
    match names.as_slice() {
        [] => format!("add the Cargo package that has the {one} to `packages` of [cargo]"),
        names => format!(
            "the {all} are {}; add the Cargo package of another one to `packages` of [cargo]",
            names.join(", ")
        ),
    }
}

/// The features of a package that some flavour enables.
fn enabled(package: &Package, config: &Config) -> BTreeSet<String> {
    let of_it = |feature: &String| match feature.split_once('/') {
        Some((owner, feature)) => (owner == package.name.as_str()).then(|| feature.to_owned()),
        None => Some(feature.clone()),
    };
    let declared = config.cargo.features.iter().filter_map(of_it);
    let libraries = config.native_dep.values().filter_map(|dep| {
        let feature = dep.cargo_feature.as_ref()?;
        (feature.package == package.name.as_str()).then(|| feature.feature.clone())
    });
    let default = config.cargo.default_features.then(|| "default".to_owned());
    let mut open: Vec<String> = declared.chain(libraries).chain(default).collect();
    let mut enabled = BTreeSet::new();
    while let Some(feature) = open.pop() {
        if enabled.insert(feature.clone()) {
            let implied = package.features.get(&feature);
            open.extend(implied.into_iter().flatten().cloned());
        }
    }
    enabled
}

fn joined<'m>(packages: impl Iterator<Item = &'m Package>) -> String {
    let names: BTreeSet<&str> = packages.map(|package| package.name.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use cargo_metadata::MetadataCommand;

    use super::*;

    /// What is found in a workspace with the program `sample`, and `extra`, which wants a feature; `change` changes the
    /// configuration, whose program is `sample`.
    fn found(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        write(
            "Cargo.toml",
            "[workspace]\nmembers = [\"sample\", \"other\"]\n",
        );
        let own = "[package]\nname = \"sample\"\nedition = \"2021\"\n[features]\nall = [\"more\"]\nmore = []\n\
                   [[bin]]\nname = \"extra\"\nrequired-features = [\"more\"]\n";
        write("sample/Cargo.toml", own);
        write("sample/src/main.rs", "");
        write("sample/src/bin/extra.rs", "");
        write(
            "other/Cargo.toml",
            "[package]\nname = \"other\"\nedition = \"2021\"\n",
        );
        write("other/src/main.rs", "");
        let mut config = plimsoll_plan::fixtures::config();
        config.cargo.packages = vec!["sample".to_owned()];
        config.stamp = None;
        change(&mut config);
        let mut question = MetadataCommand::new();
        let metadata = question.no_deps().current_dir(folder.path()).exec();
        let metadata = metadata.expect("Cargo answers");
        let found = complaints(&metadata, &config).into_iter();
        found
            .map(|it| format!("{} | {}", it.what, it.hint))
            .collect()
    }

    /// Makes every program of the configuration the one of this name.
    fn name(config: &mut Config, name: &str) {
        for asset in &mut config.asset {
            if let AssetSource::Binary(program) = &mut asset.source {
                *program = toml::Spanned::new(0..0, name.to_owned());
            }
        }
        config
            .asset
            .dedup_by_key(|asset| matches!(asset.source, AssetSource::Binary(_)));
    }

    #[test]
    fn a_program_that_cargo_builds_is_no_fault() {
        assert_eq!(found(|config| name(config, "sample")), [""; 0]);
    }

    #[test]
    fn a_program_that_no_package_has_is_named_with_those_that_there_are() {
        assert_eq!(
            found(|config| name(config, "simple")),
            [
                "Cargo builds no program simple in sample | the programs are extra, sample; add the Cargo package of \
              another one to `packages` of [cargo]"
            ]
        );
    }

    #[test]
    fn a_program_that_wants_a_feature_is_built_with_one_that_implies_it() {
        let without = found(|config| name(config, "extra"));
        assert_eq!(
            without,
            [
                "Cargo builds extra only with the feature more | add \"more\" to `features` of [cargo]"
            ]
        );
        for feature in ["more", "all", "sample/all"] {
            let with = found(|config| {
                name(config, "extra");
                config.cargo.features = vec![feature.to_owned()];
            });
            assert_eq!(with, [""; 0], "{feature}");
        }
    }

    #[test]
    fn a_cargo_package_that_the_workspace_does_not_have_is_named() {
        assert_eq!(
            found(|config| config.cargo.packages.push("tool".to_owned())),
            ["the workspace has no Cargo package tool | it has other, sample"]
        );
    }
}
