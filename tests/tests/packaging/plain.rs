//! Plain `cargo deb` and `cargo generate-rpm` make packages of this workspace, from the tables that `cargo xtask docs` writes.
//! They are held against our own packages of the same programs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use test_support::{Need, require};
use tidegate_tests::workspace;

use crate::packages::{Packages, finished};
use crate::project::Project;
use crate::rpm::query;

/// The tools, and the releases that docs/comparison.md was written with.
const TOOLS: [&str; 2] = ["cargo-deb@3.8.0", "cargo-generate-rpm@0.21.1"];

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The folder of the tools, which are compiled once, without optimisation. Of two `cargo install` side by side, one takes
/// away what the other compiled.
fn tools() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let root = workspace().join("target/tools");
        let mut install = cargo();
        install.args(["install", "--debug", "--locked", "--quiet", "--root"]);
        install
            .arg(&root)
            .args(TOOLS)
            .env("CARGO_TARGET_DIR", root.join("build"))
            .env("CARGO_PROFILE_DEV_DEBUG", "false");
        finished(&mut install).success();
        root.join("bin")
    })
}

/// Packages that the tools made.
struct Plain {
    folder: TempDir,
}

impl Plain {
    /// Made once, of the programs in our own package: the tools build nothing.
    fn packages() -> &'static Self {
        static MADE: OnceLock<Plain> = OnceLock::new();
        MADE.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let release = folder.path().join("target/release");
            std::fs::create_dir_all(&release).unwrap();
            let ours = folder.path().join("ours");
            let mut unpack = Command::new("dpkg-deb");
            unpack
                .arg("--extract")
                .arg(Packages::dynamic_exec().file("deb"));
            finished(unpack.arg(&ours)).success();
            for program in [
                "usr/sbin/tidegated",
                "usr/bin/tidegate",
                "usr/libexec/tidegate/tidegate-plugin",
            ] {
                let program = ours.join(program);
                std::fs::copy(&program, release.join(program.file_name().unwrap())).unwrap();
            }
            let tools = tools();
            for (tool, arguments) in [
                (
                    "cargo-deb",
                    ["deb", "--no-build", "--fast", "-p", "tidegated"].as_slice(),
                ),
                (
                    "cargo-generate-rpm",
                    ["generate-rpm", "-p", "crates/tidegate/daemon"].as_slice(),
                ),
            ] {
                let mut make = Command::new(tools.join(tool));
                make.args(arguments)
                    .arg("-o")
                    .arg(folder.path().join("out/"))
                    .env("CARGO_TARGET_DIR", folder.path().join("target"))
                    .current_dir(workspace());
                std::fs::create_dir_all(folder.path().join("out")).unwrap();
                finished(&mut make).success();
            }
            Plain { folder }
        })
    }

    /// The one package whose name ends so.
    fn file(&self, ending: &str) -> PathBuf {
        let mut files = std::fs::read_dir(self.folder.path().join("out")).unwrap();
        let found = files.find_map(|file| {
            let path = file.unwrap().path();
            path.to_string_lossy().ends_with(ending).then_some(path)
        });
        found.expect("the tool made one")
    }
}

/// What a package holds: mode and path of each file, without folders.
fn files_of_deb(deb: &Path) -> BTreeSet<String> {
    let listing = finished(Command::new("dpkg-deb").arg("--contents").arg(deb)).success();
    let lines = listing.lines().filter(|line| !line.starts_with('d'));
    let file = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let path = words.get(5..).unwrap_or_default().join(" ");
        format!("{} {} {}", words[0], words[1], path.trim_start_matches('.'))
    };
    lines.map(file).collect()
}

fn field(deb: &Path, name: &str) -> String {
    let mut field = Command::new("dpkg-deb");
    finished(field.arg("--field").arg(deb).arg(name)).success()
}

fn relations(deb: &Path) -> BTreeSet<String> {
    let depends = field(deb, "Depends");
    depends.trim().split(", ").map(str::to_owned).collect()
}

/// What a maintainer script has systemd's helpers do: program, what it is told, and for which units.
fn calls(deb: &Path, script: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut control = Command::new("dpkg-deb");
    finished(control.arg("--control").arg(deb).arg(folder.path())).success();
    let text = std::fs::read_to_string(folder.path().join(script)).expect("the script is there");
    let helpers = [
        "deb-systemd-helper",
        "deb-systemd-invoke",
        "systemd-sysusers",
        "systemd-tmpfiles",
    ];
    let calls = text.lines().map(str::trim).filter(|line| {
        let line = line.trim_start_matches("if ").trim_start_matches("! ");
        helpers.iter().any(|helper| line.starts_with(helper))
    });
    let plain = |line: &str| {
        let call = line.split(" >").next().unwrap_or_default();
        call.replace("'", "").replace("if ", "")
    };
    calls.map(plain).collect()
}

/// What our own packages and those of the tools take.
macro_rules! require_tools {
    () => {
        require!(
            Need::Root,
            Need::Program("mmdebstrap"),
            Need::Program("rpm")
        );
    };
}

#[test]
fn cargo_deb_makes_the_same_debian_package_but_for_its_changelog() {
    require_tools!();
    let (ours, plain) = (
        Packages::dynamic_exec().file("deb"),
        Plain::packages().file(".deb"),
    );
    for name in [
        "Package",
        "Version",
        "Architecture",
        "Section",
        "Maintainer",
        "Homepage",
    ] {
        assert_eq!(field(&ours, name), field(&plain, name), "{name}");
    }
    let (our_files, plain_files) = (files_of_deb(&ours), files_of_deb(&plain));
    let lacks: Vec<&String> = our_files.difference(&plain_files).collect();
    let changelog = "-rw-r--r-- 0/0 /usr/share/doc/tidegate/changelog.Debian.gz";
    assert_eq!(lacks, [changelog]);
    let has: Vec<&String> = plain_files.difference(&our_files).collect();
    assert!(has.is_empty(), "{has:?}");
    // dpkg-shlibdeps leaves out the library that a newer libc6 comes with.
    let (our_relations, plain_relations) = (relations(&ours), relations(&plain));
    assert!(
        plain_relations.is_subset(&our_relations),
        "{plain_relations:?} {our_relations:?}"
    );
    let libraries = our_relations.difference(&plain_relations);
    let libraries: Vec<&String> = libraries
        .filter(|name| !name.starts_with("libgcc-s1"))
        .collect();
    assert!(libraries.is_empty(), "{libraries:?}");
}

#[test]
fn the_scripts_that_cargo_deb_makes_do_the_same_with_units_users_and_files() {
    require_tools!();
    let (ours, plain) = (
        Packages::dynamic_exec().file("deb"),
        Plain::packages().file(".deb"),
    );
    for script in ["postinst", "prerm", "postrm"] {
        let (our_calls, plain_calls) = (calls(&ours, script), calls(&plain, script));
        let lacks: Vec<&String> = plain_calls.difference(&our_calls).collect();
        assert!(lacks.is_empty(), "{script}: {lacks:?}");
        let more: Vec<&String> = our_calls.difference(&plain_calls).collect();
        // An upgrade restarts services, and not their sockets, which keep their connections then.
        let own: &[&str] = match script {
            "postinst" => &["deb-systemd-invoke $_dh_action tidegated.service"],
            _ => &[],
        };
        assert_eq!(more, own, "{script}");
    }
}

/// Mode, owner and path of each file of an RPM, without folders; of a man page as it is before it is compressed.
fn files_of_rpm(rpm: &Path) -> BTreeSet<String> {
    let format =
        "--queryformat=[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\n]";
    let files = query(rpm, format).into_iter();
    let files = files.filter(|line| !line.starts_with('d'));
    let plain = |line: String| match line.contains("/usr/share/man/") {
        true => line.trim_end_matches(".gz").to_owned(),
        false => line,
    };
    files.map(plain).collect()
}

/// What an RPM requires, without what the form of the file requires of rpm itself.
fn required(rpm: &Path) -> BTreeSet<String> {
    let all = query(rpm, "--requires").into_iter();
    let of_the_form = |name: &String| name.starts_with("rpmlib(") || name.starts_with("rtld(");
    all.filter(|name| !of_the_form(name)).collect()
}

/// The scripts of an RPM, line by line. rpm names `/bin/sh` where a package does, and runs it where none is named.
fn scriptlets(rpm: &Path) -> Vec<String> {
    let lines = query(rpm, "--scripts").into_iter();
    lines
        .map(|line| line.replace(" (using /bin/sh)", ""))
        .collect()
}

/// The same without the scripts of the project, which are not in the table for the tool, as a comment there says.
fn without_the_projects_own(scriptlets: &[String]) -> String {
    let mut text = scriptlets.join("\n");
    for script in std::fs::read_dir(workspace().join("packaging/rpm/scriptlets")).unwrap() {
        let own = std::fs::read_to_string(script.unwrap().path()).unwrap();
        assert!(text.contains(&own), "{own}\n{text}");
        text = text.replacen(&own, "", 1);
    }
    text
}

#[test]
fn cargo_generate_rpm_makes_the_same_rpm_but_for_links_own_scripts_and_compressed_pages() {
    require_tools!();
    let (ours, plain) = (
        Packages::dynamic_exec().file("rpm"),
        Plain::packages().file(".rpm"),
    );
    for tag in [
        "NAME", "VERSION", "RELEASE", "ARCH", "LICENSE", "URL", "SUMMARY",
    ] {
        let format = format!("--queryformat=%{{{tag}}}");
        assert_eq!(query(&ours, &format), query(&plain, &format), "{tag}");
    }
    // It makes no symbolic links: engines look for the plugin at these places.
    let (our_files, plain_files) = (files_of_rpm(&ours), files_of_rpm(&plain));
    let (links, our_files): (BTreeSet<String>, BTreeSet<String>) = our_files
        .into_iter()
        .partition(|file| file.starts_with('l'));
    assert_eq!(our_files, plain_files);
    assert_eq!(links.len(), 4, "{links:?}");
    assert_eq!(required(&ours), required(&plain));
    assert_eq!(
        query(&ours, "--configfiles"),
        query(&plain, "--configfiles")
    );
    assert_eq!(
        without_the_projects_own(&scriptlets(&ours)),
        scriptlets(&plain).join("\n")
    );
}

/// A project with a daemon, and a further package with a program.
const FURTHER: [(&str, &str); 8] = [
    (
        "Cargo.toml",
        "[package]\nname = \"swell\"\nversion = \"1.0.0\"\nedition = \"2024\"\nlicense = \"MIT\"\n\
         authors = [\"A. Person <a@example.org>\"]\nhomepage = \"https://example.org\"\n\
         description = \"Swells in the background\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"swell\"\nversion = \"1.0.0\"\n",
    ),
    (".gitignore", "/target\n"),
    ("src/bin/swelld.rs", "fn main() {}\n"),
    ("src/bin/swell.rs", "fn main() {}\n"),
    ("packaging/deb/postrm", "#!/bin/sh\nset -e\n#DEBHELPER#\n"),
    ("packaging/swell.conf", "u swell -\n"),
    (
        "packaging/dist.toml",
        r#"name = "swell"
summary = "Swells in the background"
description = "A daemon that does nothing."

[cargo]
packages = ["swell"]

[flavour.dynamic]
formats = ["deb", "rpm"]

[deb]
section = "misc"
conflicts = ["old-swell"]
maintainer-scripts = "packaging/deb"

[rpm]
group = "Applications/System"
obsoletes = ["old-swell < {version}"]

[package.swell-tools]
summary = "Asks how high the tide is"
description = "A program that does nothing either."
same-version = ["swell"]

[[asset]]
binary = "swelld"
dest = "/usr/sbin/swelld"

[[asset]]
source = "packaging/swell.conf"
dest = "/usr/lib/sysusers.d/"

[[asset]]
binary = "swell"
dest = "/usr/bin/swell"
package = "swell-tools"
"#,
    ),
];

#[test]
fn the_tools_make_a_further_package_that_takes_nothing_of_the_main_one() {
    require!(Need::Program("dpkg-deb"), Need::Program("rpm"));
    let project = Project::new("swell", |root| {
        for (name, text) in FURTHER {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    });
    finished(&mut project.toolkit(&["metadata"])).success();
    let mut build = cargo();
    build.args(["build", "--release", "--quiet"]);
    finished(project.alone(&mut build)).success();
    std::fs::create_dir_all(project.out()).unwrap();
    let tools = tools();
    let made = |tool: &str, arguments: &[&str], file: &str| {
        let mut make = Command::new(tools.join(tool));
        make.args(arguments)
            .args(["--variant", "swell-tools", "-o"]);
        make.arg(project.out());
        finished(project.alone(&mut make)).success();
        project.out().join(file)
    };
    let arch = finished(Command::new("dpkg").arg("--print-architecture")).success();
    let deb = made(
        "cargo-deb",
        &["deb", "--no-build", "--fast"],
        &format!("swell-tools_1.0.0-1_{}.deb", arch.trim()),
    );
    // An empty field is none for dpkg.
    assert_eq!(field(&deb, "Conflicts").trim(), "");
    let depends = relations(&deb);
    assert!(depends.contains("swell (= 1.0.0-1)"), "{depends:?}");
    let control = finished(Command::new("dpkg-deb").arg("--info").arg(&deb)).success();
    assert!(!control.contains("postrm") && !control.contains("postinst"));
    let files = files_of_deb(&deb);
    let programs = files.iter().filter(|file| file.contains("bin/"));
    let programs: Vec<&str> = programs
        .filter_map(|file| file.rsplit(' ').next())
        .collect();
    assert_eq!(programs, ["/usr/bin/swell"]);

    let machine = std::env::consts::ARCH;
    let rpm = made(
        "cargo-generate-rpm",
        &["generate-rpm"],
        &format!("swell-tools-1.0.0-1.{machine}.rpm"),
    );
    let requires = required(&rpm);
    assert!(requires.contains("swell = 1.0.0-1"), "{requires:?}");
    assert_eq!(query(&rpm, "--obsoletes"), [""; 0]);
    assert_eq!(query(&rpm, "--list"), ["/usr/bin/swell"]);
    let scripts = scriptlets(&rpm).concat();
    assert!(!scripts.contains("sysusers"), "{scripts}");
}
