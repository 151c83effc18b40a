//! A finished package, opened.

use std::path::{Path, PathBuf};

use error_hint::FileError;

use super::VerifyError;
use plimsoll_build::audit::BuiltProgram;
use plimsoll_build::elf_files;
use plimsoll_build::format::Format;
use plimsoll_build::manifest::{Artifact, Manifest, Sum};
use plimsoll_build::packager::Packager;
use plimsoll_plan::config::Config;
use plimsoll_spec::{FormatName, PackageContents};

/// A finished package with all that can be read from it.
#[derive(Debug, Clone)]
pub struct PackageUnderTest {
    /// The file.
    pub file: PathBuf,
    /// What the configuration says of it.
    pub config: Config,
    /// What the manifest beside it says of it.
    pub artifact: Artifact,
    /// The version of the programs, as the manifest says it.
    pub source_version: String,
    /// What it says itself.
    pub contents: PackageContents,
    /// What its bytes add up to.
    pub sum: Sum,
    /// The programs in it.
    pub programs: Vec<BuiltProgram>,
    /// Where it is unpacked.
    pub root: PathBuf,
}

/// Opens the packages of a format that the manifest in a folder lists, and unpacks them below
/// `work`, which is emptied first. They are of one build.
///
/// # Errors
/// When there is no such package, or one cannot be read.
pub fn open(
    packager: &Packager,
    config: &Config,
    folder: &Path,
    format: &dyn Format,
    work: &Path,
) -> Result<Vec<PackageUnderTest>, VerifyError> {
    let manifest = manifest(folder, format.name())?;
    let unpacked = work.join("unpacked");
    if unpacked.exists() {
        std::fs::remove_dir_all(&unpacked).map_err(FileError::at("remove", &unpacked))?;
    }
    let opened = manifest.artifacts.into_iter().map(|artifact| {
        let (file, root) = (folder.join(&artifact.file), unpacked.join(&artifact.name));
        std::fs::create_dir_all(&root).map_err(FileError::at("make", &root))?;
        let contents = format.unpack(packager, &file, &root);
        let contents = contents.map_err(|source| VerifyError::Packager {
            file: artifact.file.clone(),
            source,
        })?;
        let content = std::fs::read(&file).map_err(FileError::at("read", &file))?;
        let mut own = artifact.config(config);
        // Packages of the same build that it requires have its own revision, for every distribution.
        own.revision = contents.revision.clone().unwrap_or(own.revision);
        Ok(PackageUnderTest {
            sum: Sum::of(&content),
            programs: match artifact.debug_of {
                // No system loads its files.
                Some(_) => Vec::new(),
                None => programs((config, &own), &artifact, &contents, &root)?,
            },
            config: own,
            file,
            artifact,
            source_version: manifest.version.clone(),
            contents,
            root,
        })
    });
    opened.collect()
}

/// The manifest of a folder, with the packages of a format alone. They are of one flavour.
fn manifest(folder: &Path, format: FormatName) -> Result<Manifest, VerifyError> {
    let path = folder.join("manifest.json");
    let text = std::fs::read(&path).map_err(FileError::at("read", &path))?;
    let mut manifest: Manifest = match serde_json::from_slice(&text) {
        Ok(manifest) => manifest,
        Err(source) => return Err(VerifyError::Manifest { path, source }),
    };
    let artifacts = &mut manifest.artifacts;
    artifacts.retain(|artifact| artifact.format == format);
    let Some(flavour) = artifacts.first().map(|artifact| artifact.flavour) else {
        return Err(VerifyError::NoPackage { path, format });
    };
    artifacts.retain(|artifact| artifact.flavour == flavour);
    Ok(manifest)
}

/// The programs that the configuration has the package hold, and every other ELF file in it. A program that is missing is an
/// error: an audit of fewer would say less than it seems to.
fn programs(
    (config, own): (&Config, &Config),
    artifact: &Artifact,
    contents: &PackageContents,
    root: &Path,
) -> Result<Vec<BuiltProgram>, VerifyError> {
    let assets = own.asset.iter();
    let held = assets.filter(|asset| asset.is_in(artifact.format));
    let programs = held.filter_map(|asset| {
        let name = asset.source.built()?;
        Some((name, asset.dest_of(name)))
    });
    let built: Result<Vec<_>, VerifyError> = programs
        .map(|(name, dest)| {
            let path = root.join(dest.trim_start_matches('/'));
            let libraries = config.linked_by(artifact.flavour, name);
            Ok(BuiltProgram::read(name, &path, libraries)?)
        })
        .collect();
    let files = contents.report.files.iter().map(|dest| {
        let path = root.join(dest.trim_start_matches('/'));
        (dest.clone(), path)
    });
    let files = files.filter(|(_, path)| path.is_file() && !path.is_symlink());
    Ok(elf_files::all(files, &built?, artifact.flavour, config)?)
}

impl PackageUnderTest {
    /// Version and revision as the package manager writes them.
    #[must_use]
    pub fn version(&self) -> String {
        let version = self.contents.version.as_deref().unwrap_or_default();
        match &self.contents.revision {
            Some(revision) => format!("{version}-{revision}"),
            None => version.to_owned(),
        }
    }

    /// The systemd units in it that can be started: no templates.
    #[must_use]
    pub fn units(&self) -> Vec<&str> {
        let files = self.contents.report.files.iter();
        let names = files.filter_map(|file| {
            let (folder, name) = file.rsplit_once('/')?;
            folder.ends_with("lib/systemd/system").then_some(name)
        });
        let kinds = [".service", ".socket", ".timer", ".path"];
        names
            .filter(|name| kinds.iter().any(|kind| name.ends_with(kind)) && !name.contains('@'))
            .collect()
    }

    /// The libraries that its programs name.
    #[must_use]
    pub fn needed(&self) -> Vec<&str> {
        let needed = self.programs.iter().flat_map(|program| &program.elf.needed);
        let mut needed: Vec<&str> = needed.map(String::as_str).collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }
}
