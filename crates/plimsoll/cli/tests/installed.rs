//! `cargo plimsoll` in a project that has nothing of the toolkit but `packaging/dist.toml`.

#![cfg(feature = "writer")]
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"1.0.0\"\n";

const FILES: [(&str, &str); 5] = [
    (
        "Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"1.0.0\"\nedition = \"2024\"\nlicense = \"MIT\"\n\
         authors = [\"A. Person <a@example.org>\"]\nhomepage = \"https://example.org\"\n",
    ),
    ("Cargo.lock", LOCK),
    (
        "CHANGELOG.md",
        "# Changelog\n\n## [1.0.0] - 2026-01-01\n\n- It prints.\n",
    ),
    (
        "src/main.rs",
        r#"fn main() {
    let (flavour, commit) = (option_env!("SAMPLE_FLAVOUR"), option_env!("SAMPLE_COMMIT"));
    let (flavour, commit) = (flavour.unwrap_or_default(), commit.unwrap_or_default());
    let version = env!("CARGO_PKG_VERSION");
    println!("{{\"flavour\":\"{flavour}\",\"version\":\"{version}\",\"commit\":\"{commit}\"}}");
}
"#,
    ),
    (
        "packaging/dist.toml",
        r#"name = "sample"
summary = "Prints what it is"
description = "A program that prints what it is."
changelog = "CHANGELOG.md"

[cargo]
packages = ["sample"]

[stamp]
program = "sample"
arguments = []
env-prefix = "SAMPLE"

[flavour.static]
formats = ["tar"]

[deb]
section = "utils"

[rpm]
group = "Applications"

[[asset]]
binary = "sample"
dest = "/usr/bin/sample"
"#,
    ),
];

struct Project {
    folder: tempfile::TempDir,
    /// Where everything is written to.
    target: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            target: tempfile::tempdir().unwrap(),
        };
        for (name, text) in FILES {
            let path = project.folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        project
    }

    /// Every file of the project with what is in it.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push((path.clone(), std::fs::read(path).unwrap())),
                }
            }
        }
        files.sort();
        files
    }

    /// Runs the command in a folder of the project. As root, the project cannot be written to.
    fn plimsoll(&self, folder: &str, arguments: &[&str]) -> Output {
        let command = env!("CARGO_BIN_EXE_cargo-plimsoll");
        let project = self.folder.path();
        let mut run = match rustix::process::geteuid().is_root() {
            true => read_only(project),
            false => Command::new("env"),
        };
        run.arg(command).arg("plimsoll").args(arguments);
        run.current_dir(project.join(folder))
            .env("CARGO_TARGET_DIR", self.target.path())
            .env("SOURCE_DATE_EPOCH", "1767225600")
            .env_remove("SOURCE_COMMIT");
        run.output().unwrap()
    }
}

/// Has what comes next see a folder that cannot be written to.
fn read_only(folder: &Path) -> Command {
    let script = "here=$PWD; mount --bind \"$1\" \"$1\"; mount -o remount,bind,ro \"$1\"; \
                  cd \"$here\"; shift; exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-eu", "-c", script, "sh"])
        .arg(folder);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_project_without_an_xtask_is_packaged_and_nothing_in_it_changes() {
    let project = Project::new();
    let before = project.files();
    let output = project.plimsoll("src", &["dist"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let out = project.target.path().join("dist");
    let manifest = std::fs::read_to_string(out.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let file = manifest["artifacts"][0]["file"].as_str().unwrap();
    assert!(out.join(file).is_file(), "{manifest:#}");
    assert_eq!(project.files(), before);
    let lock = std::fs::read_to_string(project.folder.path().join("Cargo.lock"));
    assert_eq!(lock.unwrap(), LOCK);
}

#[test]
fn another_profile_is_built_with_and_the_manifest_says_so() {
    let project = Project::new();
    let dist = ["dist", "--cargo-profile"];
    let output = project.plimsoll("", &[&dist[..], &["dev"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let manifest = std::fs::read_to_string(project.target.path().join("dist/manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest.unwrap()).unwrap();
    assert_eq!(manifest["settings"]["--cargo-profile"], "dev");

    let refused = project.plimsoll("", &[&dist[..], &["swift"]].concat());
    assert!(!refused.status.success());
    let said = text(&refused.stderr);
    let kept = project.target.path().join("dist/manifest.json");
    assert!(kept.exists());
    assert!(said.contains("there is no Cargo profile swift"), "{said}");
}

#[test]
fn hints_name_the_installed_command() {
    let project = Project::new();
    let output = project.plimsoll("", &["dist", "--format", "pdf"]);
    assert!(!output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("see `cargo plimsoll dist --help`"), "{said}");
    let help = text(&project.plimsoll("", &["dist", "--help"]).stdout);
    assert!(help.contains("Usage: cargo plimsoll dist"), "{help}");
}
