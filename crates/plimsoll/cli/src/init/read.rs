//! Reads what is known of a workspace: from Cargo, and from its folders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, TargetKind};
use error_hint::{FileError, Result};

use super::cargo::Cargo;
use super::facts::{Facts, Package};
use super::{choose, existing, features};

/// Folders that hold nothing to package.
const SKIPPED: [&str; 5] = ["target", "vendor", "node_modules", "tests", "testdata"];

/// How deep files are looked for.
const DEPTH: usize = 6;

/// The root of the workspace that a folder is in, and what is known of it. `asked` are the Cargo packages that are to
/// be packaged, the main one first; none: those that `choose` takes.
pub(super) fn facts(folder: &Path, asked: &[String]) -> Result<(PathBuf, Facts)> {
    let metadata = Cargo::of(folder).metadata(&[])?;
    let root = metadata.workspace_root.clone().into_std_path_buf();
    let chosen = choose::packages(&metadata, asked)?;
    let cargo = Cargo::of(&root);
    let mut packages = Vec::new();
    for package in chosen.packages {
        packages.push(of_package(&cargo, &metadata, package)?);
    }
    let mut files = BTreeSet::new();
    list(&root, Path::new(""), 0, &mut files)?;
    for package in &packages {
        let named = existing::assets(package).into_iter();
        let paths = named.filter_map(|it| it.file(package));
        files.extend(paths.filter(|path| root.join(path).is_file()));
    }
    let facts = Facts {
        units: units(&root, &files)?,
        packages,
        left_out: chosen.left_out,
        libraries_left_out: chosen
            .libraries_left_out
            .into_iter()
            .flat_map(|package| {
                let of = move |library| (package.name.to_string(), library);
                libraries(package).into_iter().map(of)
            })
            .collect(),
        files,
        built: None,
    };
    Ok((root, facts))
}

fn of_package(
    cargo: &Cargo,
    metadata: &Metadata,
    package: &cargo_metadata::Package,
) -> Result<Package> {
    let deb = package.metadata["deb"].clone();
    let defaults = deb["default-features"].as_bool().unwrap_or(true);
    let on = features::on(package, defaults);
    let bins = package.targets.iter();
    let bins = bins.filter(|target| target.kind.contains(&TargetKind::Bin));
    let is_built = |target: &&cargo_metadata::Target| {
        let mut needs = target.required_features.iter();
        needs.all(|feature| on.contains(feature))
    };
    let (built, further): (Vec<_>, Vec<_>) = bins.partition(is_built);
    let further: BTreeMap<String, Vec<String>> = further
        .into_iter()
        .map(|target| (target.name.clone(), target.required_features.clone()))
        .collect();
    let folder = package.manifest_path.parent();
    let folder = folder.and_then(|folder| folder.strip_prefix(&metadata.workspace_root).ok());
    Ok(Package {
        name: package.name.to_string(),
        version: package.version.to_string(),
        folder: folder.map(ToString::to_string).unwrap_or_default(),
        description: package.description.clone(),
        license: package.license.clone(),
        authors: package.authors.clone(),
        homepage: package.homepage.clone().or(package.repository.clone()),
        programs: built
            .into_iter()
            .map(|target| target.name.clone())
            .collect(),
        libraries: libraries(package),
        further,
        completes: package
            .dependencies
            .iter()
            .any(|it| it.name == "clap_complete"),
        native: features::native(cargo, metadata, package, defaults)?,
        deb,
        rpm: package.metadata["generate-rpm"].clone(),
    })
}

/// The names of a package's shared libraries.
fn libraries(package: &cargo_metadata::Package) -> Vec<String> {
    let targets = package.targets.iter();
    let libraries = targets.filter(|target| target.kind.contains(&TargetKind::CDyLib));
    libraries.map(|target| target.name.clone()).collect()
}

/// For each unit among the files, the programs that it starts.
fn units(root: &Path, files: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<String>>> {
    let units = files.iter().filter(|file| file.ends_with(".service"));
    let started = units.map(|file| {
        let path = root.join(file);
        let text = std::fs::read_to_string(&path).map_err(FileError::at("read", &path))?;
        Ok((file.clone(), started(&text)))
    });
    started.collect()
}

/// The programs of `ExecStart=`, see systemd.service(5): the first word, without the characters that may stand before it.
fn started(unit: &str) -> Vec<String> {
    let lines = unit.lines().map(str::trim);
    let commands = lines.filter_map(|line| line.strip_prefix("ExecStart="));
    let programs = commands.filter_map(|command| command.split_whitespace().next());
    programs
        .map(|program| {
            program
                .trim_start_matches(['-', '@', ':', '+', '!', '|'])
                .to_owned()
        })
        .collect()
}

/// Adds the files below a folder of the workspace.
fn list(root: &Path, below: &Path, depth: usize, files: &mut BTreeSet<String>) -> Result<()> {
    let folder = root.join(below);
    let entries = std::fs::read_dir(&folder).map_err(FileError::at("read", &folder))?;
    for entry in entries {
        let entry = entry.map_err(FileError::at("read", &folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = below.join(&name);
        let kind = entry.file_type().map_err(FileError::at("read", &folder))?;
        if name.starts_with('.') || SKIPPED.contains(&&*name) {
            continue;
        }
        if kind.is_dir() && depth < DEPTH {
            list(root, &path, depth + 1, files)?;
        } else if kind.is_file() {
            files.insert(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

/// The files below a folder, relative to it.
///
/// # Errors
/// Where the folder cannot be read.
pub(super) fn files_below(folder: &Path) -> Result<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    list(folder, Path::new(""), 0, &mut files)?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_names_the_program_that_it_starts() {
        let unit = "[Service]\nExecStartPre=/bin/true\nExecStart=-@/usr/sbin/a a --b\n ExecStart=/usr/bin/c\n";
        assert_eq!(started(unit), ["/usr/sbin/a", "/usr/bin/c"]);
    }
}
