//! From what is asked for and what was found to what is built.

use serde::{Deserialize, Serialize};

use crate::{Answer, Findings, Flavour, Mend, NativeDep, Request, triple};

/// What is built, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// What was asked for.
    pub request: Request,
    /// What is built.
    pub flavour: Flavour,
    /// Why this flavour, in words for the plan, the binary and the package.
    pub reason: String,
    /// How Cargo is called for it.
    pub build: Build,
    /// What would have been built instead, where something was missing for it.
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
    /// What would mend that.
    pub mend: Option<Mend>,
}

/// Why nothing can be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotBuild {
    /// Nothing links without a C compiler.
    #[error("no flavour can be linked for {target}: C compiler: {answer}: {}", answer.text())]
    Compiler {
        /// The triple.
        target: String,
        /// What was found.
        answer: Answer,
        /// What mends it.
        mend: Option<Mend>,
    },
    /// The Rust toolchain has no standard library for the target.
    #[error("nothing can be compiled for {target}: Rust target: {answer}: {}", answer.text())]
    RustTarget {
        /// The triple.
        target: String,
        /// What was found.
        answer: Answer,
        /// What mends it.
        mend: Option<Mend>,
    },
    /// The flavour that links the library was asked for by name.
    #[error("flavour dynamic links {library}: {answer}: {}", answer.text())]
    Library {
        /// The library's pkg-config name.
        library: String,
        /// What was found.
        answer: Answer,
        /// What mends it.
        mend: Option<Mend>,
    },
    /// There is neither a musl target nor a static glibc.
    #[error("flavour static needs the Rust target {musl} or a static C library: {answer}: {}", answer.text())]
    Static {
        /// The musl triple that would do.
        musl: String,
        /// What was found of the static C library.
        answer: Answer,
        /// What mends it.
        mend: Option<Mend>,
    },
}

impl CannotBuild {
    /// The command that mends it, where one is known.
    pub fn hint(&self) -> Option<&str> {
        self.mend().map(|mend| mend.command.as_str())
    }

    /// What mends it, with the packages that it installs.
    pub fn mend(&self) -> Option<&Mend> {
        match self {
            Self::Compiler { mend, .. }
            | Self::RustTarget { mend, .. }
            | Self::Library { mend, .. }
            | Self::Static { mend, .. } => mend.as_ref(),
        }
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

/// What every dynamic flavour needs.
fn toolchain(findings: &Findings) -> Result<(), CannotBuild> {
    let target = findings.target.clone();
    if !findings.rust.finding.is_yes() {
        let finding = findings.rust.finding.clone();
        return Err(CannotBuild::RustTarget {
            target,
            answer: finding.answer,
            mend: finding.mend,
        });
    }
    compiler(findings)
}

fn compiler(findings: &Findings) -> Result<(), CannotBuild> {
    let finding = findings.c_compiler.clone();
    match finding.is_yes() {
        true => Ok(()),
        false => Err(CannotBuild::Compiler {
            target: findings.target.clone(),
            answer: finding.answer,
            mend: finding.mend,
        }),
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
    let finding = findings.library.finding.clone();
    CannotBuild::Library {
        library: dep.pkg_config.clone(),
        answer: finding.answer,
        mend: finding.mend,
    }
}

/// musl where its target is installed, else the target's own C library.
fn statically(request: Request, findings: &Findings) -> Result<Decision, CannotBuild> {
    compiler(findings)?;
    let musl = triple::with_musl(&findings.target);
    let (target, reason) = if findings.rust.installed.contains(&musl) {
        (musl, "the musl target is installed")
    } else {
        toolchain(findings)?;
        if !findings.static_libc.is_yes() {
            let finding = findings.static_libc.clone();
            return Err(CannotBuild::Static {
                musl,
                answer: finding.answer,
                mend: finding.mend,
            });
        }
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
