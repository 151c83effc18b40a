//! The plan of a build: decided before anything runs.
//!
//! [`plan`] is pure: it reads no file, runs no program and has no clock. The same configuration, source, findings and
//! request always give the same [`Plan`].

mod build;
mod described;
mod error;
mod foreign;
mod package;

use std::path::PathBuf;

use plimsoll_probe::{
    Decision, Fallback, Findings, FlavourName, Linking, Mend, Request as FlavourRequest, decide,
};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::format::{FormatRules, Formats};
use crate::source::Source;
use foreign::foreign;
use plimsoll_spec::FormatName;

pub use crate::arch::{Arch, UnknownArch};
pub use build::{BuildPlan, ProgramPlan};
pub use described::Described;
pub use error::PlanError;
pub use package::{PackagePlan, declared};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// Which flavour: `auto` stands for the first dynamic one that can be built and the static ones.
    pub flavour: FlavourRequest,
    /// Which formats; empty: every one that the configuration has for a flavour.
    pub formats: Vec<FormatName>,
    /// Whether a fallback is an error.
    pub strict: bool,
}

/// Directories of the plan, all absolute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Places {
    /// The workspace that is built.
    pub workspace: PathBuf,
    /// Where the packages are written to.
    pub out: PathBuf,
    /// Where builds and intermediate files are kept.
    pub cache: PathBuf,
    /// Cargo's home, whose path must not get into a binary.
    pub cargo_home: PathBuf,
}

/// Everything that a run does, in order, with reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// Name of the main package.
    pub name: String,
    /// What is built.
    pub source: Source,
    /// Where.
    pub places: Places,
    /// The triple that it is built for.
    pub target: String,
    /// One build a flavour.
    pub builds: Vec<BuildPlan>,
    /// The package files made of them.
    pub packages: Vec<PackagePlan>,
    /// Flavours and formats that were requested implicitly, and are not made here.
    pub left_out: Vec<LeftOut>,
    /// What is made, and may not be what it seems: each a sentence.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A flavour of `auto`, or a format of a flavour, that is not made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeftOut {
    /// The flavour.
    pub flavour: FlavourName,
    /// The missing format; none if the whole flavour is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatName>,
    /// The reason.
    pub because: String,
    /// How to fix it.
    pub mend: Option<Mend>,
}

/// Makes the plan.
///
/// # Errors
/// If the request cannot be fulfilled with these findings.
pub fn plan(
    formats: &Formats,
    config: &Config,
    source: &Source,
    places: &Places,
    findings: &Findings,
    request: &Request,
) -> Result<Plan, PlanError> {
    check_own(formats, config)?;
    check_target(source, findings)?;
    let (decisions, mut left_out) = decisions(config, findings, request)?;
    let (mut builds, mut packages) = (Vec::new(), Vec::new());
    let mut warnings: Vec<String> = unstripped(config, source).into_iter().collect();
    for decision in &decisions {
        let (makeable, without) = makeable(formats, config, decision.flavour, findings, request)?;
        left_out.extend(without);
        if makeable.is_empty() {
            continue;
        }
        let before = packages.len();
        for format in makeable {
            let planned = package::plan(config, source, findings, decision.flavour, format)?;
            let foreign = foreign(format, &findings.distribution);
            warnings.extend(foreign.iter().flat_map(|why| {
                let proof = "`verify` proves it on them or over their profiles";
                let files = planned.iter().map(|package| &package.file);
                files.map(move |file| format!("{file} may not work there: {why}; {proof}"))
            }));
            packages.extend(planned);
        }
        let mut planned = packages.iter().skip(before);
        let has_debug = planned.any(|package: &PackagePlan| package.debug_of.is_some());
        builds.push(build::plan(
            config, source, places, findings, decision, has_debug,
        ));
    }
    if packages.is_empty() {
        let cannot = left_out.iter().find_map(PlanError::cannot_package);
        return Err(cannot.unwrap_or_else(|| nothing(request)));
    }
    package::check_files(&packages)?;
    Ok(Plan {
        name: config.name.clone(),
        source: source.clone(),
        places: places.clone(),
        target: findings.target.clone(),
        builds,
        packages,
        left_out,
        warnings,
    })
}

/// The flavours to build, and flavours of `auto` that cannot be built.
fn decisions(
    config: &Config,
    findings: &Findings,
    request: &Request,
) -> Result<(Vec<Decision>, Vec<LeftOut>), PlanError> {
    let matrix = config.matrix();
    let flavour = request.flavour;
    let first = decide(flavour, &matrix, findings).map_err(|source| PlanError::CannotBuild {
        flavour: flavour.to_string(),
        source: Box::new(source),
    })?;
    let others = matrix.flavours.iter().filter(|other| {
        flavour == FlavourRequest::Auto
            && other.linking == Linking::Static
            && other.name != first.flavour
            && !formats(config, other.name, request).is_empty()
    });
    let mut left_out = Vec::new();
    let mut decisions = vec![first.clone()];
    for other in others {
        match decide(FlavourRequest::Exactly(other.name), &matrix, findings) {
            Ok(decision) => decisions.push(decision),
            Err(error) => left_out.push(LeftOut {
                flavour: other.name,
                format: None,
                because: error.to_string(),
                mend: error.mend.clone(),
            }),
        }
    }
    if request.strict {
        refuse_less(&decisions, &left_out)?;
    }
    Ok((decisions, left_out))
}

fn refuse_less(decisions: &[Decision], left_out: &[LeftOut]) -> Result<(), PlanError> {
    if let Some(Fallback {
        wanted,
        because,
        mend,
    }) = decisions
        .iter()
        .find_map(|decision| decision.fallback.clone())
    {
        return Err(PlanError::Strict {
            wanted,
            because,
            mend,
        });
    }
    match left_out.first().cloned() {
        Some(LeftOut {
            flavour,
            because,
            mend,
            ..
        }) => Err(PlanError::Strict {
            wanted: flavour,
            because,
            mend,
        }),
        None => Ok(()),
    }
}

/// Cargo's configuration may name the host as the target, and no other.
fn check_target(source: &Source, findings: &Findings) -> Result<(), PlanError> {
    let host = &findings.rust.host;
    match &source.settings.target {
        Some(target) if target != host => Err(PlanError::OtherTarget {
            target: target.clone(),
            host: host.clone(),
        }),
        _ => Ok(()),
    }
}

/// Programs that keep their symbols because the project says so. Where there are debug packages, they have them.
fn unstripped(config: &Config, source: &Source) -> Option<String> {
    let strip = source.settings.strip.as_deref()?;
    (strip != "symbols" && !config.debug_packages).then(|| {
        format!(
            "profile {} sets strip = {strip:?}: the programs keep symbols, which lintian and rpmlint refuse",
            config.cargo.profile
        )
    })
}

/// Has each format check its own table of the configuration.
fn check_own(formats: &Formats, config: &Config) -> Result<(), PlanError> {
    config.format.iter().try_for_each(|(format, own)| {
        let checked = formats.get(*format)?.check_own(own);
        checked.map_err(|what| PlanError::Own {
            format: *format,
            what,
        })
    })
}

/// The formats of a flavour that are made here, and those that are not: they cannot be, or are another family's.
///
/// A format that was requested by name is never left out. With `strict`, none is that is the host's own.
fn makeable(
    known: &Formats,
    config: &Config,
    flavour: FlavourName,
    findings: &Findings,
    request: &Request,
) -> Result<(Vec<&'static dyn FormatRules>, Vec<LeftOut>), PlanError> {
    let (mut made, mut without) = (Vec::new(), Vec::new());
    for name in formats(config, flavour, request) {
        let format = known.get(name)?;
        let is_named = request.formats.contains(&name);
        if let Some(why) = foreign(format, &findings.distribution).filter(|_| !is_named) {
            without.push(LeftOut {
                flavour,
                format: Some(name),
                because: why,
                mend: Some(Mend::run(format!(
                    "`--distro` builds in a system of one of them, `--format {name}` makes it here"
                ))),
            });
            continue;
        }
        let finding = format.can_be_made(findings);
        if finding.is_yes() {
            made.push(format);
            continue;
        }
        let left_out = LeftOut {
            flavour,
            format: Some(name),
            because: finding.answer.text().to_owned(),
            mend: finding.mend,
        };
        let by_name = request.strict || is_named;
        match PlanError::cannot_package(&left_out).filter(|_| by_name) {
            Some(error) => return Err(error),
            None => without.push(left_out),
        }
    }
    Ok((made, without))
}

fn formats(config: &Config, flavour: FlavourName, request: &Request) -> Vec<FormatName> {
    let wanted =
        |format: &FormatName| request.formats.is_empty() || request.formats.contains(format);
    config
        .formats(flavour)
        .iter()
        .copied()
        .filter(wanted)
        .collect()
}

fn nothing(request: &Request) -> PlanError {
    let formats: Vec<&str> = request.formats.iter().map(FormatName::as_str).collect();
    let formats = if formats.is_empty() {
        "anything".to_owned()
    } else {
        formats.join(" or ")
    };
    PlanError::Nothing {
        flavour: request.flavour.to_string(),
        formats,
    }
}

#[cfg(test)]
mod tests;
