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

    /// The script of a step.
    fn script(workflow: &str, step: &str) -> String {
        let (_, rest) = workflow.split_once(&format!("- name: {step}\n")).unwrap();
        let (_, rest) = rest.split_once("run: |\n").unwrap();
        let lines = rest
            .lines()
            .take_while(|line| line.is_empty() || line.starts_with("          "));
        lines
            .map(|line| format!("{}\n", line.trim_start()))
            .collect()
    }

    /// What the step that releases does with packages of these names.
    fn release(packages: &[&str]) -> (tempfile::TempDir, std::process::Output) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for package in packages {
            let file = path("packages").join(package);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, package).unwrap();
        }
        let dist = WORKFLOWS.iter().find(|(name, _)| *name == "dist.yml");
        let script = script(dist.unwrap().1, "Sum up and release");
        // In the place of GitHub's program.
        let script = format!("gh() {{ printf '%s\\n' \"$@\" >../uploaded; }}\n{script}");
        let output = std::process::Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", &script])
            .current_dir(folder.path())
            .env("TAG", "v1")
            .output();
        (folder, output.unwrap())
    }

    #[test]
    fn the_sums_of_a_release_name_what_github_serves() {
        let names = [
            "a/sample_1.0.0.rc.1-1-debian.12_amd64.deb",
            "a/sample_1.0.0.rc.1-1-debian.12_amd64.deb.cdx.json",
            "b/sample-1.0.0-1.x86_64.rpm",
            "c/sample-1.0.0_x.tar.gz",
        ];
        let (folder, output) = release(&names);
        assert!(output.status.success(), "{output:?}");
        let uploaded = std::fs::read_to_string(folder.path().join("uploaded")).unwrap();
        let kept = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let files = uploaded.lines().skip_while(|line| *line != "--").skip(1);
        let files: Vec<&str> = files.collect();
        assert_eq!(
            files,
            [
                "SHA256SUMS",
                "sample-1.0.0-1.x86_64.rpm",
                "sample-1.0.0_x.tar.gz",
                "sample_1.0.0.rc.1-1-debian.12_amd64.deb",
                "sample_1.0.0.rc.1-1-debian.12_amd64.deb.cdx.json",
            ]
        );
        assert!(files.iter().all(|name| name.chars().all(kept)));
        let checked = std::process::Command::new("sha256sum")
            .args(["--check", "--strict", "SHA256SUMS"])
            .current_dir(folder.path().join("release"))
            .output();
        assert!(checked.unwrap().status.success());
    }

    #[test]
    fn a_name_that_github_would_change_and_two_packages_of_one_name_are_not_released() {
        for packages in [
            ["a/sample-1~x.rpm", "b/other-1.rpm"],
            ["a/sample-1.rpm", "b/sample-1.rpm"],
        ] {
            let (folder, output) = release(&packages);
            assert!(!output.status.success(), "{packages:?}");
            assert!(!folder.path().join("uploaded").exists(), "{packages:?}");
        }
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
