//! The maintainer scripts: what cargo-deb makes of the project's own and of the units, users and temporary files.
//!
//! cargo-deb takes its description from a Cargo manifest and looks for files by patterns. So it gets a folder of its own, whose
//! path holds no character of a pattern, with the files alone that scripts follow from.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use cargo_deb::compress::{CompressConfig, Format as Compression};
use cargo_deb::config::{BuildOptions, DebConfigOverrides};
use cargo_deb::{BuildEnvironment, CargoDebError, CargoLockingFlags};
use plimsoll_spec::{PackageSpec, system_files};
use toml::{Table, Value};

use super::archive;
use super::restart;
use super::warnings::Warnings;
use crate::error::{PackageError, ResultExt};
use crate::files::File;

/// The folder of the project's own scripts, relative to the manifest.
const SCRIPTS: &str = "maintainer-scripts";

/// A file of the control archive that dpkg runs, or debconf reads.
pub(super) struct Script {
    pub(super) name: String,
    pub(super) mode: u32,
    pub(super) text: String,
}

/// The scripts of a package; none where nothing needs one.
pub(super) fn of(spec: &PackageSpec, files: &[File]) -> Result<Vec<Script>, PackageError> {
    let acted_on: Vec<&File> = files.iter().filter(|file| is_acted_on(file)).collect();
    if acted_on.is_empty() && spec.maintainer_scripts.is_none() {
        return Ok(Vec::new());
    }
    let folder = tempfile::tempdir().at("make", &std::env::temp_dir())?;
    let folder = folder.path();
    stage(spec, &acted_on, folder)?;
    let plain = folder.join("plain.deb");
    run_cargo_deb(spec, &folder.join("Cargo.toml"), &plain)?;
    let mut scripts = read(&plain)?;
    let has_sockets = acted_on.iter().any(|file| file.dest.ends_with(".socket"));
    for script in scripts.iter_mut().filter(|it| it.name == "postinst") {
        let text = restart::of_services(&script.text, has_sockets);
        script.text = text.map_err(std::io::Error::other).at("write", &spec.out)?;
    }
    Ok(scripts)
}

fn is_acted_on(file: &File) -> bool {
    let dest = file.dest.as_str();
    let known = [
        system_files::unit,
        system_files::sysusers,
        system_files::tmpfiles,
    ];
    file.data().is_some() && known.iter().any(|known| known(dest).is_some())
}

/// The scripts in the package that cargo-deb wrote.
fn read(plain: &Path) -> Result<Vec<Script>, PackageError> {
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
        if ["control", "conffiles", "md5sums"].contains(&name.as_str()) || name.is_empty() {
            continue;
        }
        let mode = entry.header().mode().at("read", plain)? & 0o777;
        let mut text = String::new();
        entry.read_to_string(&mut text).at("read", plain)?;
        scripts.push(Script { name, mode, text });
    }
    Ok(scripts)
}

fn stage(spec: &PackageSpec, files: &[&File], folder: &Path) -> Result<(), PackageError> {
    for file in files {
        let path = folder.join("root").join(file.relative());
        put(&path, staged(file, files).as_bytes())?;
    }
    put(&folder.join("root/copyright"), b"")?;
    put(&folder.join("src/lib.rs"), b"")?;
    let scripts = folder.join(SCRIPTS);
    fs::create_dir_all(&scripts).at("make", &scripts)?;
    if let Some(from) = &spec.maintainer_scripts {
        copy_scripts(from, &scripts)?;
    }
    put(
        &folder.join("Cargo.toml"),
        manifest(spec, files)?.as_bytes(),
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

fn copy_scripts(from: &Path, to: &Path) -> Result<(), PackageError> {
    for entry in fs::read_dir(from).at("read", from)? {
        let entry = entry.at("read", from)?;
        let content = fs::read(entry.path()).at("read", &entry.path())?;
        put(&to.join(entry.file_name()), &content)?;
    }
    Ok(())
}

/// The Cargo manifest that describes the package; every file lies below `root/` beside it.
fn manifest(spec: &PackageSpec, files: &[&File]) -> Result<String, PackageError> {
    let copyright = format!("usr/share/doc/{}/copyright", spec.name);
    let mut assets = vec![asset("root/copyright", &copyright)];
    assets.extend(files.iter().map(|file| {
        let path = file.relative();
        asset(&format!("root/{path}"), path)
    }));
    let units = Table::from_iter([
        entry("enable", true),
        entry("start", true),
        entry("restart-after-upgrade", true),
        entry("stop-on-upgrade", false),
    ]);
    let deb = Table::from_iter([
        entry("name", spec.name.as_str()),
        entry("maintainer", spec.maintainer.as_str()),
        entry("depends", ""),
        entry("extended-description", "scripts"),
        entry("assets", assets),
        entry("maintainer-scripts", SCRIPTS),
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
