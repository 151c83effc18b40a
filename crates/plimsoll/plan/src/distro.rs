//! `packaging/distros.toml`: the distributions that packages are built for.
//!
//! [`load`] reads and checks the list. [`Distro::adapt`] applies an entry to the configuration of
//! the packages, [`plan`] says what follows from it before anything is started, and
//! [`Departure::of`] compares what followed in the end with what the entry expects.

mod adapt;
mod assume;
mod build_packages;
mod check;
mod departure;
mod error;
mod load;
mod plan;

use std::collections::BTreeMap;

use plimsoll_probe::{Distribution, Family, Flavour, Version};
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
pub use load::{load, parse};
pub use plan::{CARGO_HOME, DistroPlan, OUT, WORKSPACE, plan};

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
    /// What packages are made.
    pub format: FormatName,
    /// The command that fetches the package lists.
    pub refresh: Vec<String>,
    /// The command that installs the packages named after it, without asking.
    pub install: Vec<String>,
    /// What `install` takes besides to install from the CodeReady Builder repository.
    #[serde(default)]
    pub crb: Vec<String>,
    /// What a build cannot go without: a C compiler, pkg-config, what derives dependencies.
    pub build_packages: Vec<String>,
    /// The entry of the Debian family whose system a capability profile is laid over, where a
    /// package of this family is verified without a system of its own distribution.
    pub profile_base: Option<String>,
}

/// One release of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Distro {
    /// What it is called in options, folders and image names, such as `debian-12`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// The family whose package names and commands it has.
    pub family: Family,
    /// `ID` of its os-release(5), such as `ubuntu`.
    pub os: String,
    /// `VERSION_ID` of its os-release(5), or the part of it before a point: `9` stands for `9.4`
    /// too. None for a rolling release.
    pub release: Option<String>,
    /// The container image that packages are built in.
    pub image: String,
    /// The name of the release in the archive; the Debian family needs it.
    pub suite: Option<String>,
    /// What the addresses of its packages begin with, for a mirror to take its place. The Debian
    /// family needs it. None where the image gets its addresses from elsewhere.
    pub archive: Option<String>,
    /// The architectures that packages are built for.
    pub architectures: Vec<Arch>,
    /// The last day on which it gets security updates for everyone, such as `2028-06-30`, without
    /// quotes. None: not known yet.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub end_of_life: Option<EndOfLife>,
    /// What is added to the packages' revision, so that those of several distributions can lie in
    /// one folder, and an upgrade of the distribution upgrades the package.
    pub revision_suffix: String,
    /// Where the library's devel package comes from.
    pub devel: DevelSource,
    /// The flavour that is expected to follow.
    pub expected_flavour: Flavour,
    /// Names of packages where they are not the family's.
    #[serde(default)]
    pub packages: PackageNames,
    /// What a build needs besides the family's packages.
    #[serde(default)]
    pub build_packages: Vec<String>,
    /// In place of the family's command.
    pub refresh: Option<Vec<String>>,
    /// In place of the family's command.
    pub install: Option<Vec<String>>,
}

/// Where the devel package of the C library comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DevelSource {
    /// A repository that is always enabled.
    Main,
    /// CodeReady Builder, which can be enabled.
    Crb,
    /// A repository for subscribed systems alone.
    Subscription,
    /// There is none.
    None,
}

/// The packages of the C library in one distribution, where they are not the family's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageNames {
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
