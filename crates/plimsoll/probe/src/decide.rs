//! Decides what to build from the request and the findings.

use std::borrow::Cow;
use std::fmt;

use error_hint::Hint;
use serde::{Deserialize, Serialize};

use crate::{Answer, Finding, Findings, Flavour, Mend, NativeDep, Request, triple};

/// What is built, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// What was asked for.
    pub request: Request,
    /// What is built.
    pub flavour: Flavour,
    /// The reason for this flavour, as text for the plan, the program and the package.
    pub reason: String,
    /// How Cargo is called for it.
    pub build: Build,
    /// The better flavour that could not be built, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
}

/// What is handed to `cargo build`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Build {
    /// `--target`; none for a build for the host with the host's defaults.
    pub target: Option<String>,
    /// Whether the C library is linked statically (`-C target-feature=+crt-static`), which needs
    /// an explicit target: without one the flag reaches procedural macros, which then fail.
    pub crt_static: bool,
    /// `--features`, each as `package/feature`.
    pub features: Vec<String>,
}

/// A better flavour that could not be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fallback {
    /// The better flavour.
    pub wanted: Flavour,
    /// What was missing for it.
    pub because: String,
    /// How to fix it.
    pub mend: Option<Mend>,
}

/// Why a flavour cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{needs}: {}", said(answer))]
pub struct CannotBuild {
    /// What it needs.
    pub needs: Needs,
    /// The finding about it: a no, or a "could not tell".
    pub answer: Answer,
    /// What mends it, where that is known.
    pub mend: Option<Mend>,
}

/// What a build cannot do without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// Something to link with.
    Compiler {
        /// The triple that is built for.
        target: String,
    },
    /// A Rust standard library.
    RustTarget {
        /// The triple that is built for.
        target: String,
    },
    /// The C library, for the flavour that links it.
    Library {
        /// Its pkg-config name.
        name: String,
    },
    /// A musl target or a static C library, for the flavour that is static.
    StaticLibc {
        /// The musl triple that would do.
        musl: String,
    },
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compiler { target } => write!(f, "every flavour needs a C compiler for {target}"),
            Self::RustTarget { target } => {
                write!(f, "every flavour needs the Rust target {target}")
            }
            Self::Library { name } => write!(f, "flavour dynamic needs {name}"),
            Self::StaticLibc { musl } => {
                write!(
                    f,
                    "flavour static needs the Rust target {musl} or a static C library"
                )
            }
        }
    }
}

impl CannotBuild {
    fn new(needs: Needs, finding: &Finding) -> Self {
        Self {
            needs,
            answer: finding.answer.clone(),
            mend: finding.mend.clone(),
        }
    }
}

impl Hint for CannotBuild {
    fn hint(&self) -> Option<Cow<'_, str>> {
        self.mend.as_ref().map(|mend| mend.command.as_str().into())
    }
}

/// The reason; one that is no plain no says so.
fn said(answer: &Answer) -> String {
    match answer {
        Answer::CouldNotTell { reason } => format!("could not tell: {reason}"),
        answer => answer.text().to_owned(),
    }
}

/// Decides what is built for `request`. A pure function of its arguments.
///
/// [`Request::Auto`] takes the library where the answer is a plain yes, and otherwise falls back
/// to [`Flavour::DynamicExec`], which needs nothing that was not found, and says so.
///
/// # Errors
/// [`CannotBuild`] where the flavour that was asked for, or under `auto` any, cannot be built.
pub fn decide(
    request: Request,
    dep: &NativeDep,
    findings: &Findings,
) -> Result<Decision, CannotBuild> {
    match request {
        Request::Exactly(Flavour::Static) => statically(request, findings),
        Request::Exactly(Flavour::DynamicExec) => {
            toolchain(findings)?;
            let reason = "asked for by name".to_owned();
            Ok(dynamic_exec(request, findings, reason, None))
        }
        Request::Exactly(Flavour::Dynamic) => {
            toolchain(findings)?;
            dynamic(request, dep, findings).ok_or_else(|| no_library(dep, findings))
        }
        Request::Auto => {
            toolchain(findings)?;
            let best = dynamic(request, dep, findings);
            Ok(best.unwrap_or_else(|| fall_back(request, dep, findings)))
        }
    }
}

/// What every flavour needs that is built for the target itself.
fn toolchain(findings: &Findings) -> Result<(), CannotBuild> {
    let target = findings.target.clone();
    require(Needs::RustTarget { target }, &findings.rust.finding)?;
    compiler(findings)
}

fn compiler(findings: &Findings) -> Result<(), CannotBuild> {
    let target = findings.target.clone();
    require(Needs::Compiler { target }, &findings.c_compiler)
}

fn require(needs: Needs, finding: &Finding) -> Result<(), CannotBuild> {
    match finding.is_yes() {
        true => Ok(()),
        false => Err(CannotBuild::new(needs, finding)),
    }
}

fn dynamic(request: Request, dep: &NativeDep, findings: &Findings) -> Option<Decision> {
    let Answer::Yes { detail } = &findings.library.finding.answer else {
        return None;
    };
    Some(Decision {
        request,
        flavour: Flavour::Dynamic,
        reason: format!("{} {detail} can be linked", dep.pkg_config),
        build: dynamic_build(findings, vec![dep.cargo_feature.to_string()]),
        fallback: None,
    })
}

fn dynamic_exec(
    request: Request,
    findings: &Findings,
    reason: String,
    fallback: Option<Fallback>,
) -> Decision {
    let build = dynamic_build(findings, Vec::new());
    Decision {
        request,
        flavour: Flavour::DynamicExec,
        reason,
        build,
        fallback,
    }
}

fn fall_back(request: Request, dep: &NativeDep, findings: &Findings) -> Decision {
    let finding = &findings.library.finding;
    let because = match &finding.answer {
        Answer::CouldNotTell { reason } => {
            format!(
                "could not tell whether {} can be linked: {reason}",
                dep.pkg_config
            )
        }
        answer => format!("{} cannot be linked: {}", dep.pkg_config, answer.text()),
    };
    let fallback = Fallback {
        wanted: Flavour::Dynamic,
        because: because.clone(),
        mend: finding.mend.clone(),
    };
    dynamic_exec(request, findings, because, Some(fallback))
}

fn dynamic_build(findings: &Findings, features: Vec<String>) -> Build {
    let cross = findings.target != findings.rust.host;
    Build {
        target: cross.then(|| findings.target.clone()),
        crt_static: false,
        features,
    }
}

fn no_library(dep: &NativeDep, findings: &Findings) -> CannotBuild {
    let needs = Needs::Library {
        name: dep.pkg_config.clone(),
    };
    CannotBuild::new(needs, &findings.library.finding)
}

/// musl where its target is installed, else the target's own C library.
fn statically(request: Request, findings: &Findings) -> Result<Decision, CannotBuild> {
    compiler(findings)?;
    let musl = triple::with_musl(&findings.target);
    let (target, reason) = if findings.rust.installed.contains(&musl) {
        (musl, "the musl target is installed")
    } else {
        toolchain(findings)?;
        require(Needs::StaticLibc { musl }, &findings.static_libc)?;
        (
            findings.target.clone(),
            "no musl target is installed, so the C library is linked statically",
        )
    };
    Ok(Decision {
        request,
        flavour: Flavour::Static,
        reason: reason.to_owned(),
        build: Build {
            target: Some(target),
            crt_static: true,
            features: Vec::new(),
        },
        fallback: None,
    })
}
