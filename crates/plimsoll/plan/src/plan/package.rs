//! What one package file is made of.

use plimsoll_probe::{Family, Findings, Flavour};
use serde::{Deserialize, Serialize};

use super::{Arch, PlanError, build};
use crate::config::Config;
use crate::format::{FormatRules, Naming};
use crate::source::Source;
use plimsoll_spec::FormatName;

/// One package file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackagePlan {
    /// Its name below the folder for packages.
    pub file: String,
    /// What kind of file it is.
    pub format: FormatName,
    /// The flavour of the programs in it.
    pub flavour: Flavour,
    /// The best driver that they have.
    pub driver: String,
    /// The architecture in the format's own words.
    pub arch: String,
    /// What it depends on whatever the programs link; the rest is derived from the programs.
    pub declared: DeclaredDepends,
}

/// Dependencies that are known before the build.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeclaredDepends {
    /// What must be installed with it.
    pub depends: Vec<String>,
    /// Packages that are installed with it unless the administrator declines.
    pub recommends: Vec<String>,
}

pub(super) fn plan(
    config: &Config,
    source: &Source,
    findings: &Findings,
    flavour: Flavour,
    format: &dyn FormatRules,
) -> Result<PackagePlan, PlanError> {
    let arch = format.arch(Arch::of(&findings.target)?);
    let family = format.family(findings.distribution.family);
    Ok(PackagePlan {
        file: format.file_name(&Naming {
            name: &config.name,
            version: &source.version,
            revision: &config.revision,
            arch,
            flavour,
        }),
        format: format.name(),
        flavour,
        driver: build::driver(flavour).to_owned(),
        arch: arch.to_owned(),
        declared: declared(config, family, flavour, format)?,
    })
}

/// What a package depends on whatever its programs link: what the configuration says, and what its scripts run.
///
/// The tool is a hard dependency where nothing else does its work, and otherwise what the
/// library is fallen back from.
///
/// # Errors
/// When the tool's package has no name in `family`, or no family is known that has the format.
pub fn declared(
    config: &Config,
    family: Option<Family>,
    flavour: Flavour,
    format: &dyn FormatRules,
) -> Result<DeclaredDepends, PlanError> {
    if !format.has_dependencies() {
        return Ok(DeclaredDepends::default());
    }
    let mut depends = format.own_depends(config);
    let sysusers = format.runs_sysusers().filter(|_| has_users(config, format));
    if let Some(clause) = sysusers.filter(|clause| !depends.iter().any(|own| own == clause)) {
        depends.push(clause.to_owned());
    }
    let tool = &config.library().tool;
    let named = family.and_then(|family| tool.packages.of(family));
    let named = named.ok_or_else(|| PlanError::NoPackageName {
        family: format.title(),
        what: tool.program.clone(),
    })?;
    let tool = named.to_owned();
    let mut recommends = Vec::new();
    if flavour.links_library() {
        recommends.push(tool);
    } else {
        depends.push(tool);
    }
    Ok(DeclaredDepends {
        depends,
        recommends,
    })
}

/// Whether a package makes users or groups, by a file of sysusers.d(5).
fn has_users(config: &Config, format: &dyn FormatRules) -> bool {
    let assets = config
        .asset
        .iter()
        .filter(|asset| asset.is_in(format.name()));
    let mut dests = assets.map(|asset| asset.dest.as_str());
    dests.any(|dest| dest.starts_with("/usr/lib/sysusers.d/"))
}
