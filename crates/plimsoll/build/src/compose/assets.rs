//! The files of the configuration's assets.

mod error;
mod links;
mod matches;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use plimsoll_plan::config::{Asset, AssetSource, Config};
use plimsoll_plan::plan::{PackagePlan, Plan};
use plimsoll_spec::{FormatName, PackageFile};

pub use error::{AssetError, AssetFault};
use matches::Found;

use crate::program::BuiltProgram;

/// Lists the files of one package.
///
/// # Errors
/// When an asset stands for no file, two are one file of the package, or a link leads nowhere.
pub fn collect(
    config: &Config,
    plan: &Plan,
    built: &[BuiltProgram],
    package: &PackagePlan,
) -> Result<Vec<PackageFile>, AssetError> {
    let program = |name: &str| {
        let mut programs = built.iter();
        let found = programs.find(|program| program.name == name);
        found.map(|program| program.path.clone())
    };
    let placed = placed(config, &plan.places.workspace, package.format, &program)?;
    Ok(placed.into_iter().map(|placed| placed.file).collect())
}

/// The files of the packages of a format, each with the asset that it comes from. The source of a program is its name.
///
/// # Errors
/// As [`collect`].
pub(crate) fn unbuilt<'a>(
    config: &'a Config,
    workspace: &Path,
    format: FormatName,
) -> Result<Vec<(&'a Asset, PackageFile)>, AssetError> {
    // Nothing is built yet: the name stands for the program.
    let program = |name: &str| Some(PathBuf::from(name));
    let placed = placed(config, workspace, format, &program)?;
    Ok(placed.into_iter().map(|it| (it.asset, it.file)).collect())
}

/// Checks that the files of every package can be listed, before anything is built for one that could not be written.
///
/// # Errors
/// As [`collect`].
pub fn check(config: &Config, workspace: &Path) -> Result<(), AssetError> {
    let flavours = config.flavour.iter().map(|(_, flavour)| flavour);
    let formats = flavours.flat_map(|flavour| flavour.formats.iter().copied());
    let formats: BTreeSet<FormatName> = formats.collect();
    formats
        .into_iter()
        .try_for_each(|format| unbuilt(config, workspace, format).map(drop))
}

/// A file of a package, and the asset that it comes from.
struct Placed<'a> {
    asset: &'a Asset,
    file: PackageFile,
}

fn placed<'a>(
    config: &'a Config,
    workspace: &Path,
    format: FormatName,
    program: &dyn Fn(&str) -> Option<PathBuf>,
) -> Result<Vec<Placed<'a>>, AssetError> {
    let mut placed = Vec::new();
    let assets = config.asset.iter();
    for asset in assets.filter(|asset| asset.is_in(format)) {
        match &asset.source {
            AssetSource::Binary(name) => {
                let path = program(name.get_ref());
                placed.extend(path.map(|path| Placed {
                    file: file(asset, name.get_ref(), path, None),
                    asset,
                }));
            }
            AssetSource::Files(pattern) => {
                for found in matches::matches(workspace, pattern).map_err(|it| it.at(asset))? {
                    let Found { path, name, link } = found;
                    let link = link.map(|text| asset.link_to(&text));
                    placed.push(Placed {
                        file: file(asset, &name, path, link),
                        asset,
                    });
                }
            }
        }
    }
    check_places(&placed)?;
    links::check(&placed)?;
    Ok(placed)
}

fn file(asset: &Asset, name: &str, source: PathBuf, link: Option<String>) -> PackageFile {
    PackageFile {
        source,
        dest: asset.dest_of(name),
        mode: asset.mode,
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
    let mut pairs = places.keys().zip(places.keys().skip(1));
    let both = pairs.find(|(first, second)| inside(second, first));
    let asset_of = |dest: &str| placed.iter().find(|it| it.file.dest == dest);
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
mod tests;
