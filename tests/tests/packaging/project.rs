//! A project in a Git repository of its own, which `cargo plimsoll` packages.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use tidegate_tests::{Output, workspace};

use crate::packages::finished;
use crate::root::Root;

/// A project, in a folder that goes with it.
#[derive(Debug)]
pub(crate) struct Project {
    _folder: TempDir,
    root: PathBuf,
    /// The sums of its files, as they were committed.
    files: BTreeMap<PathBuf, String>,
}

impl Project {
    /// A project whose files `fill` puts into a folder; `place` is the folder's path below one that nobody else has.
    pub(crate) fn new(place: &str, fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join(place);
        fs::create_dir_all(&root).unwrap();
        fill(&root);
        shell(
            &root,
            "git init --quiet
            git add --all --force
            git -c commit.gpgsign=false commit --quiet --message=Import",
        );
        let mut fetch = Command::new(cargo());
        finished(fetch.args(["fetch", "--locked"]).current_dir(&root)).success();
        Self {
            files: sums(&root),
            _folder: folder,
            root,
        }
    }

    /// Where its packages are.
    pub(crate) fn out(&self) -> PathBuf {
        self.root.join("target/dist")
    }

    /// Runs `cargo plimsoll dist` on a machine without network and without Git. No file of the project is changed.
    pub(crate) fn dist_on(&self, machine: &Root, formats: &str) {
        let bins = [PathBuf::from(cargo()), toolkit().to_owned()];
        let bins = bins.map(|program| program.parent().expect("a folder").display().to_string());
        let date = "git log -1 --format=%ct";
        machine
            .sh(&format!(
                "cd '{}'
                 export PATH={}:$PATH CARGO_NET_OFFLINE=true
                 export SOURCE_DATE_EPOCH={} SOURCE_COMMIT={}
                 cargo plimsoll dist --format {formats}",
                self.root.display(),
                bins.join(":"),
                shell(&self.root, date),
                shell(&self.root, "git rev-parse HEAD"),
            ))
            .success();
        assert_eq!(self.files, sums(&self.root), "files of the project");
    }

    /// `cargo plimsoll` on this host.
    pub(crate) fn toolkit(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(toolkit());
        self.alone(command.arg("plimsoll").args(arguments));
        if let Some(mirror) = std::env::var_os("TIDEGATE_TEST_MIRROR") {
            command.env("DIST_MIRROR", format!("debian={}", mirror.display()));
        }
        command
    }

    /// Has a command run in the project, as if nobody else's Cargo had started it.
    pub(crate) fn alone<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for variable in ["CARGO_MANIFEST_DIR", "CARGO_TARGET_DIR"] {
            command.env_remove(variable);
        }
        command.current_dir(&self.root)
    }

    /// Runs `verify` on packages, with all checks where none is named.
    pub(crate) fn verify(&self, distro: &str, packages: &Path, checks: &str) -> Output {
        self.share_systems();
        let report = tempfile::tempdir().unwrap();
        let mut verify = self.toolkit(&["verify", "--json", "--distro", distro]);
        verify.arg("--packages").arg(packages);
        verify.arg("--out").arg(report.path());
        if !checks.is_empty() {
            verify.args(["--check", checks]);
        }
        finished(&mut verify)
    }

    /// The clean systems are those of this workspace, which are made once.
    fn share_systems(&self) {
        let ours = workspace().join("target/roots");
        fs::create_dir_all(&ours).unwrap();
        let theirs = self.root.join("target/roots");
        if !theirs.is_symlink() {
            let _ = fs::remove_dir_all(&theirs);
            symlink(ours, theirs).unwrap();
        }
    }
}

/// The sums of the files below a folder, but for those that Git and Cargo keep there.
pub(crate) fn sums(folder: &Path) -> BTreeMap<PathBuf, String> {
    let find = "find . \\( -path ./.git -o -path ./target -o -path ./build -o -path ./work \\) -prune \
                -o -type f -print0 | xargs --null sha256sum";
    let sums = shell(folder, find);
    let lines = sums.lines().filter_map(|line| line.split_once("  "));
    lines
        .map(|(sum, path)| (path.into(), sum.to_owned()))
        .collect()
}

/// What a shell script prints in a folder, without the last line's end.
fn shell(folder: &Path, script: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-euc", script]).current_dir(folder);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "A packager");
        command.env(format!("GIT_{role}_EMAIL"), "packager@example.org");
        command.env(format!("GIT_{role}_DATE"), "2026-11-01T12:00:00Z");
    }
    finished(&mut command).success().trim_end().to_owned()
}

pub(crate) fn cargo() -> String {
    std::env::var("CARGO").expect("tests run under cargo")
}

/// The installed command, built here.
fn toolkit() -> &'static Path {
    static TOOLKIT: OnceLock<PathBuf> = OnceLock::new();
    TOOLKIT.get_or_init(|| {
        let mut build = Command::new(cargo());
        build.args([
            "build",
            "--quiet",
            "--package",
            "plimsoll",
            "--bin",
            "cargo-plimsoll",
        ]);
        finished(build.current_dir(workspace())).success();
        let target = std::env::var_os("CARGO_TARGET_DIR");
        let target = target.map_or_else(|| workspace().join("target"), PathBuf::from);
        target.join("debug/cargo-plimsoll")
    })
}
