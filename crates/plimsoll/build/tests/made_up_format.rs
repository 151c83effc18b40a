//! A package format that the toolkit does not know, added in this one file, and taken through a whole run.

#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

#[path = "made_up_format/faults.rs"]
mod faults;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use plimsoll_build::audit::{Fault, PackageFacts};
use plimsoll_build::depends::DependsError;
use plimsoll_build::format::{Format, Formats, Programs};
use plimsoll_build::manifest::{Manifest, Sum};
use plimsoll_build::packager::{Packager, PackagerError};
use plimsoll_build::run::{self, Observer};
use plimsoll_plan::config::{self, Config};
use plimsoll_plan::format::{FormatRules, Naming, Tar};
use plimsoll_plan::plan::{Arch, Places, Plan, PlanError, Request, plan};
use plimsoll_plan::settings::Settings;
use plimsoll_plan::source::Source;
use plimsoll_probe::fakes::FakeSystem;
use plimsoll_probe::{Family, Finding, FlavourName, Request as FlavourRequest, probe};
use plimsoll_spec::{FormatName, PackageContents, PackageReport, PackageSpec, Relation, Relations};

/// A text that lists what is in it: `depends NAME`, `recommends NAME`, and `file PATH` for each file, with the file's
/// bytes after the last line, one file after another.
#[derive(Debug)]
struct Txt;

impl FormatRules for Txt {
    fn name(&self) -> FormatName {
        FormatName::new("txt")
    }

    fn about(&self) -> &'static str {
        "A text."
    }

    fn title(&self) -> &'static str {
        "text"
    }

    fn arch(&self, arch: Arch) -> &'static str {
        arch.machine()
    }

    fn file_name(&self, naming: &Naming<'_>) -> String {
        format!("{}-{}-{}.txt", naming.name, naming.version, naming.arch)
    }

    fn own_relations(&self, config: &Config, _on: &[String], _version: &str) -> Relations {
        let own = config.format.get(&self.name());
        let depends = own.and_then(|own| own.get("depends")?.as_array());
        let depends = depends.into_iter().flatten();
        let depends: Vec<&str> = depends.filter_map(toml::Value::as_str).collect();
        Relations::from_iter([(Relation::Depends, depends)])
    }

    fn check_own(&self, own: &toml::Table) -> Result<(), String> {
        let unknown = own.keys().find(|key| *key != "depends");
        unknown.map_or(Ok(()), |key| Err(format!("there is no key {key:?}")))
    }

    fn family(&self, _host: Option<Family>) -> Option<Family> {
        Family::named("fedora")
    }

    fn section<'c>(&self, _config: &'c Config) -> &'c str {
        "texts"
    }

    fn derives_from(&self, _programs: &[&str]) -> Option<String> {
        Some("the libraries".to_owned())
    }
}

impl Format for Txt {
    fn derive(&self, programs: &Programs<'_>) -> Result<Vec<String>, DependsError> {
        let needed = programs
            .built
            .iter()
            .flat_map(|program| &program.elf.needed);
        Ok(needed.cloned().collect())
    }

    fn audit_depends(&self, facts: &PackageFacts<'_>) -> Vec<Fault> {
        let needed = facts
            .programs
            .iter()
            .flat_map(|program| &program.elf.needed);
        let relations = &facts.report.relations;
        let missing = needed.filter(|soname| !relations.has(Relation::Depends, soname));
        missing
            .map(|soname| facts.fault(format!("does not depend on {soname}")))
            .collect()
    }

    fn write(
        &self,
        _packager: &Packager,
        spec: &PackageSpec,
        _path: &Path,
    ) -> Result<PackageReport, PackagerError> {
        written(spec).map_err(|source| failed("write", &spec.out, source))?;
        let (contents, _) = read(&spec.out).map_err(|source| failed("read", &spec.out, source))?;
        Ok(contents.report)
    }

    fn unpack(
        &self,
        _packager: &Packager,
        file: &Path,
        folder: &Path,
    ) -> Result<PackageContents, PackagerError> {
        unpacked(file, folder).map_err(|source| failed("read", file, source))
    }
}

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A path, and what the file holds.
type Packed = (String, Vec<u8>);

fn failed(doing: &'static str, path: &Path, source: Box<dyn Error + Send + Sync>) -> PackagerError {
    let path = path.to_owned();
    PackagerError::Own {
        doing,
        path,
        source,
    }
}

/// How the text calls its relations.
const WORDS: [(Relation, &str); 2] = [
    (Relation::Depends, "depends"),
    (Relation::Recommends, "recommends"),
];

fn written(spec: &PackageSpec) -> Fallible<()> {
    let mut head = String::new();
    let mut bytes = Vec::new();
    for (relation, word) in WORDS {
        let names = spec.relations.of(relation);
        head.extend(names.iter().map(|name| format!("{word} {name}\n")));
    }
    for file in &spec.files {
        let content = std::fs::read(&file.source)?;
        head.push_str(&format!("{} {}\n", content.len(), file.dest));
        bytes.extend(content);
    }
    let text = [format!("{}\n{head}\n", spec.name).into_bytes(), bytes];
    Ok(std::fs::write(&spec.out, text.concat())?)
}

/// What a text says, and what it installs.
fn read(path: &Path) -> Fallible<(PackageContents, Vec<Packed>)> {
    let text = std::fs::read(path)?;
    let end = text
        .windows(2)
        .position(|two| two == b"\n\n")
        .ok_or("no end of the head")?;
    let (head, mut bytes) = text.split_at(end + 2);
    let mut lines = str::from_utf8(head)?.lines();
    let name = lines.next().unwrap_or_default().to_owned();
    let mut report = PackageReport::default();
    let mut files = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').ok_or("no word")?;
        match word {
            "depends" => report.relations.add(Relation::Depends, [rest]),
            "recommends" => report.relations.add(Relation::Recommends, [rest]),
            length => {
                let (content, after) =
                    bytes.split_at_checked(length.parse()?).ok_or("too short")?;
                files.push((rest.to_owned(), content.to_vec()));
                report.files.push(rest.to_owned());
                bytes = after;
            }
        }
    }
    let contents = PackageContents {
        format: Txt.name(),
        name,
        version: None,
        revision: None,
        arch: None,
        report,
        conffiles: Vec::new(),
    };
    Ok((contents, files))
}

fn unpacked(path: &Path, folder: &Path) -> Fallible<PackageContents> {
    let (contents, files) = read(path)?;
    for (dest, content) in files {
        let path = folder.join(dest.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().ok_or("a file at the root")?)?;
        std::fs::write(path, content)?;
    }
    Ok(contents)
}

/// The line of registration.
fn formats() -> Formats {
    Formats::new(vec![&Tar, &Txt])
}

const CONFIG: &str = r#"
name = "sample"
summary = "Prints what it is"
description = "A program that prints what it is."
changelog = "CHANGELOG.md"

[cargo]
packages = ["sample"]

[stamp]
program = "sample"
arguments = []
env-prefix = "SAMPLE"

[native-dep.zlib]
pkg-config = "zlib"
soname = "libz.so.1"
min-version = "1.2.11"
cargo-feature = { package = "sample", feature = "zlib" }
devel = { fedora = "zlib-devel" }
runtime = { fedora = "zlib" }
tool = { program = "gzip", packages = { fedora = "gzip" } }

[flavour.dynamic-exec]
formats = ["txt"]

[deb]
section = "utils"

[rpm]
group = "Applications"

[format.txt]
depends = ["paper"]

[[asset]]
binary = "sample"
dest = "/usr/bin/sample"
"#;

/// A program that prints its stamp, and an xtask whose package writer nobody calls.
const WORKSPACE: [(&str, &str); 7] = [
    (
        "Cargo.toml",
        "[workspace]\nmembers = [\"sample\", \"xtask\"]\nresolver = \"3\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"1.0.0\"\n\n\
         [[package]]\nname = \"xtask\"\nversion = \"0.0.0\"\n",
    ),
    (
        "CHANGELOG.md",
        "# Changelog\n\n## [1.0.0] - 2026-01-01\n\n- It prints.\n",
    ),
    (
        "sample/Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
    ),
    (
        "sample/src/main.rs",
        r#"fn main() {
    let (flavour, commit) = (env!("SAMPLE_FLAVOUR"), env!("SAMPLE_COMMIT"));
    let version = env!("CARGO_PKG_VERSION");
    println!("{{\"flavour\":\"{flavour}\",\"version\":\"{version}\",\"commit\":\"{commit}\"}}");
}
"#,
    ),
    (
        "xtask/Cargo.toml",
        "[package]\nname = \"xtask\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[features]\nwriter = []\n",
    ),
    ("xtask/src/main.rs", "fn main() { panic!() }\n"),
];

fn planned(workspace: &Path, text: &str) -> Result<(Config, Plan), PlanError> {
    let known = formats();
    let config = config::parse(text, Path::new("dist.toml"), &known.rules().names()).unwrap();
    let source = Source {
        version: "1.0.0".to_owned(),
        license: "MIT".to_owned(),
        maintainer: "A <a@example.org>".to_owned(),
        homepage: "https://example.org/".to_owned(),
        commit: "abc".to_owned(),
        source_date_epoch: 1,
        settings: Settings::default(),
    };
    let places = Places {
        workspace: workspace.to_owned(),
        out: workspace.join("out"),
        cache: workspace.join("cache"),
        cargo_home: "/cargo".into(),
    };
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut findings = probe(&FakeSystem::new(), &config.native_dep, Some(&target));
    findings.c_compiler = Finding::yes("cc");
    findings.rust.finding = Finding::yes("rustc");
    findings.rust.host = target;
    let request = Request {
        flavour: FlavourRequest::Exactly(FlavourName::DYNAMIC_EXEC),
        formats: Vec::new(),
        strict: false,
    };
    let plan = plan(
        known.rules(),
        &config,
        &source,
        &places,
        &findings,
        &request,
    )?;
    Ok((config, plan))
}

/// The workspace in a folder that is removed with it.
struct Project {
    _folder: tempfile::TempDir,
    workspace: PathBuf,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().canonicalize().unwrap();
        let project = Self {
            _folder: folder,
            workspace,
        };
        for (path, text) in WORKSPACE {
            project.put(path, text);
        }
        project
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.workspace.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

struct Silent;

impl Observer for Silent {
    fn step(&mut self, _number: usize, _total: usize, _name: &str) {}
    fn line(&mut self, _line: &str) {}
}

#[test]
fn a_format_of_one_file_is_planned_derived_written_audited_and_unpacked() {
    let project = Project::new();
    let workspace = project.workspace.clone();
    let (config, plan) = planned(&workspace, CONFIG).unwrap();
    let file = format!("sample-1.0.0-{}.txt", std::env::consts::ARCH);
    assert_eq!(plan.packages[0].file, file);
    let Manifest { artifacts, .. } = run::run(&formats(), &config, &plan, &mut Silent).unwrap();
    assert_eq!(artifacts.len(), 1, "{artifacts:?}");
    let artifact = &artifacts[0];
    assert_eq!(artifact.format, Txt.name());
    for name in ["gzip", "libc.so.6", "paper"] {
        let is_there = artifact.relations.has(Relation::Depends, name);
        assert!(is_there, "{artifact:?}");
    }
    let (out, root) = (workspace.join("out").join(&file), workspace.join("root"));
    let packager = Packager::of(&workspace);
    let format = formats().get(artifact.format).unwrap();
    let contents = format.unpack(&packager, &out, &root).unwrap();
    assert_eq!(contents.report.relations, artifact.relations);
    let unpacked = std::fs::read(root.join("usr/bin/sample")).unwrap();
    assert_eq!(
        artifact.programs["sample"].sha256,
        Sum::of(&unpacked).sha256
    );
}

#[test]
fn an_xtask_with_a_lock_file_of_its_own_leaves_the_projects_as_it_is() {
    let project = Project::new();
    let lock = "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"1.0.0\"\n";
    let own = lock.replace("sample", "xtask").replace("1.0.0", "0.0.0");
    for (path, text) in [
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"sample\"]\nresolver = \"3\"\n",
        ),
        ("Cargo.lock", lock),
        ("xtask/Cargo.lock", &own),
        (
            "xtask/Cargo.toml",
            "[workspace]\n\n[package]\nname = \"xtask\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [features]\nwriter = []\n",
        ),
    ] {
        project.put(path, text);
    }
    let (config, plan) = planned(&project.workspace, CONFIG).unwrap();
    let manifest = run::run(&formats(), &config, &plan, &mut Silent).unwrap();
    assert_eq!(manifest.artifacts.len(), 1);
    let read = |name: &str| std::fs::read_to_string(project.workspace.join(name)).unwrap();
    assert_eq!(read("Cargo.lock"), lock);
    assert_eq!(read("xtask/Cargo.lock"), own);
}

#[test]
fn a_dependency_that_the_made_up_format_misses_is_a_fault() {
    let (config, plan) = planned(Path::new("/w"), CONFIG).unwrap();
    let facts = PackageFacts {
        plan: &plan.packages[0],
        libraries: &config.native_dep,
        owners: &BTreeMap::new(),
        programs: &[plimsoll_build::audit::fixtures::exec_daemon()],
        lent: &[],
        files: &[],
        report: &PackageReport {
            relations: Relations::from_iter([(Relation::Depends, ["gzip", "paper"])]),
            ..PackageReport::default()
        },
    };
    let faults = Txt.audit(&facts);
    let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
    let file = &plan.packages[0].file;
    assert_eq!(faults, [format!("{file}: does not depend on libc.so.6")]);
}

#[test]
fn a_format_that_is_not_in_the_table_is_refused() {
    let text = CONFIG.replace("\"txt\"", "\"pdf\"");
    let error =
        config::parse(&text, Path::new("dist.toml"), &formats().rules().names()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("unknown package format \"pdf\": expected tar or txt"),
        "{text}"
    );
}

#[test]
fn a_wrong_key_of_the_made_up_format_is_refused_by_the_format() {
    let text = CONFIG.replace("depends = [\"paper\"]", "depend = []");
    let error = planned(Path::new("/w"), &text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "[format.txt] is wrong: there is no key \"depend\""
    );
}
