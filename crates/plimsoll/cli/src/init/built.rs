//! Builds the programs of a workspace, and looks at what comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Artifact, Message, Metadata};
use error_hint::{Failure, Result};
use plimsoll_build::elf;
use plimsoll_build::run::{asked, printed_by, without_messages};
use plimsoll_build::units::Units;
use plimsoll_probe::{Command, Distribution, Host, PkgConfig, Version, limit, owners};

use super::cargo::{Cargo, glibc_triple};
use super::facts::{Built, Facts, Found, Package, Printed, library_file};
use super::{help, read};
use crate::run;

/// Builds the programs and looks at them.
///
/// # Errors
/// When the build fails, or a program cannot be read.
pub(super) fn look(root: &Path, facts: &Facts) -> Result<Built> {
    let (programs, units) = build(root, facts)?;
    let metadata = Cargo::of(root).metadata(&[])?;
    let mut built = Built {
        linking: linking(&units, &metadata),
        out: out(&units, &metadata, facts)?,
        ..Built::default()
    };
    let mut sonames = BTreeSet::new();
    for (name, path) in &programs {
        let needed = elf::read(path).map_err(|error| Failure::of(&error))?.needed;
        sonames.extend(needed.iter().cloned());
        built
            .needed
            .insert(name.clone(), needed.into_iter().collect());
    }
    whose(&mut built, &sonames);
    for package in &facts.packages {
        for name in &package.programs {
            if let Some(path) = programs.get(name) {
                ask(&mut built, package, name, path);
            }
        }
    }
    Ok(built)
}

/// The programs with their files, and what Cargo compiled.
fn build(root: &Path, facts: &Facts) -> Result<(BTreeMap<String, PathBuf>, Units)> {
    let mut arguments = vec!["build", "--locked"];
    arguments.push("--message-format=json-render-diagnostics");
    let of_library = |package: &Package| package.programs.is_empty();
    if !facts.packages.iter().any(of_library) {
        // A library beside programs may be for another system than this one.
        arguments.push("--bins");
    }
    for package in &facts.packages {
        arguments.extend(["--package", &package.name]);
    }
    let main = facts.packages.first();
    if main.is_some_and(|main| main.deb["default-features"].as_bool() == Some(false)) {
        arguments.push("--no-default-features");
    }
    let command = Command::new(run::cargo(), arguments).within(root);
    let mut units = Units::default();
    let mut programs = BTreeMap::new();
    let ran = command.limited(limit::BUILD).lines(|line| {
        let Some(message) = message(line) else {
            return run::say(line);
        };
        units.take(&message);
        if let Message::CompilerArtifact(artifact) = message {
            programs.extend(linked(artifact, facts));
        }
    });
    ran.map_err(without_messages)?;
    Ok((programs, units))
}

/// The program that was linked, or the shared library of a package that has nothing else.
fn linked(artifact: Artifact, facts: &Facts) -> Option<(String, PathBuf)> {
    if artifact.target.is_bin() {
        return Some((artifact.target.name, artifact.executable?.into()));
    }
    let mut packages = facts.packages.iter();
    let is_its = |package: &Package| {
        package.programs.is_empty() && package.libraries.contains(&artifact.target.name)
    };
    if !artifact.target.is_cdylib() || !packages.any(is_its) {
        return None;
    }
    let name = library_file(&artifact.target.name);
    let mut files = artifact.filenames.into_iter();
    let path = files.find(|path| path.file_name() == Some(name.as_str()))?;
    Some((name, path.into()))
}

/// What Cargo says on a line; none for what people read.
fn message(line: &str) -> Option<Message> {
    let is_message = line.starts_with("{\"reason\":");
    is_message.then(|| serde_json::from_str(line).ok())?
}

/// The libraries that each crate has the linker link.
fn linking(units: &Units, metadata: &Metadata) -> BTreeMap<String, Vec<String>> {
    let scripts = units.scripts.iter().filter_map(|script| {
        let package = metadata
            .packages
            .iter()
            .find(|it| it.id == script.package)?;
        Some((package.name.to_string(), script.libraries.clone()))
    });
    scripts.collect()
}

/// The files that the build scripts of the packages wrote.
fn out(
    units: &Units,
    metadata: &Metadata,
    facts: &Facts,
) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut out = BTreeMap::new();
    for script in &units.scripts {
        let package = metadata.packages.iter().find(|it| it.id == script.package);
        let of_facts = |name: &str| facts.packages.iter().any(|package| package.name == name);
        if let Some(package) = package.filter(|package| of_facts(&package.name)) {
            out.insert(package.name.to_string(), read::files_below(&script.out)?);
        }
    }
    Ok(out)
}

/// Finds out whose the needed libraries are, and forgets those of the toolchain.
fn whose(built: &mut Built, sonames: &BTreeSet<String>) {
    let distribution = Distribution::of(&Host);
    let triple = glibc_triple();
    let names = sonames.iter().map(String::as_str);
    let mut toolchain = BTreeSet::new();
    for (soname, owner) in owners(&Host, &distribution, &triple, names) {
        if owner.toolchain.is_yes() {
            toolchain.insert(soname);
        } else if let (Some(runtime), Some(family)) = (owner.package, distribution.family) {
            let found = Found {
                family: family.to_string(),
                devel: devel(&soname, &distribution),
                runtime,
            };
            built.found.insert(soname, found);
        }
    }
    for needed in built.needed.values_mut() {
        needed.retain(|soname| !toolchain.contains(soname));
    }
}

/// The name of a library's `.pc` file and the package that holds it: the first of the usual names that pkg-config knows and that
/// links the library.
fn devel(soname: &str, distribution: &Distribution) -> Option<(String, String)> {
    let bare = soname.split(".so").next()?.strip_prefix("lib")?;
    let triple = glibc_triple();
    let pkg_config = PkgConfig::new(&Host, &triple, &triple);
    let any = "0".parse::<Version>().ok()?;
    let flag = format!("-l{bare}");
    let mut names = [bare.to_owned(), format!("lib{bare}")].into_iter();
    names.find_map(|name| {
        let library = pkg_config.library(&name, &any).ok()?;
        let file = library.file.filter(|_| library.flags.contains(&flag))?;
        let file = file.canonicalize().ok()?;
        let database = distribution.family?.package_database;
        let owner = database.owner_of_file(&Host, &file).ok()??;
        Some((name, owner.package))
    })
}

/// Asks a program for its version, and for the files that it may print. It runs as the programs of `generate` do, in a folder
/// beside it that is removed then.
fn ask(built: &mut Built, package: &Package, name: &str, path: &Path) {
    let Some(home) = path.parent().map(|folder| folder.join(".init-home")) else {
        return;
    };
    let said = |argument: &str| asked(path, &[argument.to_owned()], &home).unwrap_or_default();
    let mut ways = ["--version", "-V"].into_iter();
    if let Some(way) = ways.find(|way| help::has_version(&said(way), &package.version)) {
        built.version.insert(name.to_owned(), vec![way.to_owned()]);
    }
    let mut kinds = Vec::new();
    for (kind, arguments) in help::attempts(&said("--help"), package.completes) {
        if kinds.contains(&kind) {
            continue;
        }
        let printed = printed_by(path, &arguments, &home);
        if printed.is_ok_and(|text| help::is_of(kind, &text)) {
            kinds.push(kind);
            built.printed.push(Printed {
                program: name.to_owned(),
                arguments,
                kind,
            });
        }
    }
    // What is left of it is in the target folder, and in nobody's way.
    let _ = std::fs::remove_dir_all(&home);
}
