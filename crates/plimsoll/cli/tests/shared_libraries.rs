//! Shared libraries that Cargo builds: in packages as programs are, with what they need and with their symbols apart.

#![cfg(feature = "writer")]
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

mod project;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use test_support::{Need, require};

use project::{Project, text};

/// A workspace with a program, whose package is a library for programs and a cdylib too, and a plugin that is nothing but a
/// cdylib. The plugin calls a C library that another package of the build brings.
const FILES: [(&str, &str); 10] = [
    (
        "Cargo.toml",
        "[workspace]\nmembers = [\"sample\", \"plugin\"]\nresolver = \"2\"\n[profile.release]\ndebug = \"line-tables-only\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"sample-plugin\"\n\
         version = \"0.3.0\"\n",
    ),
    (
        "sample/Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"1.0.0\"\nedition = \"2024\"\nlicense = \"MIT\"\n\
         authors = [\"A. Person <a@example.org>\"]\nhomepage = \"https://example.org\"\n\
         [lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n",
    ),
    (
        "sample/src/lib.rs",
        "#[unsafe(no_mangle)]\npub extern \"C\" fn sample() -> i32 {\n    std::env::args().count() as i32\n}\n",
    ),
    (
        "sample/src/main.rs",
        "fn main() { println!(\"{}\", sample::sample()); }\n",
    ),
    (
        "plugin/Cargo.toml",
        "[package]\nname = \"sample-plugin\"\nversion = \"0.3.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
    ),
    (
        "plugin/build.rs",
        "fn main() {\n    let lib = concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/libtide.so.1\");\n    \
         println!(\"cargo:rustc-cdylib-link-arg={lib}\");\n}\n",
    ),
    (
        "plugin/src/lib.rs",
        "unsafe extern \"C\" {\n    fn tide() -> i32;\n}\n#[unsafe(no_mangle)]\npub extern \"C\" fn plugin() -> i32 {\n    \
         println!(\"plugin\");\n    unsafe { tide() }\n}\n",
    ),
    ("plugin/tide.c", "int tide(void) { return 7; }\n"),
    (
        "packaging/dist.toml",
        r#"name = "sample"
summary = "Counts its arguments"
description = "A program that prints how many arguments it has."
debug-packages = true

[cargo]
packages = ["sample", "sample-plugin"]

[flavour.dynamic]
formats = ["deb", "rpm"]

[flavour.static]
formats = ["tar"]

[deb]
section = "utils"

[rpm]
group = "Applications"

[package.sample-plugin]
summary = "What sample can be told more"
description = "A plugin."

[package.libtide1]
summary = "What plugins have in common"
description = "A shared library."

[[asset]]
binary = "sample"
dest = "/usr/bin/sample"

[[asset]]
library = "sample"
dest = "/usr/lib/sample/sample.so"
formats = ["deb", "rpm"]

[[asset]]
library = "sample-plugin"
dest = "/usr/lib/sample/plugins/"
formats = ["deb", "rpm"]
package = "sample-plugin"

[[asset]]
source = "plugin/libtide.so.1"
dest = "/usr/lib/sample/"
formats = ["deb", "rpm"]
package = "libtide1"
"#,
    ),
];

impl Project {
    fn new() -> Self {
        let project = Self::with(&FILES);
        let [library, source] = ["plugin/libtide.so.1", "plugin/tide.c"].map(|it| project.path(it));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-Wl,-soname,libtide.so.1", "-o"]);
        assert!(cc.arg(library).arg(source).status().unwrap().success());
        project
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.path(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// What a command says that fails.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.plimsoll(arguments);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{said}");
        said
    }

    /// Makes packages, and returns the manifest.
    fn dist(&self, arguments: &[&str]) -> Value {
        let made = self.plimsoll(&[&["dist", "--json"], arguments].concat());
        assert!(made.status.success(), "{}", text(&made.stderr));
        serde_json::from_slice(&made.stdout).unwrap()
    }

    /// The files of a package, unpacked.
    fn unpacked(&self, made: &Value) -> PathBuf {
        let file = made["file"].as_str().unwrap();
        let folder = self.made("unpacked").join(file);
        let path = self.made("target/dist").join(file);
        let [path, to] = [path, folder.clone()].map(|it| it.display().to_string());
        let output = self.plimsoll(&["__writer", "unpack", &path, &to]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        folder
    }
}

/// The artifact of a package in a format.
fn made<'a>(manifest: &'a Value, name: &str, format: &str) -> &'a Value {
    let mut artifacts = manifest["artifacts"].as_array().unwrap().iter();
    let found = artifacts.find(|it| it["name"] == name && it["format"] == format);
    assert!(found.is_some(), "no {name} in {manifest:#}");
    found.unwrap()
}

fn depends(artifact: &Value) -> Vec<&str> {
    let list = artifact["relations"]["depends"].as_array();
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn sections(file: &Path) -> String {
    let readelf = Command::new("readelf")
        .args(["--sections", "--wide"])
        .arg(file)
        .output();
    let readelf = readelf.unwrap();
    assert!(readelf.status.success(), "{}", text(&readelf.stderr));
    text(&readelf.stdout)
}

/// Demands the same in both formats: the library's place and mode, what it needs, and its symbols in the debug package alone.
#[test]
fn libraries_that_cargo_builds_are_packaged_as_programs_are() {
    require!(Need::Program("dpkg-shlibdeps"), Need::Program("readelf"));
    let project = Project::new();
    // Wherever Cargo puts them.
    std::fs::create_dir(project.path(".cargo")).unwrap();
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    std::fs::write(
        project.path(".cargo/config.toml"),
        format!("[build]\ntarget = \"{target}\"\n"),
    )
    .unwrap();
    let manifest = project.dist(&["--flavour", "dynamic", "--format", "deb,rpm"]);
    for (format, debug, on_tide) in [
        ("deb", "-dbgsym", "libtide1 (= 1.0.0-1)"),
        ("rpm", "-debuginfo", "libtide1 = 1.0.0-1"),
    ] {
        for (name, dest, library) in [
            ("sample", "usr/lib/sample/sample.so", "libsample.so"),
            (
                "sample-plugin",
                "usr/lib/sample/plugins/libsample_plugin.so",
                "libsample_plugin.so",
            ),
        ] {
            let package = made(&manifest, name, format);
            let id = package["programs"][library]["build-id"].as_str();
            let id = id.unwrap_or_else(|| unreachable!("{library} in {package:#}"));
            let folder = project.unpacked(package);
            let file = folder.join(dest);
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o644, "{dest}");
            let sections = sections(&file);
            assert!(!sections.contains(".symtab"), "{sections}");
            assert!(sections.contains(".gnu_debuglink"), "{sections}");
            let list = depends(package);
            let needs_libc =
                |it: &&str| it.starts_with("libc6 (>= ") || it.starts_with("libc.so.6(GLIBC_");
            assert!(list.iter().any(needs_libc), "{list:?}");
            assert_eq!(list.contains(&on_tide), name == "sample-plugin", "{list:?}");

            let symbols = project.unpacked(made(&manifest, &format!("{name}{debug}"), format));
            let place = format!("usr/lib/debug/.build-id/{}/{}.debug", &id[..2], &id[2..]);
            assert!(symbols.join(&place).symlink_metadata().is_ok(), "{place}");
            let list = project
                .made("target/dist")
                .join(package["components"]["file"].as_str().unwrap());
            let list = std::fs::read_to_string(list).unwrap();
            let own = if name == "sample" {
                "crate:sample@1.0.0"
            } else {
                "crate:sample-plugin@0.3.0"
            };
            assert!(list.contains(own), "{list}");
        }
    }
    // A static build makes no library, and the plugin has nothing else.
    let manifest = project.dist(&["--flavour", "static", "--format", "tar"]);
    let tar = &manifest["artifacts"][0];
    let programs = tar["programs"].as_object().unwrap();
    assert_eq!(programs.keys().collect::<Vec<_>>(), ["sample"]);
}

/// Debian Policy 8.1, and packages of SUSE, whose glibc renews no cache by itself.
#[test]
fn a_library_for_every_program_is_in_the_linkers_cache_under_its_soname() {
    require!(
        Need::Program("dpkg-shlibdeps"),
        Need::Program("dpkg-deb"),
        Need::Program("rpm")
    );
    let project = Project::new();
    let asset = "source = \"plugin/libtide.so.1\"\ndest = \"/usr/lib/sample/\"\n";
    let renamed = asset.replace("/usr/lib/sample/", "/usr/lib/libtide.so.1.0");
    project.edit("packaging/dist.toml", asset, &renamed);
    let dist = ["--flavour", "dynamic", "--format", "deb,rpm"];
    let said = project.refused(&[&["dist"][..], &dist].concat());
    let fault =
        "programs look for it as libtide.so.1, and the package has no /usr/lib/libtide.so.1";
    assert!(said.contains(fault), "{said}");

    let public = asset.replace("/usr/lib/sample/", "/usr/lib/");
    project.edit("packaging/dist.toml", &renamed, &public);
    let manifest = project.dist(&dist);
    let path = |name: &str, format: &str| {
        let file = made(&manifest, name, format)["file"].as_str().unwrap();
        project.made("target/dist").join(file)
    };
    let printed = |program: &str, arguments: &[&str], file: &Path, more: &[&str]| {
        let mut command = Command::new(program);
        let output = command.args(arguments).arg(file).args(more).output();
        text(&output.unwrap().stdout)
    };
    for (name, triggers, shlibs) in [
        (
            "libtide1",
            "activate-noawait ldconfig\n",
            "libtide 1 libtide1 (>= 1.0.0)\n",
        ),
        // A plugin is for its program alone.
        ("sample-plugin", "", ""),
    ] {
        let deb = path(name, "deb");
        for (file, wanted) in [("triggers", triggers), ("shlibs", shlibs)] {
            assert_eq!(printed("dpkg-deb", &["--info"], &deb, &[file]), wanted);
        }
        let scripts = printed("rpm", &["-qp", "--scripts"], &path(name, "rpm"), &[]);
        let calls = scripts.matches("/sbin/ldconfig || :").count();
        assert_eq!(calls, if triggers.is_empty() { 0 } else { 2 }, "{scripts}");
    }
}

#[test]
fn a_library_that_needs_what_no_package_has_is_refused() {
    require!(Need::Program("dpkg-shlibdeps"));
    let project = Project::new();
    project.edit(
        "packaging/dist.toml",
        "[[asset]]\nsource = \"plugin/libtide.so.1\"\n",
        "[[asset]]\nsource = \"plugin/tide.c\"\n",
    );
    let said = project.refused(&["dist", "--flavour", "dynamic", "--format", "deb"]);
    let fault = "libsample_plugin.so: needs libtide.so.1, which no native-dep declares";
    assert!(said.contains(fault), "{said}");
}

#[test]
fn a_library_that_cargo_does_not_build_is_named_before_the_build() {
    let project = Project::new();
    let check = || project.refused(&["dist", "--check-config"]);
    let line = |wanted: &str| {
        let text = std::fs::read_to_string(project.path("packaging/dist.toml")).unwrap();
        let line = text.lines().position(|line| line == wanted).unwrap();
        format!("packaging/dist.toml:{}: ", line + 1)
    };
    let sample = line("dest = \"/usr/lib/sample/sample.so\"");
    let plugin = line("dest = \"/usr/lib/sample/plugins/\"");

    project.edit(
        "packaging/dist.toml",
        "library = \"sample\"\n",
        "library = \"simple\"\n",
    );
    let said = check();
    let fault = format!("{sample}Cargo builds no library simple in sample, sample-plugin");
    assert!(said.contains(&fault), "{said}");
    assert!(
        said.contains("the libraries are sample, sample_plugin; add"),
        "{said}"
    );
    project.edit(
        "packaging/dist.toml",
        "library = \"simple\"\n",
        "library = \"sample\"\n",
    );

    let both = "crate-type = [\"rlib\", \"cdylib\"]";
    project.edit("sample/Cargo.toml", both, "crate-type = [\"rlib\"]");
    let said = check();
    let fault = format!("{sample}library sample of Cargo package sample is no cdylib");
    assert!(said.contains(&fault), "{said}");
    assert!(said.contains("hint: add `crate-type = "), "{said}");
    project.edit("sample/Cargo.toml", "crate-type = [\"rlib\"]", both);

    let formats = "dest = \"/usr/lib/sample/plugins/\"\nformats = [\"deb\", \"rpm\"]\n";
    project.edit(
        "packaging/dist.toml",
        formats,
        "dest = \"/usr/lib/sample/plugins/\"\n",
    );
    let said = check();
    let fault = format!(
        "{plugin}library sample-plugin cannot be in .tar packages of the static flavour static"
    );
    assert!(said.contains(&fault), "{said}");
    assert!(
        said.contains("hint: list the other formats in `formats` of the asset"),
        "{said}"
    );
}
