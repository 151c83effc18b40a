//! Probes container engines: an engine counts as available if it answers, not if only its client is installed.

use crate::{Answer, Command, Distribution, Finding, Mend, RunError, System};

use super::NamedFinding;

struct Engine {
    name: &'static str,
    /// Arguments that query the version of the engine, not of the client.
    question: [&'static str; 3],
    start: Option<&'static str>,
}

const ENGINES: [Engine; 2] = [
    Engine {
        name: "docker",
        question: ["version", "--format", "{{.Server.Version}}"],
        start: Some("systemctl start docker"),
    },
    Engine {
        name: "podman",
        question: ["info", "--format", "{{.Version.Version}}"],
        start: None,
    },
];

/// Queries each known container engine, and runs nothing else.
pub fn container_engines(system: &dyn System) -> Vec<NamedFinding> {
    engines(system, &Distribution::of(system))
}

/// Queries each known engine.
pub(super) fn engines(system: &dyn System, distribution: &Distribution) -> Vec<NamedFinding> {
    let named = |engine: &Engine| NamedFinding {
        name: engine.name.to_owned(),
        finding: ask(system, distribution, engine),
    };
    ENGINES.iter().map(named).collect()
}

fn ask(system: &dyn System, distribution: &Distribution, engine: &Engine) -> Finding {
    let start = engine.start.map(Mend::run);
    match system.run(&Command::new(engine.name, engine.question)) {
        Ok(output) if output.success() => {
            let version = output.stdout.trim();
            match engine.name == "docker" && !has_buildkit(system) {
                true => without_buildkit(distribution, version),
                false => Finding::yes(version),
            }
        }
        Ok(output) => {
            let reason = format!(
                "the client is installed, but the engine does not answer: {}",
                output.complaint()
            );
            Finding::from(Answer::no(reason)).mended_by(start)
        }
        Err(error @ RunError::NotFound { .. }) => Finding::from(Answer::no(error.to_string()))
            .mended_by(distribution.install_provider(engine.name)),
        Err(error) => Finding::from(Answer::could_not_tell(error.reason())).mended_by(start),
    }
}

/// Since version 23, docker's client has BuildKit in a plugin of its own, buildx, which may be missing; before, it was built
/// in.
fn has_buildkit(system: &dyn System) -> bool {
    let ask = |args: &[&str]| {
        let answer = system.run(&Command::new("docker", args.iter().copied()));
        answer.ok().filter(|output| output.success())
    };
    let is_old = || {
        let client = ask(&["version", "--format", "{{.Client.Version}}"])?;
        let major = client.stdout.trim().split('.').next()?.parse().ok()?;
        Some((18..23).contains::<u32>(&major))
    };
    ask(&["buildx", "version"]).is_some() || is_old().unwrap_or(false)
}

fn without_buildkit(distribution: &Distribution, version: &str) -> Finding {
    let reason = format!(
        "docker {version} answers, but its client has no BuildKit: the buildx plugin is missing"
    );
    Finding::from(Answer::no(reason)).mended_by(distribution.install_provider("buildx"))
}
