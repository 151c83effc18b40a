//! Which engine builds a distribution.

use std::fmt;
use std::str::FromStr;

use plimsoll_probe::{Family, NamedFinding};

use super::{Engine, EngineError, UnknownEngine};

/// Which engine is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineRequest {
    /// The first of docker and podman that answers, else a root if the family supports it.
    #[default]
    Auto,
    /// This one, or an error.
    Exactly(Engine),
}

impl FromStr for EngineRequest {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "auto" => Ok(Self::Auto),
            name => name.parse().map(Self::Exactly),
        }
    }
}

impl fmt::Display for EngineRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Exactly(engine) => engine.fmt(f),
        }
    }
}

/// Picks the engine for a distribution of `family`. Pure; `engines` is what the probe found of
/// docker and podman.
///
/// # Errors
/// If no engine that answers can build it.
pub fn choose(
    request: EngineRequest,
    family: Family,
    engines: &[NamedFinding],
) -> Result<Engine, EngineError> {
    match request {
        EngineRequest::Exactly(Engine::Root) => match family.bootstrap {
            Some(_) => Ok(Engine::Root),
            None => Err(EngineError::NoBootstrap),
        },
        EngineRequest::Exactly(engine) => must_answer(engine, engines),
        EngineRequest::Auto => {
            let containers = [Engine::Docker, Engine::Podman];
            let answering = containers
                .into_iter()
                .find(|engine| must_answer(*engine, engines).is_ok());
            match (answering, family.bootstrap) {
                (Some(engine), _) => Ok(engine),
                (None, Some(_)) => Ok(Engine::Root),
                (None, None) => Err(EngineError::NoContainers {
                    reasons: engines.iter().map(reason).collect::<Vec<_>>().join("; "),
                }),
            }
        }
    }
}

fn must_answer(engine: Engine, engines: &[NamedFinding]) -> Result<Engine, EngineError> {
    let found = engines.iter().find(|found| found.name == engine.as_str());
    match found {
        Some(found) if found.finding.is_yes() => Ok(engine),
        _ => Err(EngineError::NoAnswer {
            engine,
            reason: found.map_or_else(String::new, |found| found.finding.answer.text().to_owned()),
            mend: found.and_then(|found| found.finding.mend.clone()),
        }),
    }
}

fn reason(found: &NamedFinding) -> String {
    format!("{}: {}", found.name, found.finding.answer.text())
}
