//! The .deb file: written through the cargo-deb library, read by ourselves.
//!
//! cargo-deb takes its description from a Cargo manifest, so one is written to the work folder
//! beside the files. Its result is then completed with the `md5sums` that it cannot write, and restarts services
//! without their sockets.

mod archive;
mod changelog;
mod control;
mod manifest;
mod repack;
mod restart;
mod warnings;

use std::path::{Path, PathBuf};

use cargo_deb::compress::{CompressConfig, Format as Compression};
use cargo_deb::config::{BuildOptions, DebConfigOverrides};
use cargo_deb::{BuildEnvironment, CargoDebError, CargoLockingFlags, PackageConfig};
use plimsoll_spec::{FileKind, FormatName, PackageContents, PackageReport, PackageSpec};

use crate::compression;
use crate::entry::{self, Entry};
use crate::error::{PackageError, ResultExt};
use crate::files::{self, File};
use crate::format::PackageFormat;
use crate::new_version::Stamp;
use archive::Archives;
use warnings::Warnings;

/// Debian packages, which are ar archives (deb(5)).
pub(crate) const FORMAT: PackageFormat = PackageFormat {
    name: FormatName::DEB,
    suffix: ".deb",
    magic: b"!<arch>\n",
    write,
    read,
    restamp,
};

/// Writes the package and reports what the finished file says.
fn write(spec: &PackageSpec) -> Result<PackageReport, PackageError> {
    let mut files = files::load(spec)?;
    files.push(changelog_file(spec)?);
    let manifest = stage(spec, &files)?;
    let plain = spec.work.join("plain.deb");
    run_cargo_deb(spec, &manifest, &plain)?;
    let has_sockets = spec.maintainer_scripts.is_some()
        && files.iter().any(|file| file.dest.ends_with(".socket"));
    repack::complete(&plain, spec, has_sockets)?;
    report(&spec.out)
}

/// Reads a package: what it says, and what it installs.
fn read(path: &Path) -> Result<(PackageContents, Vec<Entry>), PackageError> {
    let archives = archive::read(path)?;
    let entries = entry::tar::read(&archives.data).at(path)?;
    Ok((control::contents(path, &archives)?, entries))
}

/// Writes the package anew under another version.
fn restamp(path: &Path, out: &Path, stamp: &Stamp) -> Result<PackageReport, PackageError> {
    let archives = archive::read(path)?;
    let text = control::restamped(path, &archives, stamp)?;
    let control =
        archive::with_file(&archives.control, "control", &text, archives.mtime).at(path)?;
    let restamped = Archives {
        control,
        ..archives
    };
    archive::write(out, &restamped).at(out)?;
    report(out)
}

fn report(path: &Path) -> Result<PackageReport, PackageError> {
    Ok(control::contents(path, &archive::read(path)?)?.report)
}

fn changelog_file(spec: &PackageSpec) -> Result<File, PackageError> {
    let text = changelog::render(spec)?;
    Ok(File {
        dest: format!("/usr/share/doc/{}/changelog.Debian.gz", spec.name),
        mode: 0o644,
        kind: FileKind::Doc,
        content: compression::gzip(text.as_bytes()).at(&spec.out)?,
    })
}

/// Lays out the work folder and returns the path of the manifest in it.
fn stage(spec: &PackageSpec, files: &[File]) -> Result<PathBuf, PackageError> {
    let work = &spec.work;
    if work.exists() {
        std::fs::remove_dir_all(work).at(work)?;
    }
    for file in files {
        put(&work.join("root").join(file.relative()), &file.content)?;
    }
    put(&work.join("src/lib.rs"), b"")?;
    if let Some(scripts) = &spec.maintainer_scripts {
        copy_scripts(scripts, &work.join(manifest::SCRIPTS))?;
    }
    let path = work.join("Cargo.toml");
    put(&path, manifest::render(spec, files)?.as_bytes())?;
    Ok(path)
}

fn put(path: &Path, content: &[u8]) -> Result<(), PackageError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).at(folder)?;
    }
    std::fs::write(path, content).at(path)
}

fn copy_scripts(from: &Path, to: &Path) -> Result<(), PackageError> {
    for entry in std::fs::read_dir(from).at(from)? {
        let entry = entry.at(from)?;
        let content = std::fs::read(entry.path()).at(&entry.path())?;
        put(&to.join(entry.file_name()), &content)?;
    }
    Ok(())
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
    let (environment, packages) = BuildEnvironment::from_manifest(options, warnings)?;
    for mut package in packages {
        complete(spec, &mut package, warnings)?;
        cargo_deb::write_deb(
            &environment,
            out.to_owned(),
            &package,
            &uncompressed(),
            warnings,
        )?;
    }
    Ok(())
}

/// Gives the package what was resolved already, so that cargo-deb guesses nothing.
fn complete(
    spec: &PackageSpec,
    package: &mut PackageConfig,
    warnings: &Warnings,
) -> Result<(), CargoDebError> {
    package.architecture.clone_from(&spec.arch);
    package.default_timestamp = u64::from(spec.source_date_epoch);
    package.resolved_depends = Some(spec.depends.join(", "));
    package.resolve_assets(warnings)?;
    package.sort_assets_by_type();
    Ok(())
}

/// The fastest that there is: the archive is compressed again with its `md5sums`.
fn uncompressed() -> CompressConfig {
    CompressConfig {
        fast: true,
        compress_type: Compression::Gzip,
        compress_system: false,
        rsyncable: false,
    }
}
