//! `packaging/distros.toml`: the distributions that packages are built for.
//!
//! [`load`] reads and checks the list. [`Distro::adapt`] applies an entry to the configuration of the packages.
//! [`plan`] plans its packages before anything starts. [`Departure::of`] compares the built flavour with the expected
//! one.

mod adapt;
mod assume;
mod build_packages;
mod check;
mod departure;
mod error;
mod load;
mod plan;

use std::collections::BTreeMap;

use plimsoll_probe::{Distribution, Family, FlavourName, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::plan::Arch;
use plimsoll_spec::FormatName;

pub use adapt::NotThis;
pub use build_packages::{BuildPackages, build_packages};
pub use check::check_names;
pub use departure::Departure;
pub use error::DistroError;
pub use load::{load, parse, read};
pub use plan::{CARGO_HOME, DistroPlan, OUT, TARGET, WORKSPACE, plan};

/// The distributions that packages are built for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DistroList {
    /// What the distributions of a family have in common: `debian`, `fedora`, `rhel`, `suse`.
    pub family: BTreeMap<Family, FamilyConfig>,
    /// The distributions, in the order in which they are shown.
    #[serde(rename = "distro")]
    pub distros: Vec<Distro>,
}

/// What the distributions of a family have in common.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FamilyConfig {
    /// Format of the packages.
    pub format: FormatName,
    /// The command that fetches the package lists.
    pub refresh: Vec<String>,
    /// The command that installs the packages named after it, without questions.
    pub install: Vec<String>,
    /// Further arguments of `install` for the CodeReady Builder repository.
    #[serde(default)]
    pub crb: Vec<String>,
    /// Packages that every build needs: a C compiler, pkg-config, the tool that derives dependencies.
    pub build_packages: Vec<String>,
    /// The entry of the Debian family whose system is used with a capability profile, if a package of this family is
    /// verified without a system of its own distribution.
    pub profile_base: Option<String>,
}

/// One release of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Distro {
    /// Its name in options, directories and image names, such as `debian-12`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// The family, for package names and commands.
    pub family: Family,
    /// `ID` of its os-release(5), such as `ubuntu`.
    pub os: String,
    /// `VERSION_ID` of its os-release(5), or the part before a point: `9` also means `9.4`. None for a rolling
    /// release.
    pub release: Option<String>,
    /// The container image in which packages are built.
    pub image: String,
    /// Name of the release in the archive. Required for the Debian family.
    pub suite: Option<String>,
    /// Beginning of the URLs of its packages, which a mirror replaces. Required for the Debian family. None if the
    /// image has its URLs from elsewhere.
    pub archive: Option<String>,
    /// The architectures of the packages.
    pub architectures: Vec<Arch>,
    /// The last day of free security updates, such as `2028-06-30`, without quotes. None: unknown yet.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub end_of_life: Option<EndOfLife>,
    /// Suffix of the packages' revision, so that packages of several distributions fit into one directory, and an
    /// upgrade of the distribution upgrades the package.
    pub revision_suffix: String,
    /// The repository of the libraries' devel packages.
    pub devel: DevelSource,
    /// The expected flavour.
    pub expected_flavour: FlavourName,
    /// Packages that differ from what `packaging/dist.toml` and `devel` say, by the name of the library.
    #[serde(default)]
    pub packages: BTreeMap<String, PackageNames>,
    /// Packages that a build needs besides those of the family.
    #[serde(default)]
    pub build_packages: Vec<String>,
    /// Replaces the command of the family.
    pub refresh: Option<Vec<String>>,
    /// Replaces the command of the family.
    pub install: Option<Vec<String>>,
}

/// Where the devel package of a library comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DevelSource {
    /// A repository that is always enabled.
    Main,
    /// CodeReady Builder, which can be enabled.
    Crb,
    /// A repository only for subscribed systems.
    Subscription,
    /// No repository has it.
    None,
}

/// The packages of a library in one distribution, as far as they differ from those that are declared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[serde(expecting = "a table for one library, as in packages.zlib = { devel = \"zlib1g-dev\" }")]
pub struct PackageNames {
    /// The repository of its devel package.
    pub repository: Option<DevelSource>,
    /// The package with headers and `.pc` file.
    pub devel: Option<String>,
    /// The package with the shared library.
    pub runtime: Option<String>,
    /// The package with the tool.
    pub tool: Option<String>,
}

/// A day of the calendar, without a time: `2028-06-30`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::value::Datetime")]
pub struct EndOfLife(toml::value::Date);

impl TryFrom<toml::value::Datetime> for EndOfLife {
    type Error = String;

    fn try_from(value: toml::value::Datetime) -> Result<Self, String> {
        match (value.date, value.time) {
            (Some(date), None) => Ok(Self(date)),
            _ => Err(format!("{value} is not a day such as 2028-06-30")),
        }
    }
}

impl std::fmt::Display for EndOfLife {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl DistroList {
    /// The entry of that name.
    ///
    /// # Errors
    /// When there is none; the error names those that there are.
    pub fn get(&self, id: &str) -> Result<&Distro, DistroError> {
        let found = self.distros.iter().find(|distro| distro.id() == id);
        found.ok_or_else(|| DistroError::Unknown {
            id: id.to_owned(),
            known: self.distros.iter().map(|d| d.id().to_owned()).collect(),
        })
    }

    /// The release before an entry's, where the list has one: of the same distribution, with the
    /// highest version below. A release without a number is the newest.
    #[must_use]
    pub fn older(&self, distro: &Distro) -> Option<&Distro> {
        let version = |distro: &Distro| distro.release.as_deref()?.parse::<Version>().ok();
        let of = version(distro);
        let releases = self.distros.iter().filter(|other| other.os == distro.os);
        let numbered = releases.filter_map(|other| Some((version(other)?, other)));
        let below = numbered.filter(|(version, _)| of.as_ref().is_none_or(|of| version < of));
        let newest = below.max_by(|(a, _), (b, _)| a.cmp(b));
        newest.map(|(_, other)| other)
    }

    /// What an entry's family has in common.
    ///
    /// # Panics
    /// Never for an entry of a list from [`parse`], which refuses one without its family.
    #[must_use]
    #[expect(clippy::expect_used, reason = "checked when the file was read")]
    pub fn family_of(&self, distro: &Distro) -> &FamilyConfig {
        self.family
            .get(&distro.family)
            .expect("a checked list has the family of each entry")
    }
}

impl Distro {
    /// What it is called.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.get_ref()
    }

    /// What os-release(5) says there.
    #[must_use]
    pub fn distribution(&self) -> Distribution {
        Distribution {
            id: self.os.clone(),
            version_id: self.release.clone(),
            pretty_name: self.id().to_owned(),
            family: Some(self.family),
        }
    }

    /// Where the devel package of a library comes from.
    #[must_use]
    pub fn devel_of(&self, library: &str) -> DevelSource {
        let own = self.packages.get(library);
        own.and_then(|own| own.repository).unwrap_or(self.devel)
    }

    /// Whether an os-release(5) file is this distribution's. One without a version, as Debian's
    /// is before a release, is taken for any of that distribution.
    #[must_use]
    pub fn is(&self, system: &Distribution) -> bool {
        let release = match (&self.release, &system.version_id) {
            (Some(release), Some(version)) => {
                let rest = version.strip_prefix(release.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
            _ => true,
        };
        self.os == system.id && release
    }
}

#[cfg(test)]
mod tests;
