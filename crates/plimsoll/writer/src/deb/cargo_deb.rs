//! What cargo-deb puts into maintainer scripts for units, users and temporary files.
//!
//! cargo-deb takes its description from a Cargo manifest and looks for files by patterns. So it gets a folder of its own, whose
//! path holds no character of a pattern, with the files alone that scripts follow from.

use std::fs;
use std::io;
use std::io::Read as _;
use std::path::Path;

use cargo_deb::compress::{CompressConfig, Format as Compression};
use cargo_deb::config::{BuildOptions, DebConfigOverrides};
use cargo_deb::{BuildEnvironment, CargoDebError, CargoLockingFlags};
use plimsoll_spec::{PackageSpec, UnitActions, system_files};
use toml::{Table, Value};

use super::archive;
use super::restart;
use super::snippets::{SCRIPTS, Snippets};
use super::warnings::Warnings;
use crate::error::{PackageError, ResultExt};
use crate::files::File;

/// The folder of the project's own scripts, relative to the manifest; it is empty.
const FOLDER: &str = "maintainer-scripts";

/// What a script of cargo-deb begins with.
const HEAD: &str = "#!/bin/sh\nset -e\n";

/// What scripts do for these files, of which there is one at least. The actions are those of the units among them.
pub(super) fn snippets(
    spec: &PackageSpec,
    files: &[&File],
    actions: UnitActions,
) -> Result<Snippets, PackageError> {
    let folder = tempfile::tempdir().at("make", &std::env::temp_dir())?;
    let folder = folder.path();
    stage(spec, files, actions, folder)?;
    let plain = folder.join("plain.deb");
    run_cargo_deb(spec, &folder.join("Cargo.toml"), &plain)?;
    let mut snippets = Snippets::default();
    for (name, text) in read(&plain)? {
        let text = text.strip_prefix(HEAD);
        let text = text.ok_or("a script begins in another way than was expected");
        let text = text.and_then(|text| match name.as_str() {
            "postinst" => restart::of_services(text),
            _ => Ok(text.to_owned()),
        });
        let text = text.map_err(io::Error::other).at("read", &plain)?;
        snippets.add(&name, &text);
    }
    Ok(snippets)
}

/// The scripts in the package that cargo-deb wrote.
fn read(plain: &Path) -> Result<Vec<(String, String)>, PackageError> {
    let archives = archive::read(plain)?;
    let mut scripts = Vec::new();
    for entry in tar::Archive::new(archives.control.as_slice())
        .entries()
        .at("read", plain)?
    {
        let mut entry = entry.at("read", plain)?;
        let path = entry.path().at("read", plain)?;
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        if !SCRIPTS.contains(&name.as_str()) {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).at("read", plain)?;
        scripts.push((name, text));
    }
    Ok(scripts)
}

fn stage(
    spec: &PackageSpec,
    files: &[&File],
    actions: UnitActions,
    folder: &Path,
) -> Result<(), PackageError> {
    for file in files {
        let path = folder.join("root").join(file.relative());
        put(&path, staged(file, files).as_bytes())?;
    }
    put(&folder.join("root/copyright"), b"")?;
    put(&folder.join("src/lib.rs"), b"")?;
    let scripts = folder.join(FOLDER);
    fs::create_dir_all(&scripts).at("make", &scripts)?;
    put(
        &folder.join("Cargo.toml"),
        manifest(spec, files, actions)?.as_bytes(),
    )
}

/// A file as cargo-deb reads it. It takes the value of `Also=` (systemd.unit(5)) for one unit, which must be there.
fn staged(file: &File, files: &[&File]) -> String {
    let text = String::from_utf8_lossy(file.data().unwrap_or_default());
    let is_there = |name: &&str| {
        let mut units = files
            .iter()
            .filter_map(|file| system_files::unit(&file.dest));
        units.any(|unit| unit == *name)
    };
    let lines = text.lines().map(|line| match line.trim().split_once('=') {
        Some((key, value)) if key.trim_end() == "Also" => {
            let units = value.split_whitespace().filter(is_there);
            units.map(|unit| format!("Also={unit}\n")).collect()
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

fn put(path: &Path, content: &[u8]) -> Result<(), PackageError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).at("make", folder)?;
    }
    fs::write(path, content).at("write", path)
}

/// The Cargo manifest that describes the package; every file lies below `root/` beside it.
fn manifest(
    spec: &PackageSpec,
    files: &[&File],
    actions: UnitActions,
) -> Result<String, PackageError> {
    let copyright = format!("usr/share/doc/{}/copyright", spec.name);
    let mut assets = vec![asset("root/copyright", &copyright)];
    assets.extend(files.iter().map(|file| {
        let path = file.relative();
        asset(&format!("root/{path}"), path)
    }));
    let units = Table::from_iter([
        entry("enable", actions.enable),
        entry("start", actions.start),
        entry("restart-after-upgrade", true),
        entry("stop-on-upgrade", false),
    ]);
    let deb = Table::from_iter([
        entry("name", spec.name.as_str()),
        entry("maintainer", spec.maintainer.as_str()),
        entry("depends", ""),
        entry("extended-description", "scripts"),
        entry("assets", assets),
        entry("maintainer-scripts", FOLDER),
        entry("systemd-units", units),
    ]);
    let package = Table::from_iter([
        entry("name", "scripts"),
        entry("version", "0.0.0"),
        entry("edition", "2021"),
        entry("license", spec.license.as_str()),
        entry("description", "scripts"),
        entry("metadata", Table::from_iter([entry("deb", deb)])),
    ]);
    // An empty [workspace] keeps Cargo from looking for one in the folders above.
    let manifest = Table::from_iter([entry("package", package), entry("workspace", Table::new())]);
    toml::to_string(&manifest).map_err(PackageError::Manifest)
}

fn asset(from: &str, to: &str) -> Value {
    Value::from(vec![from, to, "644"])
}

fn entry(key: &str, value: impl Into<Value>) -> (String, Value) {
    (key.to_owned(), value.into())
}

fn run_cargo_deb(spec: &PackageSpec, manifest: &Path, out: &Path) -> Result<(), PackageError> {
    let warnings = Warnings::default();
    write_plain(spec, manifest, out, &warnings).map_err(|source| PackageError::CargoDeb {
        path: spec.out.clone(),
        source,
    })?;
    match warnings.into_text() {
        None => Ok(()),
        Some(warnings) => Err(PackageError::CargoDebWarning {
            path: spec.out.clone(),
            warnings,
        }),
    }
}

fn write_plain(
    spec: &PackageSpec,
    manifest: &Path,
    out: &Path,
    warnings: &Warnings,
) -> Result<(), CargoDebError> {
    let mut overrides = DebConfigOverrides::default();
    overrides.deb_version = Some(format!("{}-{}", spec.version, spec.revision));
    let options = BuildOptions {
        manifest_path: Some(manifest),
        overrides,
        cargo_locking_flags: CargoLockingFlags {
            offline: true,
            ..Default::default()
        },
        ..BuildOptions::default()
    };
    let compression = CompressConfig {
        fast: true,
        compress_type: Compression::Gzip,
        compress_system: false,
        rsyncable: false,
    };
    let (environment, packages) = BuildEnvironment::from_manifest(options, warnings)?;
    for mut package in packages {
        package.resolved_depends = Some(String::new());
        package.resolve_assets(warnings)?;
        // The order of the files must not come from the file system.
        package.sort_assets_by_type();
        cargo_deb::write_deb(
            &environment,
            out.to_owned(),
            &package,
            &compression,
            warnings,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use plimsoll_spec::FileKind;

    use super::*;
    use crate::files::Content;

    fn unit(name: &str, text: &str) -> File {
        File {
            dest: format!("/usr/lib/systemd/system/{name}"),
            mode: 0o644,
            owner: plimsoll_spec::Owner::default(),
            kind: FileKind::Plain,
            content: Content::Data(text.into()),
        }
    }

    #[test]
    fn units_that_are_not_in_the_package_are_not_enabled_with_it() {
        let service = unit(
            "a.service",
            "[Install]\nAlso=a.socket b.socket\nAlso = c.timer\n",
        );
        let socket = unit("a.socket", "[Socket]\n");
        assert_eq!(
            staged(&service, &[&service, &socket]),
            "[Install]\nAlso=a.socket\n"
        );
    }
}
