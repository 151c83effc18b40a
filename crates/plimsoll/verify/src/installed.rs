//! The programs as they are installed, against the manifest.

use std::path::{Path, PathBuf};

use plimsoll_build::elf::ElfError;
use plimsoll_build::manifest::Artifact;
use plimsoll_build::program::{BuiltProgram, Identity};

use crate::PackageUnderTest;

/// Below the folder that a system sees as `/verify`: the installed programs, each at its own path.
pub(crate) const FOLDER: &str = "installed";

/// A program where it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its name in the manifest.
    pub name: String,
    /// Its path in the system.
    pub path: String,
    /// What tells it from every other build; none where it is not there.
    pub identity: Option<Identity>,
}

/// The paths that the programs of a package have in a system, with their names.
pub(crate) fn places(package: &PackageUnderTest) -> Vec<(&str, String)> {
    let programs = package.programs.iter();
    let placed = programs.filter_map(|program| {
        let path = program.path.strip_prefix(&package.root).ok()?;
        Some((program.name.as_str(), format!("/{}", path.display())))
    });
    placed.collect()
}

/// Reads what a system left of the installed programs; none where nothing was installed.
pub(crate) fn read(
    work: &Path,
    package: &PackageUnderTest,
) -> Result<Option<Vec<Installed>>, ElfError> {
    let folder = work.join(FOLDER);
    if !folder.exists() {
        return Ok(None);
    }
    let read = |(name, path): (&str, String)| {
        let file: PathBuf = folder.join(path.trim_start_matches('/'));
        let identity = match file.exists() {
            true => Some(BuiltProgram::read(name, &file, Vec::new())?.identity),
            false => None,
        };
        let name = name.to_owned();
        Ok(Installed {
            name,
            path,
            identity,
        })
    };
    places(package)
        .into_iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The programs that are not the manifest's. A package can be as the manifest says and what is installed another: a script
/// replaced it, or a diversion put another one in its place.
#[must_use]
pub fn faults(installed: &[Installed], artifact: &Artifact) -> Vec<String> {
    let faults = installed.iter().filter_map(|program| {
        let Installed {
            name,
            path,
            identity,
        } = program;
        let Some(identity) = identity else {
            return Some(format!("{path} is not there after the installation"));
        };
        let planned = artifact.programs.get(name);
        let in_manifest = planned.map_or_else(|| "not named".to_owned(), shown);
        (planned != Some(identity)).then(|| {
            let found = shown(identity);
            format!("the installed {path} is {found}, and {in_manifest} in the manifest")
        })
    });
    faults.collect()
}

/// The build id and the sum of a program.
pub(crate) fn shown(identity: &Identity) -> String {
    let sum = &identity.sha256;
    match &identity.build_id {
        Some(id) => format!("build id {id}, SHA-256 sum {sum}"),
        None => format!("SHA-256 sum {sum}"),
    }
}
