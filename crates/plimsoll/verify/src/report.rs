//! The result of a verification.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_probe::{Fallback, FlavourName};
use serde::{Deserialize, Serialize};

use super::{Check, Outcome};
use plimsoll_spec::{FormatName, Relations};

/// Where the life of a package took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A system of the distribution, booted by systemd-nspawn(1).
    Booted,
    /// A container of the distribution's image, without an init system.
    Container,
    /// A system of the distribution entered by chroot(1), without an init system.
    Chroot,
    /// A capability profile: rpm and dnf themselves, over a userland that is not the
    /// distribution's. Never as good as an installation.
    Profile,
}

impl Place {
    /// Whether systemd(1) runs there.
    #[must_use]
    pub fn has_init(self) -> bool {
        matches!(self, Self::Booted | Self::Profile)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Booted => "booted",
            Self::Container => "container",
            Self::Chroot => "chroot",
            Self::Profile => "profile",
        })
    }
}

/// The whole result: `verify.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Name of the packages.
    pub name: String,
    /// The packages, in the order of the list of distributions.
    pub packages: Vec<Verified>,
    /// The distributions of which nothing is known, since the verification itself failed.
    pub broken: Vec<Broken>,
}

/// A distribution that could not be verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Broken {
    /// The entry of the list.
    pub distro: String,
    /// Why it could not, with what was behind it.
    pub because: String,
}

/// One package of one distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verified {
    /// The entry of the list.
    pub distro: String,
    /// The package's name.
    pub package: String,
    /// The package file.
    pub file: String,
    /// What kind of file it is.
    pub format: FormatName,
    /// Its version and revision.
    pub version: String,
    /// The commit that it was built from.
    pub commit: String,
    /// The flavour of its programs.
    pub flavour: FlavourName,
    /// Why this flavour.
    pub reason: String,
    /// The better flavour that it stands in for, where it does.
    pub fallback: Option<Fallback>,
    /// The best driver of the programs.
    pub driver: String,
    /// How it relates to other packages.
    pub relations: Relations,
    /// Where it lived.
    pub place: Place,
    /// What that was: an operating system's own name for itself.
    pub system: String,
    /// What became of each check.
    pub checks: BTreeMap<Check, Outcome>,
}

/// How many checks ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Run, without a fault.
    pub passed: usize,
    /// Run, with faults.
    pub failed: usize,
    /// Not run.
    pub not_run: usize,
}

impl Report {
    /// What a table calls a package: its distribution, and its own name where that has several.
    #[must_use]
    pub fn label(&self, package: &Verified) -> String {
        let packages = self.packages.iter();
        let of_distro = packages.filter(|other| other.distro == package.distro);
        match of_distro.count() {
            0 | 1 => package.distro.clone(),
            _ => format!("{} {}", package.distro, package.package),
        }
    }

    /// Counts the outcomes; what does not apply counts as nothing.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let outcomes = self.packages.iter().flat_map(|p| p.checks.values());
        outcomes.fold(Counts::default(), |mut counts, outcome| {
            match outcome {
                Outcome::Passed { .. } => counts.passed += 1,
                Outcome::Failed { .. } => counts.failed += 1,
                Outcome::NotRun { .. } => counts.not_run += 1,
                Outcome::NotApplicable { .. } => {}
            }
            counts
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            not_run,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {not_run} not run")
    }
}
