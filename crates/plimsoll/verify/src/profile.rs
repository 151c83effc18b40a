//! Capability profiles: what an RPM distribution that cannot be had here offers to a package.
//!
//! A profile is a file `packaging/profiles/<distribution>.toml` of figures, each with the place
//! that it is from and how far it is to be trusted. [`Profile::capabilities`] turns it into RPM's
//! `Provides`; a package with these ([`Profile::package`]) stands in for the distribution when
//! dnf resolves ours. That is a simulation, and never shown as an installation.

mod capabilities;
mod error;
pub mod resolve;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use error_hint::FileError;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Target;
use plimsoll_plan::distro::DistroList;
use plimsoll_plan::plan::Arch;
use plimsoll_spec::{Actions, FormatName, PackageSpec, Relation, Relations};

pub use error::ProfileError;

/// Where profiles are, below the workspace.
pub const FOLDER: &str = "packaging/profiles";

/// An example of a profile, with every key.
pub const EXAMPLE: &str = include_str!("../examples/profile.toml");

/// What one distribution offers to packages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// The C library. Its symbol versions follow from its version.
    pub glibc: Glibc,
    /// Other shared libraries.
    #[serde(rename = "library")]
    pub libraries: Vec<Library>,
    /// Packages that an RPM may require.
    #[serde(rename = "package")]
    pub packages: Vec<Package>,
}

/// How far a figure is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The source names this release of the distribution and this figure.
    Confirmed,
    /// The figure follows from another figure, or from a rebuild of the distribution.
    Derived,
    /// No source was found.
    Unconfirmed,
}

/// The C library.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Glibc {
    /// The release, such as `2.34`. Symbol versions that the distribution backported from a later release do not
    /// count.
    #[schemars(with = "String")]
    pub version: GlibcVersion,
    /// Degree of trust.
    pub confidence: Confidence,
    /// Its source.
    pub source: String,
}

/// A release of glibc: `2.MINOR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct GlibcVersion {
    minor: u32,
}

impl GlibcVersion {
    /// Its own symbol version, such as `GLIBC_2.34`.
    #[must_use]
    pub fn symbol_version(self) -> String {
        format!("GLIBC_2.{}", self.minor)
    }
}

impl TryFrom<String> for GlibcVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let minor = text.strip_prefix("2.").and_then(|minor| minor.parse().ok());
        let minor =
            minor.ok_or_else(|| format!("{text:?} is not a release of glibc such as 2.34"))?;
        Ok(Self { minor })
    }
}

/// A shared library.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Library {
    /// Its soname.
    pub soname: String,
    /// Its release.
    pub version: String,
    /// The symbol versions that it defines; empty if none.
    pub symbol_versions: Vec<String>,
    /// Degree of trust.
    pub confidence: Confidence,
    /// Where this is from.
    pub source: String,
}

/// A package of the distribution.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version as RPM compares it: `[EPOCH:]VERSION[-RELEASE]`.
    pub version: String,
    /// Degree of trust.
    pub confidence: Confidence,
    /// Where this is from.
    pub source: String,
}

/// How scriptlets reach systemd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scriptlets {
    /// Through `systemd-update-helper`, which is there since systemd 250.
    UpdateHelper,
    /// By plain `systemctl`.
    Systemctl,
}

impl Profile {
    /// What the distribution provides, in RPM's words, sorted.
    #[must_use]
    pub fn capabilities(&self, arch: Arch) -> Vec<String> {
        capabilities::of(self, arch)
    }

    /// The libraries and symbol versions that it provides, in the form that the audit uses.
    #[must_use]
    pub fn target(&self, arch: Arch) -> Target {
        capabilities::target(self, arch)
    }

    /// The way in which scriptlets call systemd there. None if the profile has no package `systemd`, or its version is not a
    /// number.
    #[must_use]
    pub fn scriptlets(&self) -> Option<Scriptlets> {
        let systemd = self.packages.iter().find(|p| p.name == "systemd")?;
        let release = systemd.version.split(['.', '-', '~']).next()?;
        let release: u32 = release.parse().ok()?;
        Some(match release >= 250 {
            true => Scriptlets::UpdateHelper,
            false => Scriptlets::Systemctl,
        })
    }

    /// A package that stands in for the distribution: it installs nothing, and provides everything that the distribution
    /// provides. Its folders are empty paths; the caller sets them.
    #[must_use]
    pub fn package(&self, distro: &str, arch: Arch) -> PackageSpec {
        PackageSpec {
            format: FormatName::RPM,
            out: PathBuf::new(),
            work: PathBuf::new(),
            source_date_epoch: 0,
            name: format!("profile-{distro}"),
            epoch: 0,
            version: "1".to_owned(),
            revision: "1".to_owned(),
            arch: arch.machine().to_owned(),
            summary: format!("What {distro} provides"),
            description: "Stands in for a distribution while dependencies are resolved.".to_owned(),
            license: "CC0-1.0".to_owned(),
            maintainer: "nobody <nobody@example.org>".to_owned(),
            homepage: "https://example.org/".to_owned(),
            section: "Unspecified".to_owned(),
            relations: Relations::from_iter([(Relation::Provides, self.capabilities(arch))]),
            files: Vec::new(),
            licenses: Vec::new(),
            actions: Actions::default(),
            build_ids: Vec::new(),
            maintainer_scripts: None,
            scriptlets: None,
            changelog: Vec::new(),
        }
    }
}

impl Profile {
    /// Those of its packages that these relations name, each as a package of its own name and version that installs nothing. Whether
    /// the version is obsoleted is for dnf to say.
    #[must_use]
    pub fn obsoleted(&self, obsoletes: &[String], distro: &str, arch: Arch) -> Vec<PackageSpec> {
        let is_named = |package: &&Package| {
            let mut names = obsoletes.iter().map(|text| text.split(' ').next());
            names.any(|name| name == Some(package.name.as_str()))
        };
        let packages = self.packages.iter().filter(is_named);
        let packages = packages.map(|package| {
            let (epoch, rest) = match package.version.split_once(':') {
                Some((epoch, rest)) => (epoch.parse().unwrap_or_default(), rest),
                None => (0, package.version.as_str()),
            };
            let (version, revision) = rest.split_once('-').unwrap_or((rest, "1"));
            PackageSpec {
                name: package.name.clone(),
                epoch,
                version: version.to_owned(),
                revision: revision.to_owned(),
                summary: format!("The {} of {distro}", package.name),
                relations: Relations::default(),
                ..self.package(distro, arch)
            }
        });
        packages.collect()
    }
}

/// The file of a distribution's profile.
#[must_use]
pub fn path(folder: &Path, distro: &str) -> PathBuf {
    folder.join(format!("{distro}.toml"))
}

/// Reads one profile.
///
/// # Errors
/// When it cannot be read, or a key or value of it is not known; the error names the line.
pub fn load(path: &Path) -> Result<Profile, ProfileError> {
    let text = std::fs::read_to_string(path).map_err(FileError::at("read", path))?;
    parse(&text, path)
}

/// Parses one profile; `path` is for messages alone.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, path: &Path) -> Result<Profile, ProfileError> {
    toml::from_str(text).map_err(|source| ProfileError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

/// Reads the profiles of a folder, by the distribution's name, and compares them with the list:
/// every RPM distribution has one, and no other file is there. A project without the folder has
/// no profiles.
///
/// # Errors
/// When one cannot be read, is missing or belongs to no distribution.
pub fn load_all(
    folder: &Path,
    list: &DistroList,
) -> Result<BTreeMap<String, Profile>, ProfileError> {
    let mut profiles = BTreeMap::new();
    if !folder.exists() {
        return Ok(profiles);
    }
    for distro in &list.distros {
        if list.family_of(distro).format != FormatName::RPM {
            continue;
        }
        let path = path(folder, distro.id());
        if !path.exists() {
            let id = distro.id().to_owned();
            return Err(ProfileError::Missing { id, path });
        }
        profiles.insert(distro.id().to_owned(), load(&path)?);
    }
    for name in names(folder)? {
        let is_known = name
            .strip_suffix(".toml")
            .map(|id| profiles.contains_key(id));
        if is_known != Some(true) {
            let path = folder.join(name);
            return Err(ProfileError::NoDistro { path });
        }
    }
    Ok(profiles)
}

/// The files of a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>, ProfileError> {
    let entries = std::fs::read_dir(folder).map_err(FileError::at("read", folder))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names
        .collect::<std::io::Result<_>>()
        .map_err(FileError::at("read", folder))?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests;
