//! Container engines: what counts is that the engine answers, not that its client is there.

use crate::{Answer, Command, Family, Finding, Mend, Packages, RunError};

use super::{NamedFinding, Site};

struct Engine {
    name: &'static str,
    /// Asks the engine, not the client, for its version.
    question: [&'static str; 3],
    packages: &'static [(Family, &'static str)],
    start: Option<&'static str>,
}

const ENGINES: [Engine; 2] = [
    Engine {
        name: "docker",
        question: ["version", "--format", "{{.Server.Version}}"],
        // RHEL has podman in its place.
        packages: &[
            (Family::Debian, "docker.io"),
            (Family::Fedora, "moby-engine"),
            (Family::Suse, "docker"),
        ],
        start: Some("systemctl start docker"),
    },
    Engine {
        name: "podman",
        question: ["info", "--format", "{{.Version.Version}}"],
        packages: &[
            (Family::Debian, "podman"),
            (Family::Fedora, "podman"),
            (Family::Rhel, "podman"),
            (Family::Suse, "podman"),
        ],
        start: None,
    },
];

/// Asks each engine that is known.
pub(super) fn engines(site: &Site<'_>) -> Vec<NamedFinding> {
    let named = |engine: &Engine| NamedFinding {
        name: engine.name.to_owned(),
        finding: ask(site, engine),
    };
    ENGINES.iter().map(named).collect()
}

fn ask(site: &Site<'_>, engine: &Engine) -> Finding {
    let start = engine.start.map(Mend::run);
    let packages: Packages = engine.packages.iter().copied().collect();
    match site.system.run(&Command::new(engine.name, engine.question)) {
        Ok(output) if output.success() => Finding::yes(output.stdout.trim()),
        Ok(output) => {
            let reason = format!(
                "the client is there, the engine is not: {}",
                output.complaint()
            );
            Finding::from(Answer::no(reason)).mended_by(start)
        }
        Err(error @ RunError::NotFound { .. }) => Finding::from(Answer::no(error.to_string()))
            .mended_by(site.distribution.install(&packages)),
        Err(error) => Finding::from(Answer::could_not_tell(error.reason())).mended_by(start),
    }
}
