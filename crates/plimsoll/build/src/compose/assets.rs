//! The files of the configuration's assets.

mod braces;
mod error;
mod links;
mod matches;
mod owners;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use plimsoll_plan::config::{Architecture, Asset, AssetSource, Config};
use plimsoll_plan::plan::{PackagePlan, Plan};
use plimsoll_spec::{FormatName, PackageFile, system_files};

use crate::elf;
pub use error::{AssetError, AssetFault};
use matches::Found;

/// What a build left for the assets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// The programs by their names, and the libraries by those of their files.
    pub programs: BTreeMap<String, PathBuf>,
    /// The folders that build scripts wrote to, by the names of their packages.
    pub folders: BTreeMap<String, PathBuf>,
    /// Files with what programs printed, by the words of the command.
    pub printed: BTreeMap<Vec<String>, PathBuf>,
}

/// Lists the files of one package. All packages of the build are looked at: together, no two files have one path.
///
/// # Errors
/// When an asset stands for no file, two are one file of the package, or a link leads nowhere.
pub fn collect(
    config: &Config,
    plan: &Plan,
    made: &Made,
    package: &PackagePlan,
) -> Result<Vec<PackageFile>, AssetError> {
    let placed = placed(config, &plan.places.workspace, package.format, Some(made))?;
    let is_held = |placed: &Placed<'_>| {
        let holder = config.holder(placed.asset);
        package.holds.iter().any(|held| held == holder)
    };
    let held = placed.into_iter().filter(is_held);
    Ok(held.map(|placed| placed.file).collect())
}

/// The files of the packages of a format that are there before the build, each with the asset that it comes from. The source of a
/// program is its name.
///
/// # Errors
/// As [`collect`].
pub(crate) fn unbuilt<'a>(
    config: &'a Config,
    workspace: &Path,
    format: FormatName,
) -> Result<Vec<(&'a Asset, PackageFile)>, AssetError> {
    let placed = placed(config, workspace, format, None)?;
    let printed = |asset: &Asset| matches!(asset.source, AssetSource::Printed(_));
    let placed = placed.into_iter().filter(|it| !printed(it.asset));
    Ok(placed.map(|it| (it.asset, it.file)).collect())
}

/// Checks that the files of every package can be listed, before anything is built for one that could not be written.
///
/// # Errors
/// As [`collect`].
pub fn check(config: &Config, workspace: &Path) -> Result<(), AssetError> {
    let flavours = config.flavour.iter().map(|(_, flavour)| flavour);
    let formats = flavours.flat_map(|flavour| flavour.formats.iter().copied());
    let formats: BTreeSet<FormatName> = formats.collect();
    let mut units = BTreeSet::new();
    for format in formats {
        let placed = placed(config, workspace, format, None)?;
        check_elf(config, &placed)?;
        check_alternatives(config, &placed)?;
        let found = placed.iter().filter(|it| it.file.has_content());
        let found = found.filter_map(|it| system_files::unit(&it.file.dest));
        units.extend(found.map(str::to_owned));
    }
    check_units(config, &units)
}

/// A package for every architecture holds no ELF file. One that cannot be read is complained of when it is packaged.
fn check_elf(config: &Config, placed: &[Placed<'_>]) -> Result<(), AssetError> {
    let is_elf = |it: &&Placed<'_>| {
        let is_file = matches!(it.asset.source, AssetSource::Files(_)) && it.file.has_content();
        let is_for_all = config.architecture_of(it.asset) == Architecture::All;
        is_for_all
            && is_file
            && elf::machine(&it.file.source).is_ok_and(|machine| machine.is_some())
    };
    match placed.iter().find(is_elf) {
        None => Ok(()),
        Some(Placed { asset, file }) => Err(AssetFault::Elf {
            dest: file.dest.clone(),
        }
        .at(asset)),
    }
}

/// A package holds the files of its alternatives, and no file in the place of their links.
fn check_alternatives(config: &Config, placed: &[Placed<'_>]) -> Result<(), AssetError> {
    // What a build script writes is not known yet.
    let is_written = |asset: &Asset| matches!(asset.source, AssetSource::OutDir { .. });
    let may_be_written = config.asset.iter().any(is_written);
    let is_held = |path: &str| placed.iter().any(|it| it.file.dest == path);
    for alternative in &config.alternative {
        let man = alternative.man.iter().map(|man| (&man.link, &man.path));
        for (link, path) in std::iter::once((&alternative.link, &alternative.path)).chain(man) {
            let fault = match (is_held(link), is_held(path) || may_be_written) {
                (false, true) => continue,
                (true, _) => AssetFault::LinkHeld { path: link.clone() },
                (false, false) => AssetFault::NotHeld { path: path.clone() },
            };
            let line = alternative.line;
            return Err(AssetError { line, fault });
        }
    }
    Ok(())
}

/// Each unit that the configuration names is in a package. Those that a build script writes are not known yet.
fn check_units(config: &Config, units: &BTreeSet<String>) -> Result<(), AssetError> {
    let is_written = |asset: &Asset| {
        let is_unit = system_files::is_of_units(&asset.dest);
        is_unit && matches!(asset.source, AssetSource::OutDir { .. })
    };
    if config.asset.iter().any(is_written) {
        return Ok(());
    }
    let mut named = config.unit.iter();
    match named.find(|(name, _)| !units.contains(name.get_ref())) {
        None => Ok(()),
        Some((name, unit)) => Err(AssetError {
            line: unit.line,
            fault: AssetFault::NoUnit {
                name: name.get_ref().clone(),
            },
        }),
    }
}

/// A file of a package, and the asset that it comes from.
struct Placed<'a> {
    asset: &'a Asset,
    file: PackageFile,
}

/// `made` is none before the build: names then stand for what it will make.
fn placed<'a>(
    config: &'a Config,
    workspace: &Path,
    format: FormatName,
    made: Option<&Made>,
) -> Result<Vec<Placed<'a>>, AssetError> {
    let mut placed = Vec::new();
    let assets = config.asset.iter();
    for asset in assets.filter(|asset| asset.is_in(format)) {
        let found = sources(asset, workspace, made).map_err(|fault| fault.at(asset))?;
        placed.extend(found.into_iter().map(|Found { path, name, link }| {
            let link = link.map(|text| asset.link_to(&text));
            Placed {
                file: file(asset, &name, path, link),
                asset,
            }
        }));
    }
    check_places(&placed)?;
    links::check(&placed)?;
    owners::check(&placed, format)?;
    Ok(placed)
}

/// The files that an asset stands for. One of a program that the flavour does not have stands for none.
fn sources(asset: &Asset, workspace: &Path, made: Option<&Made>) -> Result<Vec<Found>, AssetFault> {
    let one = |name: &str, path: Option<&PathBuf>| {
        let path = path.cloned();
        let path = path.or_else(|| made.is_none().then(|| PathBuf::from(name)));
        let found = path.map(|path| Found {
            path,
            name: name.to_owned(),
            link: None,
        });
        Ok(found.into_iter().collect())
    };
    match &asset.source {
        AssetSource::Binary(_) | AssetSource::Library { .. } => {
            let name = asset.source.built().unwrap_or_default();
            one(name, made.and_then(|made| made.programs.get(name)))
        }
        AssetSource::Folder | AssetSource::Ghost => one("", Some(&PathBuf::new())),
        AssetSource::Files(pattern) => matches::matches(workspace, pattern),
        AssetSource::Printed(printed) => {
            if let Some(file) = &printed.stdin
                && !workspace.join(file).is_file()
            {
                return Err(AssetFault::NoInput { file: file.clone() });
            }
            let words = printed.words();
            let path = made.and_then(|made| made.printed.get(&words));
            one(words.first().map_or("", String::as_str), path)
        }
        AssetSource::OutDir { package, pattern } => match made {
            None => Ok(Vec::new()),
            Some(made) => match made.folders.get(package) {
                Some(folder) => matches::matches(folder, pattern),
                None => Err(AssetFault::NoScript {
                    package: package.clone(),
                }),
            },
        },
    }
}

fn file(asset: &Asset, name: &str, source: PathBuf, link: Option<String>) -> PackageFile {
    PackageFile {
        source,
        dest: asset.dest_of(name),
        mode: asset.mode,
        owner: asset.owner.clone(),
        folder: asset.source == AssetSource::Folder,
        kind: asset.kind,
        gzip: asset.gzip && link.is_none(),
        link,
    }
}

/// Each path is that of one file.
fn check_places(placed: &[Placed<'_>]) -> Result<(), AssetError> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for Placed { asset, file } in placed {
        if let Some(first) = places.insert(&file.dest, asset.line) {
            let dest = file.dest.clone();
            return Err(AssetFault::Twice { dest, first }.at(asset));
        }
    }
    let inside = |dest: &str, folder: &str| {
        let rest = dest.strip_prefix(folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let asset_of = |dest: &str| placed.iter().find(|it| it.file.dest == dest);
    let is_folder = |dest: &str| asset_of(dest).is_some_and(|it| it.file.folder);
    let mut pairs = places.keys().zip(places.keys().skip(1));
    let both = pairs.find(|(first, second)| inside(second, first) && !is_folder(first));
    match both.and_then(|(first, second)| Some((first, asset_of(second)?))) {
        None => Ok(()),
        Some((first, Placed { asset, file })) => Err(AssetFault::Inside {
            dest: file.dest.clone(),
            file: (*first).to_owned(),
        }
        .at(asset)),
    }
}

#[cfg(test)]
mod hints;
#[cfg(test)]
mod tests;
