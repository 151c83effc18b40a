//! A program of crates.io as a project of its own, and its packages.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;
use tidegate_tests::{Output, workspace};

use crate::image::Image;
use crate::machine::{build_machine_over, install};
use crate::packages::{Packages, finished};
use crate::root::Root;

/// A program of crates.io.
#[derive(Debug)]
pub(super) struct Program {
    /// The name of the crate, and of the folder with the added files.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// The Debian packages that building takes besides a compiler.
    pub(super) devel: &'static str,
}

/// The table of `packaging/dist.toml` that gets the flags, and they: without optimisation, a build takes a third of the time.
const CARGO_TABLE: &str = "[cargo]\n";
const FAST: &str = "[cargo]\nrustflags = [\"-C\", \"opt-level=0\", \"-C\", \"debuginfo=0\"]\n";

/// A Git repository with the program and the added files, in a folder that goes with it.
#[derive(Debug)]
struct Project {
    _folder: TempDir,
    root: PathBuf,
    /// The sums of its files, as they were committed.
    files: BTreeMap<PathBuf, String>,
}

/// A program's packages.
#[derive(Debug)]
pub(super) struct Made {
    project: Project,
    pub(super) packages: Packages,
}

/// Makes the packages of a program on Debian 12, in two folders, and compares them.
pub(super) fn made(program: &Program) -> Made {
    let source = source(program);
    let project = Project::new(program, &source, "one");
    // A glob pattern and a shell would both take such a name apart.
    let other = Project::new(program, &source, "another one [1]");
    let machine = machine(Image::Build, program);
    for project in [&project, &other] {
        project.dist_on(&machine, "deb,rpm");
    }
    let [ours, theirs] = [&project, &other].map(|project| sums(&project.out()));
    assert!(ours.len() >= 4, "{ours:?}");
    assert_eq!(ours, theirs, "the packages of {}", program.name);
    project.made()
}

/// Makes the .deb of a program on Debian 13.
pub(super) fn made_on_debian_13(program: &Program) -> Made {
    let project = Project::new(program, &source(program), "thirteen");
    project.dist_on(&machine(Image::BuildOn13, program), "deb");
    project.made()
}

/// A machine that can build the program.
fn machine(image: Image, program: &Program) -> Root {
    let machine = build_machine_over(image);
    if !program.devel.is_empty() {
        install(&machine, program.devel);
    }
    machine
}

impl Made {
    /// The report of `verify` on the packages, which passed.
    pub(super) fn verified(&self, distro: &str) -> Value {
        let verified = self.verify(distro, "");
        serde_json::from_str(&verified.success()).expect("a report")
    }

    /// Runs `verify` on the packages, with all checks where none is named.
    pub(super) fn verify(&self, distro: &str, checks: &str) -> Output {
        self.project.verify(distro, self.packages.folder(), checks)
    }
}

impl Project {
    /// `place` is the name of a folder above it.
    fn new(program: &Program, source: &Path, place: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join(place).join(program.name);
        fs::create_dir_all(&root).unwrap();
        let added = workspace().join("tests/adoption");
        for from in [source, &added.join("shared"), &added.join(program.name)] {
            let mut copy = Command::new("cp");
            copy.args(["--recursive", "--no-target-directory"]);
            finished(copy.arg(from).arg(&root)).success();
        }
        fs::remove_file(root.join(".cargo-ok")).unwrap();
        let dist = root.join("packaging/dist.toml");
        let text = fs::read_to_string(&dist).unwrap();
        let fast = text.replacen(CARGO_TABLE, FAST, 1);
        assert_ne!(fast, text);
        fs::write(&dist, fast).unwrap();
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

    fn out(&self) -> PathBuf {
        self.root.join("target/dist")
    }

    fn made(self) -> Made {
        Made {
            packages: Packages::in_folder(self.out()),
            project: self,
        }
    }

    /// Runs `cargo plimsoll dist` on a machine without network and without Git. No file of the project is changed.
    fn dist_on(&self, machine: &Root, formats: &str) {
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
    fn toolkit(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(toolkit());
        command
            .arg("plimsoll")
            .args(arguments)
            .current_dir(&self.root);
        if let Some(mirror) = std::env::var_os("TIDEGATE_TEST_MIRROR") {
            command.env("DIST_MIRROR", format!("debian={}", mirror.display()));
        }
        for variable in ["CARGO_MANIFEST_DIR", "CARGO_TARGET_DIR"] {
            command.env_remove(variable);
        }
        command
    }

    fn verify(&self, distro: &str, packages: &Path, checks: &str) -> Output {
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
fn sums(folder: &Path) -> BTreeMap<PathBuf, String> {
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

fn cargo() -> String {
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

/// The files of a crate, as Cargo unpacks them from its registry.
fn source(program: &Program) -> PathBuf {
    let home = std::env::home_dir().expect("HOME is set");
    let home = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let id = format!("{}-{}", program.name, program.version);
    let find = || {
        let registries = fs::read_dir(home.join("registry/src"))
            .into_iter()
            .flatten();
        let mut folders = registries
            .flatten()
            .map(|registry| registry.path().join(&id));
        folders.find(|folder| folder.join(".cargo-ok").is_file())
    };
    find().unwrap_or_else(|| {
        let id = format!("{}@{}", program.name, program.version);
        let mut info = Command::new(cargo());
        info.args(["info", "--quiet", &id]).current_dir("/");
        finished(&mut info).success();
        find().expect("cargo info unpacks what it tells of")
    })
}
