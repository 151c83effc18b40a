//! The plan of an entry, before a system of the distribution exists.

use std::path::PathBuf;

use plimsoll_probe::{Family, FlavourName, Request as FlavourRequest};
use serde::{Deserialize, Serialize};

use super::{BuildPackages, Departure, Distro, DistroError, DistroList, assume, build_packages};
use crate::config::Config;
use crate::format::Formats;
use crate::plan::{self, Arch, Places, Plan, PlanError, Request};
use crate::source::Source;

/// Where the workspace is inside of the system that builds.
pub const WORKSPACE: &str = "/src";
/// Where the packages are written to inside of it.
pub const OUT: &str = "/out";
/// Where the target folder is inside of it: not in the workspace, which cannot be written to.
pub const TARGET: &str = "/target";
/// Where Cargo's home is inside of it.
pub const CARGO_HOME: &str = "/opt/cargo";

/// The plan of an entry for one architecture.
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
    pub expected: FlavourName,
    /// The flavour that follows.
    pub follows: FlavourName,
    /// Why it does.
    pub reason: String,
    /// Set where the two differ.
    pub departure: Option<Departure>,
    /// What is built and packaged. Paths are those inside of the system that builds; the probe
    /// there has the last word.
    pub plan: Plan,
}

/// Says what follows from an entry. Pure.
///
/// # Errors
/// When the entry has no such architecture, or the flavour cannot be built there.
pub fn plan(
    formats: &Formats,
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
    let findings = assume::findings(distro, architecture, &config, &packages);
    let request = Request {
        flavour,
        formats: vec![list.family_of(distro).format],
        strict: false,
    };
    let fails = |source: PlanError| DistroError::Plan {
        id: distro.id().to_owned(),
        source,
    };
    let plan =
        plan::plan(formats, &config, source, &places(), &findings, &request).map_err(fails)?;
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

fn places() -> Places {
    Places {
        cache: PathBuf::from(TARGET).join("dist"),
        workspace: PathBuf::from(WORKSPACE),
        out: PathBuf::from(OUT),
        cargo_home: PathBuf::from(CARGO_HOME),
    }
}
