//! A project with one required C library and two optional ones, which exist nowhere else: probed, planned, built, audited
//! and packaged.

#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

#[path = "made_up_libraries/bundled.rs"]
mod bundled;
#[path = "made_up_libraries/made.rs"]
mod made;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_build::audit::{Fault, PackageFacts};
use plimsoll_build::depends::DependsError;
use plimsoll_build::format::{Format, Formats, Programs};
use plimsoll_build::manifest::Artifact;
use plimsoll_build::packager::{Packager, PackagerError};
use plimsoll_build::run::{self, Observer, RunError};
use plimsoll_plan::config::{self, Config};
use plimsoll_plan::fixtures;
use plimsoll_plan::format::{FormatRules, Naming};
use plimsoll_plan::plan::{Arch, Places, Plan, PlanError, Request, plan};
use plimsoll_probe::{Findings, HostWith, probe};
use plimsoll_spec::{FormatName, PackageReport, PackageSpec};

/// A list of what the programs link.
#[derive(Debug)]
struct List;

impl FormatRules for List {
    fn name(&self) -> FormatName {
        FormatName::new("list")
    }

    fn about(&self) -> &'static str {
        "A list."
    }

    fn title(&self) -> &'static str {
        "list"
    }

    fn arch(&self, arch: Arch) -> &'static str {
        arch.machine()
    }

    fn file_name(&self, naming: &Naming<'_>) -> String {
        format!("{}.list", naming.name)
    }

    fn section<'c>(&self, _config: &'c Config) -> &'c str {
        "lists"
    }

    fn derives_from(&self, _programs: &[&str]) -> Option<String> {
        Some("the libraries".to_owned())
    }
}

impl Format for List {
    fn derive(&self, programs: &Programs<'_>) -> Result<Vec<String>, DependsError> {
        let programs = programs.built.iter();
        let needed = programs.flat_map(|program| &program.elf.needed);
        Ok(needed.cloned().collect())
    }

    fn audit_depends(&self, _facts: &PackageFacts<'_>) -> Vec<Fault> {
        Vec::new()
    }

    fn write(
        &self,
        _packager: &Packager,
        spec: &PackageSpec,
        _path: &Path,
    ) -> Result<PackageReport, PackagerError> {
        std::fs::write(&spec.out, spec.relations.depends().join("\n")).unwrap();
        Ok(PackageReport {
            relations: spec.relations.clone(),
            files: spec.files.iter().map(|file| file.dest.clone()).collect(),
        })
    }
}

const CONFIG: &str = r#"
name = "user"
summary = "Prints what it is"
description = "A program that prints what it is."
changelog = "CHANGELOG.md"

[cargo]
packages = ["user"]

[stamp]
program = "user"
arguments = []
env-prefix = "USER_BUILD"

[native-dep.one]
pkg-config = "made-up-one"
soname = "libone.so.1"
min-version = "1.0"
required = true
devel = {}
runtime = {}

[native-dep.two]
pkg-config = "made-up-two"
soname = "libtwo.so.1"
min-version = "1.0"
cargo-feature = { package = "user", feature = "two" }
devel = {}
runtime = {}

[native-dep.three]
pkg-config = "made-up-three"
soname = "libthree.so.1"
min-version = "1.0"
cargo-feature = { package = "user", feature = "three" }
devel = {}
runtime = {}

[flavour.full]
libraries = ["two", "three"]
formats = ["list"]

[flavour.lean]
libraries = ["two"]
formats = ["list"]

[flavour.plain]
libraries = []
formats = ["list"]

[deb]
section = "utils"

[rpm]
group = "Applications"

[[asset]]
binary = "user"
dest = "/usr/bin/user"
"#;

/// No package of the system has the libraries: the package brings them itself.
const BROUGHT: &str = r#"
[[asset]]
source = "lib/lib*.so.1"
dest = "/usr/lib/user/"
"#;

/// A program that calls each library that it is built with, and an xtask whose package writer nobody calls.
const WORKSPACE: [(&str, &str); 8] = [
    (
        "Cargo.toml",
        "[workspace]\nmembers = [\"user\", \"xtask\"]\nresolver = \"3\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"user\"\nversion = \"0.1.0\"\n\n\
         [[package]]\nname = \"xtask\"\nversion = \"0.0.0\"\n",
    ),
    (
        "CHANGELOG.md",
        "# Changelog\n\n## [0.1.0] - 2026-01-01\n\n- It prints.\n",
    ),
    (
        "user/Cargo.toml",
        "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [features]\ntwo = []\nthree = []\n",
    ),
    (
        "user/build.rs",
        r#"fn main() {
    let folder = env!("CARGO_MANIFEST_DIR").replace("/user", "/lib");
    println!("cargo:rustc-link-search={folder}");
    // From cache/build/dynamic/release, where the program is run after the build.
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/../../../../lib");
}
"#,
    ),
    (
        "user/src/main.rs",
        r##"#[link(name = "one")]
unsafe extern "C" {
    fn one();
}
#[cfg(feature = "two")]
#[link(name = "two")]
unsafe extern "C" {
    fn two();
}
#[cfg(feature = "three")]
#[link(name = "three")]
unsafe extern "C" {
    fn three();
}

fn main() {
    unsafe {
        one();
        #[cfg(feature = "two")]
        two();
        #[cfg(feature = "three")]
        three();
    }
    let [flavour, commit] = [env!("USER_BUILD_FLAVOUR"), env!("USER_BUILD_COMMIT")];
    let version = env!("CARGO_PKG_VERSION");
    println!(r#"{{"flavour":"{flavour}","version":"{version}","commit":"{commit}"}}"#);
}
"##,
    ),
    (
        "xtask/Cargo.toml",
        "[package]\nname = \"xtask\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[features]\nwriter = []\n",
    ),
    ("xtask/src/main.rs", "fn main() { panic!() }\n"),
];

/// The project in a folder of its own, with its libraries.
struct Project {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (path, text) in WORKSPACE {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let project = Self {
            _folder: folder,
            root,
        };
        std::fs::create_dir_all(project.folder("lib")).unwrap();
        for (name, version) in [("one", "1.0"), ("two", "2.1"), ("three", "3.0.1")] {
            project.add(name, version);
        }
        project
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The specification of the package that was made.
    fn spec(&self) -> PackageSpec {
        let work = self.folder("cache").join("work");
        let text = std::fs::read_to_string(work.join("user.list/spec.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Compiles a library, and says how it is linked.
    fn add(&self, name: &str, version: &str) {
        let lib = self.folder("lib");
        let source = lib.join(format!("{name}.c"));
        std::fs::write(&source, format!("void {name}(void) {{}}\n")).unwrap();
        let file = format!("lib{name}.so");
        let soname = format!("-Wl,-soname,{file}.1");
        let mut cc = std::process::Command::new("cc");
        cc.args(["-shared", "-fPIC", &soname, "-o"]);
        let status = cc.args([&lib.join(&file), &source]).status();
        assert!(status.unwrap().success());
        std::fs::copy(lib.join(&file), lib.join(format!("{file}.1"))).unwrap();
        let folder = lib.display();
        let text = format!(
            "Name: {name}\nDescription: made up\nVersion: {version}\nLibs: -L{folder} -l{name}\n"
        );
        std::fs::write(self.pc(name), text).unwrap();
    }

    fn pc(&self, name: &str) -> PathBuf {
        self.folder("lib").join(format!("made-up-{name}.pc"))
    }

    fn config(&self) -> Config {
        parsed(&format!("{CONFIG}{BROUGHT}"))
    }

    fn findings(&self) -> Findings {
        let lib = self.folder("lib");
        let folder = lib.display().to_string();
        let env = BTreeMap::from([("PKG_CONFIG_PATH".to_owned(), folder)]);
        probe(&HostWith { env }, &self.config().native_dep, None)
    }

    fn plan(&self) -> Result<Plan, PlanError> {
        let places = Places {
            workspace: self.root.clone(),
            out: self.folder("out"),
            cache: self.folder("cache"),
            cargo_home: "/cargo".into(),
        };
        plan(
            formats().rules(),
            &self.config(),
            &fixtures::source(),
            &places,
            &self.findings(),
            &Request::default(),
        )
    }

    fn package(&self, plan: &Plan) -> Result<Artifact, RunError> {
        let manifest = run::run(&formats(), &self.config(), plan, &mut Silent)?;
        Ok(manifest.artifacts.into_iter().next().unwrap())
    }
}

fn parsed(text: &str) -> Config {
    let names = formats().rules().names();
    config::parse(text, Path::new("dist.toml"), &names).unwrap()
}

fn formats() -> Formats {
    Formats::new(vec![&List])
}

struct Silent;

impl Observer for Silent {
    fn step(&mut self, _number: usize, _total: usize, _name: &str) {}
    fn line(&mut self, _line: &str) {}
}

fn ours(artifact: &Artifact) -> Vec<&str> {
    let needed = artifact.needed.iter().map(String::as_str);
    let ours = ["libone.so.1", "libtwo.so.1", "libthree.so.1"];
    needed.filter(|soname| ours.contains(soname)).collect()
}

fn linked(artifact: &Artifact) -> Vec<String> {
    let linked = artifact.linked.iter();
    linked
        .map(|(name, version)| format!("{name} {version}"))
        .collect()
}

#[test]
fn every_library_that_is_there_is_linked_and_audited_and_a_missing_one_is_named() {
    let project = Project::new();
    let artifact = project.package(&project.plan().unwrap()).unwrap();
    assert_eq!(artifact.flavour.as_str(), "full");
    assert_eq!(
        ours(&artifact),
        ["libone.so.1", "libthree.so.1", "libtwo.so.1"]
    );
    assert_eq!(
        linked(&artifact),
        ["made-up-one 1.0", "made-up-three 3.0.1", "made-up-two 2.1"]
    );

    // The profile does not set `strip`.
    let spec = project.spec();
    let mut files = spec.files.iter();
    let user = files.find(|file| file.dest == "/usr/bin/user").unwrap();
    let bytes = std::fs::read(&user.source).unwrap();
    let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    assert!(!has(b".symtab") && has(b".dynsym"), "it is not stripped");
    let identity = &artifact.programs["user"];
    assert!(identity.build_id.is_some());
    let sum = plimsoll_build::manifest::Sum::of_file(&user.source).unwrap();
    assert_eq!(identity.sha256, sum.sha256);

    std::fs::remove_file(project.pc("three")).unwrap();
    let artifact = project.package(&project.plan().unwrap()).unwrap();
    assert_eq!(artifact.flavour.as_str(), "lean");
    assert_eq!(ours(&artifact), ["libone.so.1", "libtwo.so.1"]);
    let fallback = artifact.fallback.unwrap();
    assert_eq!(fallback.wanted.as_str(), "full");
    let because = "made-up-three cannot be linked: ";
    assert!(
        fallback.because.starts_with(because),
        "{}",
        fallback.because
    );
}

#[test]
fn without_the_required_library_nothing_is_planned() {
    let project = Project::new();
    std::fs::remove_file(project.pc("one")).unwrap();
    let error = project.plan().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        cause.starts_with("every flavour needs made-up-one: "),
        "{cause}"
    );
}

#[test]
fn a_library_that_the_build_lost_or_took_besides_is_a_fault() {
    let project = Project::new();
    let mut plan = project.plan().unwrap();
    for word in &mut plan.builds[0].cargo {
        *word = word.replace("user/three,user/two", "user/three");
    }
    let lost = project.package(&plan).unwrap_err();
    let fault = "flavour full is planned, but libtwo.so.1 is not linked";
    assert!(format!("{lost:?}").contains(fault), "{lost:?}");

    let mut plan = project.plan().unwrap();
    plan.builds[0].programs[0]
        .libraries
        .retain(|name| name != "two");
    let extra = project.package(&plan).unwrap_err();
    assert!(
        format!("{extra:?}").contains("planned without libtwo.so.1, but the file needs it"),
        "{extra:?}"
    );
}

#[test]
fn a_private_copy_of_a_library_that_the_package_does_not_bring_is_refused() {
    let project = Project::new();
    let plan = project.plan().unwrap();
    let result = run::run(&formats(), &parsed(CONFIG), &plan, &mut Silent);
    let error = result.unwrap_err();
    let file = project.folder("lib").join("libone.so");
    let fault = format!(
        "libone.so.1: the linker takes {}, which no package has",
        file.display()
    );
    assert!(
        error_chain(&error).contains(&fault),
        "{}",
        error_chain(&error)
    );
    let hint = error_hint::Hint::hint(&error)
        .unwrap_or_default()
        .into_owned();
    assert!(hint.starts_with("unset PKG_CONFIG_PATH"), "{hint}");
    // No package of the system has it: the hint's other way.
    let other_way = "if no package has the library, add it to the assets";
    assert!(hint.ends_with(other_way), "{hint}");
    project.package(&plan).unwrap();
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(|error| format!("{error}\n")).collect()
}
