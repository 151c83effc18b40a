//! `cargo xtask ci`: every workflow under `.github/workflows`, written from here.
//!
//! The templates name an action by name alone; what it is pinned to is said once, below.

use std::path::PathBuf;

use error_hint::{Context, Failure, Result};

use plimsoll::run;

/// An action, the commit that it is pinned to, and the release that this is.
struct Action {
    name: &'static str,
    commit: &'static str,
    release: &'static str,
}

const ACTIONS: [Action; 4] = [
    Action {
        name: "actions/checkout",
        commit: "11bd71901bbe5b1630ceea73d27597364c9af683",
        release: "v4.2.2",
    },
    Action {
        name: "actions/cache",
        commit: "5a3ec84eff668545956fd18022155c47e93e2684",
        release: "v4.2.3",
    },
    Action {
        name: "actions/upload-artifact",
        commit: "ea165f8d65b6e75b540449e92b4886f43607fa02",
        release: "v4.6.2",
    },
    Action {
        name: "actions/download-artifact",
        commit: "d3f86a106a0bac45b974a628896c90dbdf5c8093",
        release: "v4.3.0",
    },
];

/// A workflow: its file's name, and its template.
const WORKFLOWS: [(&str, &str); 2] = [
    ("ci.yml", include_str!("ci/ci.yml")),
    ("dist.yml", include_str!("ci/dist.yml")),
];

/// The first line of each workflow.
const HEAD: &str = "# Written by `cargo xtask ci --generate` from xtask/src/ci. Do not edit.\n";

/// Arguments of `cargo xtask ci`.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Args {
    /// Write the workflows
    #[arg(long)]
    generate: bool,

    /// Write nothing; fail where a workflow is not what would be written
    #[arg(long)]
    check: bool,
}

/// Writes the workflows, or compares them.
///
/// # Errors
/// Where one cannot be written or, under `--check`, is stale.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check {
        return check();
    }
    for (name, template) in WORKFLOWS {
        let path = path(name);
        std::fs::write(&path, rendered(template)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Compares the workflows with what would be written, and looks for others.
///
/// # Errors
/// Names each that is stale, missing, or written by hand.
pub(crate) fn check() -> Result<()> {
    let mut wrong = Vec::new();
    for (name, template) in WORKFLOWS {
        let expected = rendered(template)?;
        let is_current = std::fs::read_to_string(path(name)).is_ok_and(|text| text == expected);
        wrong.extend((!is_current).then(|| name.to_owned()));
    }
    let folder = path("");
    let entries = std::fs::read_dir(&folder)
        .with_context(|| format!("{} cannot be listed", folder.display()))?;
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_known = WORKFLOWS.iter().any(|(known, _)| *known == name);
        wrong.extend((!is_known).then(|| format!("{name} (no template of its own)")));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!("workflows are outdated: {}", wrong.join(", "));
    Err(Failure::hinted(message, "cargo xtask ci --generate"))
}

fn path(name: &str) -> PathBuf {
    run::root().join(".github/workflows").join(name)
}

/// A workflow with its actions pinned.
///
/// # Errors
/// Where the template names an action that is pinned to nothing.
fn rendered(template: &str) -> Result<String> {
    let lines: Result<Vec<String>> = template.lines().map(pinned).collect();
    Ok(format!("{HEAD}{}\n", lines?.join("\n")))
}

fn pinned(line: &str) -> Result<String> {
    let Some((front, name)) = line.split_once("uses: ") else {
        return Ok(line.to_owned());
    };
    let action = ACTIONS.iter().find(|action| action.name == name.trim());
    let action = action.with_context(|| format!("action {name} is not pinned to a commit"))?;
    let Action {
        name,
        commit,
        release,
    } = action;
    Ok(format!("{front}uses: {name}@{commit} # {release}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_pinned_to_a_commit_and_an_unknown_one_refused() {
        assert_eq!(
            pinned("      - uses: actions/checkout").unwrap(),
            "      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
        );
        assert!(pinned("      - uses: someone/else").is_err());
        for action in &ACTIONS {
            assert_eq!(action.commit.len(), 40, "{}", action.name);
        }
    }

    #[test]
    fn the_workflows_in_the_tree_are_those_that_would_be_written() {
        check().unwrap();
    }

    #[test]
    fn the_matrix_comes_from_the_plan() {
        let dist = WORKFLOWS
            .iter()
            .find(|(name, _)| *name == "dist.yml")
            .unwrap()
            .1;
        assert!(dist.contains("cargo xtask dist --all --plan --json"));
        assert!(dist.contains("fromJson(needs.plan.outputs.matrix)"));
        // The list is the only place that names one.
        for name in ["debian-1", "fedora", "rhel-"] {
            assert!(!dist.contains(name), "{name}");
        }
    }
}
