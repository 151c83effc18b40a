//! What follows from an entry, before a system of the distribution is there.

use std::path::PathBuf;

use plimsoll_probe::{Family, Flavour, Request as FlavourRequest};
use serde::{Deserialize, Serialize};

use super::{Departure, DevelSource, Distro, DistroError, DistroList, assume};
use crate::config::Config;
use crate::plan::{self, Arch, Places, Plan, PlanError, Request};
use crate::source::Source;

/// Where the workspace is inside of the system that builds.
pub const WORKSPACE: &str = "/src";
/// Where the packages are written to inside of it.
pub const OUT: &str = "/out";
/// Where Cargo's home is inside of it.
pub const CARGO_HOME: &str = "/opt/cargo";

/// All that follows from an entry of the list for one architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DistroPlan {
    /// The entry.
    pub distro: String,
    /// Its family.
    pub family: Family,
    /// The architecture.
    pub architecture: Arch,
    /// The image that it is built in.
    pub image: String,
    /// The last day with security updates; none where it is not known.
    pub end_of_life: Option<String>,
    /// What is installed in the image.
    pub packages: BuildPackages,
    /// The flavour that the list expects.
    pub expected: Flavour,
    /// The flavour that follows.
    pub follows: Flavour,
    /// Why it does.
    pub reason: String,
    /// Set where the two differ.
    pub departure: Option<Departure>,
    /// What is built and packaged. Paths are those inside of the system that builds; the probe
    /// there has the last word.
    pub plan: Plan,
}

/// What is installed before the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuildPackages {
    /// The command that fetches the package lists.
    pub refresh: Vec<String>,
    /// The command that installs `required`.
    pub install: Vec<String>,
    /// Nothing is built without these.
    pub required: Vec<String>,
    /// The command that installs each of `wished`.
    pub install_wished: Vec<String>,
    /// Without these, another flavour is built.
    pub wished: Vec<String>,
}

/// Says what follows from an entry. Pure.
///
/// # Errors
/// When the entry has no such architecture, or the flavour cannot be built there.
pub fn plan(
    list: &DistroList,
    distro: &Distro,
    config: &Config,
    source: &Source,
    architecture: Arch,
    flavour: FlavourRequest,
) -> Result<DistroPlan, DistroError> {
    if !distro.architectures.contains(&architecture) {
        return Err(DistroError::Architecture {
            id: distro.id().to_owned(),
            architecture: architecture.as_str(),
        });
    }
    let config = distro.adapt(list, config);
    let packages = build_packages(list, distro, &config);
    let findings = assume::findings(distro, architecture, config.library(), &packages);
    let request = Request {
        flavour,
        formats: vec![list.family_of(distro).format],
        strict: false,
    };
    let fails = |source: PlanError| DistroError::Plan {
        id: distro.id().to_owned(),
        source,
    };
    let plan = plan::plan(&config, source, &places(), &findings, &request).map_err(fails)?;
    // A plan has a build, and the one format of a family comes of one alone.
    let (follows, reason) = plan.builds.first().map_or_else(
        || (distro.expected_flavour, String::new()),
        |build| (build.flavour, build.reason.clone()),
    );
    Ok(DistroPlan {
        distro: distro.id().to_owned(),
        family: distro.family,
        architecture,
        image: distro.image.clone(),
        end_of_life: distro.end_of_life.as_ref().map(ToString::to_string),
        packages,
        expected: distro.expected_flavour,
        departure: Departure::of(distro, follows, &reason),
        follows,
        reason,
        plan,
    })
}

/// The distribution's commands, and what they install for a build. `config` is adapted to it.
#[must_use]
pub fn build_packages(list: &DistroList, distro: &Distro, config: &Config) -> BuildPackages {
    let family = list.family_of(distro);
    let install = distro.install.as_ref().unwrap_or(&family.install);
    let devel = config.library().devel.of(distro.family).map(str::to_owned);
    let (wished, options) = match distro.devel {
        DevelSource::Main => (devel, &[] as &[String]),
        DevelSource::Crb => (devel, family.crb.as_slice()),
        DevelSource::Subscription | DevelSource::None => (None, &[] as &[String]),
    };
    let required = family.build_packages.iter().chain(&distro.build_packages);
    BuildPackages {
        refresh: distro.refresh.as_ref().unwrap_or(&family.refresh).clone(),
        install: install.clone(),
        required: required.cloned().collect(),
        install_wished: install.iter().chain(options).cloned().collect(),
        wished: wished.into_iter().collect(),
    }
}

fn places() -> Places {
    let workspace = PathBuf::from(WORKSPACE);
    Places {
        cache: workspace.join("target/dist"),
        workspace,
        out: PathBuf::from(OUT),
        cargo_home: PathBuf::from(CARGO_HOME),
    }
}
