//! Several packages of one project: made together, each with its own dependencies, and installed together.

#![cfg(feature = "writer")]
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

mod project;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use test_support::{Need, require};

use project::{Project, text};

const FILES: [(&str, &str); 9] = [
    (
        "Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"1.0.0\"\nedition = \"2024\"\nlicense = \"MIT\"\n\
         authors = [\"A. Person <a@example.org>\"]\nhomepage = \"https://example.org\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"1.0.0\"\n",
    ),
    (
        "src/bin/sampled.rs",
        "fn main() { println!(\"sampled 1.0.0\"); }\n",
    ),
    (
        "src/bin/sample.rs",
        "fn main() { println!(\"sample 1.0.0\"); }\n",
    ),
    ("data/words", "some words\n"),
    (
        "data/sampled.service",
        "[Service]\nExecStart=/usr/sbin/sampled\n[Install]\nWantedBy=multi-user.target\n",
    ),
    ("data/sample.conf", "g sample\n"),
    ("LICENSE", "As you like.\n"),
    (
        "packaging/dist.toml",
        r#"name = "sample"
summary = "Does it in the background"
description = "A daemon that prints what it is."

[cargo]
packages = ["sample"]

[stamp]
program = "sampled"
arguments = []
form = "version"

[flavour.dynamic]
formats = ["deb", "rpm", "tar"]

[deb]
section = "utils"

[rpm]
group = "Applications"

[package.sample-cli]
summary = "Asks the daemon"
description = "A program that prints what it is."
same-version = ["sample-data"]

[package.sample-cli.deb]
depends = ["less"]

[package.sample-data]
summary = "What the programs say"
description = "Some words."

[package.sample-data.deb]
section = "doc"

[[asset]]
binary = "sampled"
dest = "/usr/sbin/sampled"

[[asset]]
source = "data/sampled.service"
dest = "/usr/lib/systemd/system/"

[[asset]]
source = "data/sample.conf"
dest = "/usr/lib/sysusers.d/"

[[asset]]
binary = "sample"
dest = "/usr/bin/sample"
package = "sample-cli"

[[asset]]
source = "data/words"
dest = "/usr/share/sample/"
package = "sample-data"
"#,
    ),
];

impl Project {
    fn new() -> Self {
        Self::with(&FILES)
    }

    /// Makes every package into a folder, and returns the manifest.
    fn dist(&self, out: &str) -> Value {
        let folder = self.made(out);
        let folder = folder.display().to_string();
        let made = self.plimsoll(&[
            "dist",
            "--format",
            "deb,rpm,tar",
            "--out",
            &folder,
            "--json",
        ]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        serde_json::from_slice(&made.stdout).unwrap()
    }
}

/// What a command prints that ends well.
fn printed(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(arguments).arg(file).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// One artifact of a manifest, by its file.
fn artifact<'a>(manifest: &'a Value, file: &str) -> &'a Value {
    let artifacts = manifest["artifacts"].as_array().unwrap();
    let found = artifacts.iter().find(|it| it["file"] == file);
    assert!(found.is_some(), "no {file} in {manifest:#}");
    found.unwrap()
}

/// The texts of a list; a relation that a package has not is no key.
fn strings(list: &Value) -> Vec<&str> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

/// Lists what every package holds, says and needs, and that another run gives the same bytes.
#[test]
fn each_package_has_its_own_files_dependencies_and_scripts() {
    require!(Need::Program("dpkg-shlibdeps"));
    let project = Project::new();
    let manifest = project.dist("out");
    let files: Vec<&str> = manifest["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|artifact| artifact["file"].as_str().unwrap())
        .collect();
    let arch = std::env::consts::ARCH;
    let deb_arch = printed("dpkg", &[], Path::new("--print-architecture"));
    let deb = |name: &str| format!("{name}_1.0.0-1_{}.deb", deb_arch.trim());
    let rpm = |name: &str| format!("{name}-1.0.0-1.{arch}.rpm");
    let tar = format!("sample-1.0.0-{arch}-linux-dynamic.tar.gz");
    let names = ["sample", "sample-cli", "sample-data"];
    let expected: Vec<String> = names
        .map(deb)
        .into_iter()
        .chain(names.map(rpm))
        .chain([tar.clone()])
        .collect();
    assert_eq!(files, expected);
    for file in &expected {
        let list = format!("{file}.cdx.json");
        assert_eq!(
            artifact(&manifest, file)["components"]["file"],
            list.as_str()
        );
        assert!(project.made("out").join(list).is_file(), "{file}");
    }

    let [daemon, cli, data] = names.map(|name| artifact(&manifest, &deb(name)).clone());
    assert_eq!(daemon["name"], "sample");
    for (package, programs) in [
        (&daemon, vec!["sampled"]),
        (&cli, vec!["sample"]),
        (&data, vec![]),
    ] {
        let held = package["programs"].as_object().unwrap();
        assert_eq!(held.keys().collect::<Vec<_>>(), programs);
    }
    let users = "systemd | systemd-standalone-sysusers | systemd-sysusers";
    assert!(
        strings(&daemon["relations"]["depends"]).contains(&users),
        "{daemon:#}"
    );
    let needs_libc = |package: &Value| {
        let depends = strings(&package["relations"]["depends"]);
        depends
            .iter()
            .any(|clause| clause.starts_with("libc6 (>= "))
    };
    assert!(needs_libc(&daemon) && needs_libc(&cli) && !needs_libc(&data));
    let own: Vec<&str> = strings(&cli["relations"]["depends"]);
    assert!(
        own.contains(&"less") && own.contains(&"sample-data (= 1.0.0-1)"),
        "{own:?}"
    );
    assert_eq!(data["relations"], serde_json::json!({}));
    let rpm_cli = artifact(&manifest, &rpm("sample-cli"));
    assert!(strings(&rpm_cli["relations"]["depends"]).contains(&"sample-data = 1.0.0-1"));
    assert_eq!(strings(&artifact(&manifest, &tar)["holds"]), names);

    let out = project.made("out");
    let field = |name: &str, field: &str| {
        let file = out.join(deb(name));
        let shown = Command::new("dpkg-deb")
            .arg("--field")
            .args([&file, Path::new(field)])
            .output();
        text(&shown.unwrap().stdout).trim().to_owned()
    };
    assert_eq!(field("sample-data", "Section"), "doc");
    assert_eq!(field("sample-cli", "Section"), "utils");
    assert!(field("sample-cli", "Description").starts_with("Asks the daemon"));
    for (name, has_scripts) in [
        ("sample", true),
        ("sample-cli", false),
        ("sample-data", false),
    ] {
        let control = printed("dpkg-deb", &["--ctrl-tarfile"], &out.join(deb(name)));
        assert_eq!(control.contains("postinst"), has_scripts, "{name}");
    }
    let listed = printed("tar", &["--list", "--file"], &out.join(&tar));
    for file in [
        "usr/sbin/sampled",
        "usr/bin/sample",
        "usr/share/sample/words",
    ] {
        assert!(listed.contains(file), "{file} in {listed}");
    }

    let again = project.dist("again");
    assert_eq!(again["artifacts"], manifest["artifacts"]);
}

/// A system without scripts' needs, in which dpkg(1) believes that there are libc6 and less.
fn root(folder: &Path, arch: &str) {
    for name in ["info", "updates"] {
        std::fs::create_dir_all(folder.join("var/lib/dpkg").join(name)).unwrap();
    }
    let there = ["libc6", "libgcc-s1", "less"].map(|name| {
        format!(
            "Package: {name}\nStatus: install ok installed\nMaintainer: A <a@example.org>\n\
             Architecture: {arch}\nVersion: 99\nDescription: there\n\n"
        )
    });
    std::fs::write(folder.join("var/lib/dpkg/status"), there.concat()).unwrap();
}

#[test]
fn packages_of_one_build_are_installed_together_or_not_at_all() {
    require!(Need::Root, Need::Program("dpkg-shlibdeps"));
    let project = Project::new();
    project.dist("out");
    let arch = printed("dpkg", &[], Path::new("--print-architecture"));
    let arch = arch.trim();
    let file = |name: &str| project.made(&format!("out/{name}_1.0.0-1_{arch}.deb"));
    let older = project.made("older.deb");
    let data = file("sample-data");
    let [data_text, older_text] = [&data, &older].map(|path| path.display().to_string());
    let restamped = project.plimsoll(&["__writer", "restamp", &data_text, &older_text, "0.9-1"]);
    assert!(restamped.status.success(), "{}", text(&restamped.stderr));
    let install = |files: &[&Path]| {
        let root_folder = tempfile::tempdir().unwrap();
        root(root_folder.path(), arch);
        let mut dpkg = Command::new("dpkg");
        dpkg.arg("--root")
            .arg(root_folder.path())
            .arg("--install")
            .args(files);
        let output = dpkg.env("LC_ALL", "C.UTF-8").output().unwrap();
        (output.status.success(), text(&output.stderr))
    };
    let cli = file("sample-cli");
    for files in [vec![cli.as_path()], vec![&cli, &older]] {
        let (is_well, said) = install(&files);
        let refusal = "sample-cli depends on sample-data (= 1.0.0-1)";
        assert!(!is_well && said.contains(refusal), "{said}");
    }
    let (is_well, said) = install(&[&cli, &data]);
    assert!(is_well, "{said}");
}

/// Has the program of sample-cli call a library that no package of the system has, and that these assets put into packages.
fn with_library(assets: &str) -> Project {
    let project = Project::new();
    for (name, text) in [
        ("lib/tide.c", "int tide(void) { return 7; }\n"),
        (
            "src/bin/sample.rs",
            "unsafe extern \"C\" {\n    fn tide() -> i32;\n}\nfn main() { println!(\"{}\", unsafe { tide() }); }\n",
        ),
        (
            "build.rs",
            "fn main() {\n    let lib = concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/lib/libtide.so.1\");\n    \
             println!(\"cargo:rustc-link-arg-bin=sample={lib}\");\n}\n",
        ),
    ] {
        let path = project.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wl,-soname,libtide.so.1", "-o"]);
    let [library, source] = ["lib/libtide.so.1", "lib/tide.c"].map(|it| project.path(it));
    assert!(cc.arg(library).arg(source).status().unwrap().success());
    let dist = project.path("packaging/dist.toml");
    let text = std::fs::read_to_string(&dist).unwrap();
    std::fs::write(dist, text + assets).unwrap();
    project
}

const LIBRARY: &str = r#"
[package.libtide1]
summary = "What the programs have in common"
description = "A shared library."

[[asset]]
source = "lib/libtide.so.1"
dest = "/usr/lib/sample/"
package = "libtide1"
"#;

#[test]
fn a_package_depends_on_the_package_of_the_build_that_brings_its_library() {
    require!(Need::Program("dpkg-shlibdeps"), Need::Program("rpm"));
    let project = with_library(LIBRARY);
    let manifest = project.dist("out");
    let artifacts = manifest["artifacts"].as_array().unwrap();
    let made = |name: &str, format: &str| {
        let mut made = artifacts.iter();
        made.find(|it| it["name"] == name && it["format"] == format)
            .unwrap()
    };
    let depends = |name, format| strings(&made(name, format)["relations"]["depends"]);
    let cli = depends("sample-cli", "deb");
    assert!(cli.contains(&"libtide1 (= 1.0.0-1)"), "{cli:?}");
    assert!(cli.contains(&"less"), "{cli:?}");
    let cli = depends("sample-cli", "rpm");
    assert!(cli.contains(&"libtide1 = 1.0.0-1"), "{cli:?}");
    assert!(!cli.iter().any(|it| it.contains("libtide.so")), "{cli:?}");
    // Nobody else needs it, and it needs nobody of the build.
    for (name, format) in [
        ("sample", "deb"),
        ("sample", "rpm"),
        ("libtide1", "deb"),
        ("libtide1", "rpm"),
    ] {
        let depends = depends(name, format);
        let others = ["libtide", "sample"];
        let on = |it: &&str| others.iter().any(|other| it.starts_with(other));
        assert!(!depends.iter().any(on), "{name}: {depends:?}");
    }

    let rpm = |name: &str| {
        let file = made(name, "rpm")["file"].as_str().unwrap();
        project.made("out").join(file)
    };
    let folder = tempfile::tempdir().unwrap();
    let install = |files: &[PathBuf]| {
        let mut rpm = Command::new("rpm");
        rpm.args(["--dbpath", "/db", "--root"]).arg(folder.path());
        rpm.args(["--install", "--test"]).args(files);
        text(&rpm.output().unwrap().stderr)
    };
    let alone = install(&[rpm("sample-cli")]);
    assert!(alone.contains("libtide1 = 1.0.0-1 is needed by"), "{alone}");
    let together = install(&["sample-cli", "sample-data", "libtide1"].map(rpm));
    assert!(!together.contains("libtide"), "{together}");
}

#[test]
fn a_library_that_two_packages_of_the_build_bring_is_of_the_one_that_is_named() {
    require!(Need::Program("dpkg-shlibdeps"));
    let twice = "[[asset]]\nsource = \"lib/libtide.so.1\"\ndest = \"/usr/lib/other/\"\npackage = \"sample-data\"\n";
    let project = with_library(&format!("{LIBRARY}{twice}"));
    // `same-version` of sample-cli has sample-data.
    let manifest = project.dist("out");
    let mut artifacts = manifest["artifacts"].as_array().unwrap().iter();
    let cli = artifacts.find(|it| it["name"] == "sample-cli").unwrap();
    let depends = strings(&cli["relations"]["depends"]);
    assert!(!depends.iter().any(|it| it.starts_with("libtide1")));

    let dist = project.path("packaging/dist.toml");
    let config = std::fs::read_to_string(&dist).unwrap();
    let config = config.replace("same-version = [\"sample-data\"]\n", "");
    std::fs::write(dist, config).unwrap();
    let refused = project.plimsoll(&["dist", "--format", "rpm"]);
    let said = text(&refused.stderr);
    let fault = "sample: needs libtide.so.1, which libtide1 and sample-data of this build bring: name one of them in \
                 `same-version` of sample-cli";
    assert!(!refused.status.success() && said.contains(fault), "{said}");
}

/// Puts debug packages beside those of the project, whose programs have `debug` in the profile.
fn with_debug(debug: &str) -> Project {
    let project = Project::new();
    let edit = |name: &str, from: &str, to: &str| {
        let path = project.path(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    let profile = format!("[profile.release]\n{debug}\n[package]");
    edit("Cargo.toml", "[package]", &profile);
    let debug = "debug-packages = true\n\n[cargo]";
    edit("packaging/dist.toml", "[cargo]", debug);
    project
}

#[test]
fn debug_packages_hold_the_symbols_where_debuggers_look() {
    require!(
        Need::Root,
        Need::Program("dpkg-shlibdeps"),
        Need::Program("rpm2cpio"),
        Need::Program("cpio")
    );
    let project = with_debug("debug = \"line-tables-only\"");
    let manifest = project.dist("out");
    let arch = printed("dpkg", &[], Path::new("--print-architecture"));
    let arch = arch.trim();
    let file = |name: &str| project.made(&format!("out/{name}_1.0.0-1_{arch}.deb"));
    let names: Vec<&str> = manifest["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|artifact| artifact["format"] == "deb")
        .map(|artifact| artifact["name"].as_str().unwrap())
        .collect();
    // The package without a program has no symbols.
    let expected = [
        "sample",
        "sample-dbgsym",
        "sample-cli",
        "sample-cli-dbgsym",
        "sample-data",
    ];
    assert_eq!(names, expected);

    let cli = artifact(
        &manifest,
        file("sample-cli").file_name().unwrap().to_str().unwrap(),
    );
    let id = cli["programs"]["sample"]["build-id"].as_str().unwrap();
    let control = printed("dpkg-deb", &["--field"], &file("sample-cli-dbgsym"));
    for line in [
        "Section: debug",
        "Auto-Built-Package: debug-symbols",
        "Depends: sample-cli (= 1.0.0-1)",
        &format!("Build-Ids: {id}"),
    ] {
        assert!(control.lines().any(|it| it == line), "{line} in {control}");
    }

    let docs = printed("dpkg-deb", &["--contents"], &file("sample-cli-dbgsym"));
    let link = "./usr/share/doc/sample-cli-dbgsym -> sample-cli";
    assert!(docs.contains(link) && !docs.contains("copyright"), "{docs}");

    let folder = tempfile::tempdir().unwrap();
    root(folder.path(), arch);
    let mut dpkg = Command::new("dpkg");
    dpkg.arg("--root").arg(folder.path()).arg("--install");
    dpkg.args(["sample-cli", "sample-cli-dbgsym", "sample-data"].map(file));
    let output = dpkg.env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let place = format!("usr/lib/debug/.build-id/{}/{}.debug", &id[..2], &id[2..]);
    has_lines(&folder.path().join(&place));
    let program = folder.path().join("usr/bin/sample");
    let sections = printed("readelf", &["--sections", "--wide"], &program);
    assert!(
        !sections.contains(".symtab") && !sections.contains(".debug_info"),
        "{sections}"
    );
    assert!(sections.contains(".gnu_debuglink"), "{sections}");

    // What an RPM's links lead to is the same.
    let folder = tempfile::tempdir().unwrap();
    let machine = std::env::consts::ARCH;
    for name in ["sample-cli", "sample-cli-debuginfo"] {
        let rpm = project.made(&format!("out/{name}-1.0.0-1.{machine}.rpm"));
        let script = "rpm2cpio \"$1\" | cpio --extract --make-directories --quiet";
        let mut unpack = Command::new("sh");
        unpack
            .args(["-c", script, "sh"])
            .arg(rpm)
            .current_dir(folder.path());
        assert!(unpack.status().unwrap().success());
    }
    let debug = format!("usr/lib/debug/usr/bin/sample-1.0.0-1.{machine}.debug");
    let link = folder.path().join(&place).canonicalize().unwrap();
    assert_eq!(link, folder.path().canonicalize().unwrap().join(debug));
    has_lines(&link);
    let of_id = folder.path().join(place.trim_end_matches(".debug"));
    let program = folder.path().canonicalize().unwrap().join("usr/bin/sample");
    assert_eq!(of_id.canonicalize().unwrap(), program);
}

/// Demands that a debugger finds the lines of the program's source.
fn has_lines(file: &Path) {
    let lines = printed("readelf", &["--debug-dump=rawline"], file);
    assert!(
        lines.contains("sample.rs"),
        "no lines in {}",
        file.display()
    );
}

#[test]
fn an_empty_debug_package_is_refused_with_what_mends_it() {
    for debug in ["debug = false", "debug = true\nstrip = true"] {
        let project = with_debug(debug);
        let output = project.plimsoll(&["dist", "--format", "deb"]);
        let said = text(&output.stderr);
        for words in [
            "has no debug information: its debug package would be empty",
            "hint: set `debug = \"line-tables-only\"` or `debug = true` in the Cargo profile",
        ] {
            assert!(
                !output.status.success() && said.contains(words),
                "{words} in {said}"
            );
        }
    }
}

#[test]
fn one_path_of_two_packages_is_refused_with_its_line() {
    let project = Project::new();
    let path = project.path("packaging/dist.toml");
    let plain = std::fs::read_to_string(&path).unwrap();
    let twice = plain.clone()
        + "\n[[asset]]\nsource = \"data/words\"\ndest = \"/usr/bin/sample\"\npackage = \"sample-data\"\n";
    std::fs::write(&path, &twice).unwrap();
    let output = project.plimsoll(&["dist", "--check-config"]);
    let said = text(&output.stderr);
    let line = |of: &str| 1 + twice.lines().position(|line| line == of).unwrap();
    let first = line("dest = \"/usr/bin/sample\"");
    let last = twice.lines().count() - 1;
    let fault = format!(
        "packaging/dist.toml:{last}: asset /usr/bin/sample has the same destination as the asset in line {first}"
    );
    assert!(!output.status.success() && said.contains(&fault), "{said}");

    let unknown = plain.replacen("package = \"sample-cli\"", "package = \"simple\"", 1);
    std::fs::write(&path, &unknown).unwrap();
    let said = text(&project.plimsoll(&["dist", "--check-config"]).stderr);
    let line = 1 + unknown
        .lines()
        .position(|line| line == "package = \"simple\"")
        .unwrap();
    let fault = format!("dist.toml:{line}: no package \"simple\" is declared");
    assert!(said.contains(&fault), "{said}");
}
