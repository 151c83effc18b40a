//! Decides what to build from the request and the findings.

use std::borrow::Cow;
use std::fmt;

use error_hint::Hint;
use serde::{Deserialize, Serialize};

use crate::{
    Answer, Finding, Findings, Flavour, FlavourName, Linking, Matrix, Mend, NativeDep, Request,
    triple,
};

/// What is built, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// What was asked for.
    pub request: Request,
    /// What is built.
    pub flavour: FlavourName,
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
    pub wanted: FlavourName,
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
    pub needs: Box<Needs>,
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
    /// Libraries that every flavour links.
    Required {
        /// Their pkg-config names.
        names: Vec<String>,
    },
    /// Libraries, for a flavour that links them.
    Libraries {
        /// The flavour.
        flavour: FlavourName,
        /// Their pkg-config names.
        names: Vec<String>,
    },
    /// Static archives of libraries, for a flavour that is static.
    Archives {
        /// The flavour.
        flavour: FlavourName,
        /// The pkg-config names of the libraries.
        names: Vec<String>,
    },
    /// A static C library, for a flavour that is static.
    StaticLibc {
        /// The flavour.
        flavour: FlavourName,
        /// The musl triple that would do; none for a flavour with libraries, which come with the other C library.
        musl: Option<String>,
    },
    /// A declaration of the flavour.
    Declaration {
        /// What was asked for.
        request: Request,
    },
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compiler { target } => write!(f, "every flavour needs a C compiler for {target}"),
            Self::RustTarget { target } => {
                write!(f, "every flavour needs the Rust target {target}")
            }
            Self::Required { names } => write!(f, "every flavour needs {}", listed(names)),
            Self::Libraries { flavour, names } => {
                write!(f, "flavour {flavour} needs {}", listed(names))
            }
            Self::Archives { flavour, names } => {
                let names = listed(names);
                write!(f, "flavour {flavour} needs the static archive of {names}")
            }
            Self::StaticLibc { flavour, musl } => {
                write!(f, "flavour {flavour} needs ")?;
                if let Some(musl) = musl {
                    write!(f, "the Rust target {musl} or ")?;
                }
                f.write_str("a static C library")
            }
            Self::Declaration { request } => write!(f, "flavour {request} is not declared"),
        }
    }
}

/// `zlib`, or `zlib and libpcap`.
fn listed(names: &[String]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        names => names.concat(),
    }
}

impl CannotBuild {
    fn new(needs: Needs, finding: &Finding) -> Self {
        Self {
            needs: Box::new(needs),
            answer: finding.answer.clone(),
            mend: finding.mend.clone(),
        }
    }
}

impl Hint for CannotBuild {
    fn hint(&self) -> Option<Cow<'_, str>> {
        if let Needs::Declaration { .. } = *self.needs {
            return Some(
                "declare it as [flavour.NAME] in packaging/dist.toml, or name another".into(),
            );
        }
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
/// [`Request::Auto`] takes the first dynamic flavour of `matrix` whose libraries are all a plain yes, and says what was
/// missing for the better ones. It takes a static one where no dynamic one is declared.
///
/// # Errors
/// [`CannotBuild`] where the flavour that was asked for, or under `auto` any, cannot be built.
pub fn decide(
    request: Request,
    matrix: &Matrix,
    findings: &Findings,
) -> Result<Decision, CannotBuild> {
    let decider = Decider {
        request,
        matrix,
        findings,
    };
    match request {
        Request::Auto => decider.first(),
        Request::Exactly(name) => match matrix.flavour(name) {
            Some(flavour) => decider.one(flavour),
            None => Err(decider.undeclared()),
        },
    }
}

/// What every flavour is decided with.
struct Decider<'a> {
    request: Request,
    matrix: &'a Matrix,
    findings: &'a Findings,
}

/// A library that cannot be linked.
struct Missing<'a> {
    dep: &'a NativeDep,
    finding: Finding,
}

impl Missing<'_> {
    fn sentence(&self) -> String {
        let name = &self.dep.pkg_config;
        match &self.finding.answer {
            Answer::CouldNotTell { reason } => {
                format!("could not tell whether {name} can be linked: {reason}")
            }
            answer => format!("{name} cannot be linked: {}", answer.text()),
        }
    }
}

impl<'a> Decider<'a> {
    /// The first flavour that can be built.
    fn first(&self) -> Result<Decision, CannotBuild> {
        let all = || self.matrix.flavours.iter();
        let dynamic = || all().filter(|flavour| flavour.linking == Linking::Dynamic);
        let flavours: Vec<&Flavour> = match dynamic().next() {
            Some(_) => dynamic().collect(),
            None => all().collect(),
        };
        let mut refused = self.undeclared();
        for (skipped, flavour) in flavours.iter().enumerate() {
            match self.one(flavour) {
                Ok(decision) => return Ok(self.instead_of(&flavours[..skipped], decision)),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// The decision with what was missing for the better flavours.
    fn instead_of(&self, better: &[&'a Flavour], decision: Decision) -> Decision {
        let Some(wanted) = better.first() else {
            return decision;
        };
        let mut missing: Vec<Missing<'_>> = Vec::new();
        for one in better.iter().flat_map(|flavour| self.missing(flavour)) {
            if !missing.iter().any(|known| std::ptr::eq(known.dep, one.dep)) {
                missing.push(one);
            }
        }
        let sentences: Vec<String> = missing.iter().map(Missing::sentence).collect();
        let because = sentences.join("; ");
        Decision {
            reason: because.clone(),
            fallback: Some(Fallback {
                wanted: wanted.name,
                because,
                mend: self.mend(&missing),
            }),
            ..decision
        }
    }

    fn one(&self, flavour: &Flavour) -> Result<Decision, CannotBuild> {
        match flavour.linking {
            Linking::Static => self.statically(flavour),
            Linking::Dynamic => self.dynamically(flavour),
        }
    }

    fn dynamically(&self, flavour: &Flavour) -> Result<Decision, CannotBuild> {
        self.toolchain()?;
        self.libraries(flavour)?;
        let cross = self.findings.target != self.findings.rust.host;
        let target = cross.then(|| self.findings.target.clone());
        Ok(self.decision(flavour, self.reason(flavour), target))
    }

    /// musl where its target is installed and no library comes with the target's own C library, else the latter.
    fn statically(&self, flavour: &Flavour) -> Result<Decision, CannotBuild> {
        self.compiler()?;
        let no_libraries = self.matrix.linked(flavour).next().is_none();
        let musl = no_libraries.then(|| triple::with_musl(&self.findings.target));
        let installed = &self.findings.rust.installed;
        let (target, reason) = match musl {
            Some(musl) if installed.contains(&musl) => {
                (musl, "the musl target is installed".to_owned())
            }
            musl => {
                self.toolchain()?;
                let needs = Needs::StaticLibc {
                    flavour: flavour.name,
                    musl,
                };
                require(needs, &self.findings.static_libc)?;
                self.libraries(flavour)?;
                self.archives(flavour)?;
                let reason = match no_libraries {
                    true => "no musl target is installed, so the C library is linked statically",
                    false => "the C library and the other ones are linked statically",
                };
                (self.findings.target.clone(), reason.to_owned())
            }
        };
        Ok(self.decision(flavour, reason, Some(target)))
    }

    fn decision(&self, flavour: &Flavour, reason: String, target: Option<String>) -> Decision {
        let linked = self.matrix.linked(flavour);
        let features = linked.filter_map(|(_, dep)| dep.cargo_feature.as_ref());
        Decision {
            request: self.request,
            flavour: flavour.name,
            reason,
            build: Build {
                target,
                crt_static: flavour.linking == Linking::Static,
                features: features.map(ToString::to_string).collect(),
            },
            fallback: None,
        }
    }

    /// What can be linked, else who wants the flavour.
    fn reason(&self, flavour: &Flavour) -> String {
        let linked = self.matrix.linked(flavour).map(|(name, dep)| {
            let finding = self.library(name);
            format!("{} {}", dep.pkg_config, finding.answer.text())
        });
        let linked: Vec<String> = linked.collect();
        match self.request {
            _ if !linked.is_empty() => format!("{} can be linked", listed(&linked)),
            Request::Exactly(_) => "asked for by name".to_owned(),
            Request::Auto => "it is the first that is declared".to_owned(),
        }
    }

    /// What every flavour needs that is built for the target itself.
    fn toolchain(&self) -> Result<(), CannotBuild> {
        let target = self.findings.target.clone();
        require(Needs::RustTarget { target }, &self.findings.rust.finding)?;
        self.compiler()
    }

    fn compiler(&self) -> Result<(), CannotBuild> {
        let target = self.findings.target.clone();
        require(Needs::Compiler { target }, &self.findings.c_compiler)
    }

    /// Every library of the flavour can be linked.
    fn libraries(&self, flavour: &Flavour) -> Result<(), CannotBuild> {
        let missing: Vec<Missing<'_>> = self.missing(flavour).collect();
        let (required, optional): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|one| one.dep.required);
        if !required.is_empty() {
            let names = names(&required);
            return Err(self.without(Needs::Required { names }, &required));
        }
        self.all_there(
            &optional,
            |flavour, names| Needs::Libraries { flavour, names },
            flavour,
        )
    }

    /// Every library of the flavour has a static archive.
    fn archives(&self, flavour: &Flavour) -> Result<(), CannotBuild> {
        let linked = self.matrix.linked(flavour);
        let missing: Vec<Missing<'_>> = linked
            .map(|(name, dep)| Missing {
                dep,
                finding: self.archive(name),
            })
            .filter(|one| !one.finding.is_yes())
            .collect();
        self.all_there(
            &missing,
            |flavour, names| Needs::Archives { flavour, names },
            flavour,
        )
    }

    fn all_there(
        &self,
        missing: &[Missing<'_>],
        needs: impl Fn(FlavourName, Vec<String>) -> Needs,
        flavour: &Flavour,
    ) -> Result<(), CannotBuild> {
        match missing.is_empty() {
            true => Ok(()),
            false => Err(self.without(needs(flavour.name, names(missing)), missing)),
        }
    }

    /// The libraries of a flavour that are no plain yes.
    fn missing<'b>(&'b self, flavour: &'b Flavour) -> impl Iterator<Item = Missing<'b>> {
        let linked = self.matrix.linked(flavour).map(|(name, dep)| Missing {
            dep,
            finding: self.library(name),
        });
        linked.filter(|one| !one.finding.is_yes())
    }

    fn library(&self, name: &str) -> Finding {
        let found = self.findings.libraries.get(name);
        found.map_or_else(not_probed, |found| found.finding.clone())
    }

    fn archive(&self, name: &str) -> Finding {
        let found = self.findings.libraries.get(name);
        found.map_or_else(not_probed, |found| found.static_archive.clone())
    }

    /// The error of a flavour that lacks libraries. It is a plain no where one of them is.
    fn without(&self, needs: Needs, missing: &[Missing<'_>]) -> CannotBuild {
        let said: Vec<String> = match missing {
            [one] => vec![one.finding.answer.text().to_owned()],
            several => several.iter().map(Missing::sentence).collect(),
        };
        let said = said.join("; ");
        let answer = match missing.iter().any(|one| one.finding.answer.is_no()) {
            true => Answer::no(said),
            false => Answer::could_not_tell(said),
        };
        CannotBuild {
            needs: Box::new(needs),
            answer,
            mend: self.mend(missing),
        }
    }

    fn mend(&self, missing: &[Missing<'_>]) -> Option<Mend> {
        let mends = missing.iter().filter_map(|one| one.finding.mend.clone());
        self.findings.distribution.all_of(mends.collect())
    }

    fn undeclared(&self) -> CannotBuild {
        let flavours = self.matrix.flavours.iter();
        let known: Vec<String> = flavours.map(|flavour| flavour.name.to_string()).collect();
        let reason = match known.is_empty() {
            true => "there is no [flavour.NAME]".to_owned(),
            false => format!("expected auto, {}", known.join(", ")),
        };
        CannotBuild {
            needs: Box::new(Needs::Declaration {
                request: self.request,
            }),
            answer: Answer::no(reason),
            mend: None,
        }
    }
}

fn names(missing: &[Missing<'_>]) -> Vec<String> {
    let names = missing.iter().map(|one| one.dep.pkg_config.clone());
    names.collect()
}

fn not_probed() -> Finding {
    Answer::could_not_tell("it was not probed").into()
}

fn require(needs: Needs, finding: &Finding) -> Result<(), CannotBuild> {
    match finding.is_yes() {
        true => Ok(()),
        false => Err(CannotBuild::new(needs, finding)),
    }
}
