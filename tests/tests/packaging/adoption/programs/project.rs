//! A program of crates.io as a project of its own, and its packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tidegate_tests::{Output, workspace};

use crate::image::Image;
use crate::machine::{build_machine_over, install};
use crate::packages::{Packages, finished};
use crate::project::{Project, cargo, sums};
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

/// A program's packages.
#[derive(Debug)]
pub(super) struct Made {
    project: Project,
    pub(super) packages: Packages,
}

/// Makes the packages of a program on Debian 12, in two folders, and compares them.
pub(super) fn made(program: &Program) -> Made {
    let source = source(program);
    let project = prepared(program, &source, "one");
    // A glob pattern and a shell would both take such a name apart.
    let other = prepared(program, &source, "another one [1]");
    let machine = machine(Image::Build, program);
    for project in [&project, &other] {
        project.dist_on(&machine, "deb,rpm");
    }
    let [ours, theirs] = [&project, &other].map(|project| sums(&project.out()));
    assert!(ours.len() >= 4, "{ours:?}");
    assert_eq!(ours, theirs, "the packages of {}", program.name);
    Made::of(project)
}

/// Makes the .deb of a program on Debian 13.
pub(super) fn made_on_debian_13(program: &Program) -> Made {
    let project = prepared(program, &source(program), "thirteen");
    project.dist_on(&machine(Image::BuildOn13, program), "deb");
    Made::of(project)
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
    fn of(project: Project) -> Self {
        Self {
            packages: Packages::in_folder(project.out()),
            project,
        }
    }

    /// The report of `verify` on the packages, which passed.
    pub(super) fn verified(&self, distro: &str) -> Value {
        self.verified_by(distro, "")
    }

    /// The same with some of the checks.
    pub(super) fn verified_by(&self, distro: &str, checks: &str) -> Value {
        let verified = self.verify(distro, checks);
        serde_json::from_str(&verified.success()).expect("a report")
    }

    /// Plans the packages for another distribution, which must have the flavour that its entry expects.
    pub(super) fn planned(&self, distro: &str) {
        let plan = ["dist", "--plan", "--distro", distro];
        let plan = finished(&mut self.project.toolkit(&plan)).success();
        let is_planned = plan.contains("as expected") && plan.contains(".rpm");
        assert!(is_planned, "{plan}");
    }

    /// Runs `verify` on the packages, with all checks where none is named.
    pub(super) fn verify(&self, distro: &str, checks: &str) -> Output {
        self.project.verify(distro, self.packages.folder(), checks)
    }
}

/// The program and the added files. `place` is the name of a folder above them.
fn prepared(program: &Program, source: &Path, place: &str) -> Project {
    Project::new(&format!("{place}/{}", program.name), |root| {
        let added = workspace().join("tests/adoption");
        for from in [source, &added.join("shared"), &added.join(program.name)] {
            let mut copy = Command::new("cp");
            copy.args(["--recursive", "--no-target-directory"]);
            finished(copy.arg(from).arg(root)).success();
        }
        fs::remove_file(root.join(".cargo-ok")).unwrap();
        let dist = root.join("packaging/dist.toml");
        let text = fs::read_to_string(&dist).unwrap();
        let fast = text.replacen(CARGO_TABLE, FAST, 1);
        assert_ne!(fast, text);
        fs::write(&dist, fast).unwrap();
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
