//! What one package file is made of.

use plimsoll_probe::{Answer, Family, Finding, Findings, Flavour, Packages};
use serde::{Deserialize, Serialize};

use super::{Arch, PlanError, build};
use crate::config::Config;
use crate::source::Source;
use plimsoll_spec::Format;

/// What derives the dependencies of a Debian package, as the probe names it.
const SHLIBDEPS: &str = "dpkg-shlibdeps";

/// One package file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackagePlan {
    /// Its name below the folder for packages.
    pub file: String,
    /// What kind of file it is.
    pub format: Format,
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
    /// What is installed with it unless the administrator says no.
    pub recommends: Vec<String>,
}

/// Whether this host can make packages of a format. Only Debian's dependencies are derived by a
/// program of the host, which takes them from the packages that are installed on it.
pub(super) fn can_be_made(format: Format, findings: &Findings) -> Finding {
    let host = &findings.distribution;
    match format {
        Format::Rpm | Format::Tar => Finding::yes("needs nothing of the host"),
        Format::Deb if host.family != Some(Family::Debian) => Finding::from(Answer::no(format!(
            "{SHLIBDEPS} derives dependencies on Debian and its like alone, and this is {}",
            host.pretty_name
        ))),
        Format::Deb => shlibdeps(findings),
    }
}

fn shlibdeps(findings: &Findings) -> Finding {
    let mut tools = findings.packaging_tools.iter();
    tools.find(|tool| tool.name == SHLIBDEPS).map_or_else(
        || {
            Finding::from(Answer::could_not_tell(format!(
                "nobody looked for {SHLIBDEPS}"
            )))
        },
        |tool| tool.finding.clone(),
    )
}

pub(super) fn plan(
    config: &Config,
    source: &Source,
    findings: &Findings,
    flavour: Flavour,
    format: Format,
) -> Result<PackagePlan, PlanError> {
    let arch = Arch::of(&findings.target)?.in_format(format);
    Ok(PackagePlan {
        file: file_name(config, source, flavour, format, arch),
        format,
        flavour,
        driver: build::driver(flavour).to_owned(),
        arch: arch.to_owned(),
        declared: declared(config, family(findings, format), flavour, format)?,
    })
}

fn file_name(
    config: &Config,
    source: &Source,
    flavour: Flavour,
    format: Format,
    arch: &str,
) -> String {
    let (name, version, revision) = (&config.name, &source.version, &config.revision);
    match format {
        Format::Deb => format!("{name}_{version}-{revision}_{arch}.deb"),
        Format::Rpm => format!("{name}-{version}-{revision}.{arch}.rpm"),
        Format::Tar => format!("{name}-{version}-{arch}-linux-{flavour}.tar.gz"),
    }
}

/// What a package depends on whatever its programs link.
///
/// The tool is a hard dependency where nothing else does its work, and otherwise what the
/// library is fallen back from.
///
/// # Errors
/// When the tool's package has no name in `family`.
pub fn declared(
    config: &Config,
    family: Family,
    flavour: Flavour,
    format: Format,
) -> Result<DeclaredDepends, PlanError> {
    let (family_name, mut depends) = match format {
        Format::Tar => return Ok(DeclaredDepends::default()),
        Format::Deb => ("Debian", config.deb.depends.clone()),
        Format::Rpm => ("RPM", config.rpm.requires.clone()),
    };
    let tool = &config.library().tool;
    let tool = named(&tool.packages, family).ok_or_else(|| PlanError::NoPackageName {
        family: family_name,
        what: tool.program.clone(),
    })?;
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

fn named(packages: &Packages, family: Family) -> Option<String> {
    packages.of(family).map(str::to_owned)
}

/// The family whose names a package uses: a .deb Debian's, an RPM the host's, or Fedora's where it
/// is built elsewhere.
fn family(findings: &Findings, format: Format) -> Family {
    match (format, findings.distribution.family) {
        (Format::Deb, _) => Family::Debian,
        (_, Some(family @ (Family::Fedora | Family::Rhel | Family::Suse))) => family,
        (_, Some(Family::Debian) | None) => Family::Fedora,
    }
}
