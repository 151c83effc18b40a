//! A crate of another dependency that brings its own copy of a C library.

use plimsoll_build::run::{self, Observer};
use plimsoll_probe::{FlavourName, Request as FlavourRequest};

use super::*;

/// Keeps what is said.
#[derive(Default)]
struct Listening(Vec<String>);

impl Observer for Listening {
    fn step(&mut self, _number: usize, _total: usize, _name: &str) {}
    fn line(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }
}

/// A build script that compiles a copy of a library, as those of `-sys` crates do.
const BUILD: &str = r#"use std::{env, fs, path::Path, process::Command};

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let file = |name: &str| Path::new(&out).join(name);
    fs::write(file("x.c"), "const char text[] = \" deflate 1.2.11 Copyright 1995-2017 \";\nconst char *held(void) { return text; }\n").unwrap();
    let run = |command: &mut Command| assert!(command.status().unwrap().success());
    run(Command::new("cc").args(["-c", "-fPIC", "-o"]).args([file("x.o"), file("x.c")]));
    run(Command::new("ar").arg("rcs").args([file("libARCHIVE.a"), file("x.o")]));
    println!("cargo:rustc-link-search=native={out}");
    println!("cargo:rustc-link-lib=static=ARCHIVE");
}
"#;

const LIBRARY: &str = r#"unsafe extern "C" {
    fn held() -> *const core::ffi::c_char;
}

/// Keeps the copy in the program.
pub fn touch() -> usize {
    unsafe { held() as usize }
}
"#;

impl Project {
    /// Adds a dependency that links a static archive which it compiled.
    fn hold(&self, archive: &str) {
        let put = |path: &str, text: &str| {
            let path = self.folder(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let get = |path: &str| std::fs::read_to_string(self.folder(path)).unwrap();
        put(
            "held-sys/Cargo.toml",
            "[package]\nname = \"held-sys\"\nversion = \"0.3.1\"\nedition = \"2024\"\nlinks = \"held\"\nlicense = \"MIT/Apache-2.0\"\n",
        );
        put("held-sys/build.rs", &BUILD.replace("ARCHIVE", archive));
        put("held-sys/src/lib.rs", LIBRARY);
        let manifest = get("user/Cargo.toml");
        put(
            "user/Cargo.toml",
            &format!("{manifest}\n[dependencies]\nheld-sys = {{ path = \"../held-sys\" }}\n"),
        );
        let main = get("user/src/main.rs");
        put(
            "user/src/main.rs",
            &main.replace(
                "fn main() {",
                "fn main() {\n    assert!(held_sys::touch() > 0);",
            ),
        );
        let user = "name = \"user\"\nversion = \"0.1.0\"\n";
        let held = "[[package]]\nname = \"held-sys\"\nversion = \"0.3.1\"\n\n[[package]]\n";
        let lock = get("Cargo.lock").replace(
            &format!("[[package]]\n{user}"),
            &format!("{held}{user}dependencies = [\n \"held-sys\",\n]\n"),
        );
        put("Cargo.lock", &lock);
    }

    /// Packages with another line in the configuration.
    fn packaged(&self, line: &str, request: &Request) -> (Result<(), String>, Vec<String>) {
        let config = parsed(&format!("{line}\n{CONFIG}{BROUGHT}"));
        let places = self.plan().unwrap().places;
        let formats = formats();
        let findings = self.findings();
        let source = fixtures::source();
        let plan = plan(
            formats.rules(),
            &config,
            &source,
            &places,
            &findings,
            request,
        )
        .unwrap();
        let mut listening = Listening::default();
        let result = run::run(&formats, &config, &plan, &mut listening).map(drop);
        let result = result.map_err(|error| {
            let hint = error_hint::Hint::hint(&error)
                .unwrap_or_default()
                .into_owned();
            format!("{}hint: {hint}", error_chain(&error))
        });
        (result, listening.0)
    }
}

const WORDS: &str = "a copy of zlib 1.2.11 of held-sys 0.3.1 (a build script made libz.a)";

#[test]
fn a_copy_of_a_library_in_another_dependency_is_reported_and_in_the_list_of_components() {
    let project = Project::new();
    project.hold("z");
    let (result, said) = project.packaged("", &Request::default());
    result.unwrap();
    let warning = format!("warning: flavour full holds {WORDS}");
    assert!(said.contains(&warning), "{said:?}");

    let read = |name: &str| std::fs::read_to_string(project.folder("out").join(name)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
    let artifact = &manifest["artifacts"][0];
    let bundled = &artifact["bundled"][0];
    assert_eq!(bundled["name"], "zlib");
    assert_eq!(bundled["crate"], "held-sys 0.3.1");
    assert_eq!(artifact["components"]["file"], "user.list.cdx.json");
    let sum = artifact["components"]["sha256"].as_str().unwrap();
    let line = format!("{sum}  user.list.cdx.json\n");
    assert!(
        read("SHA256SUMS").ends_with(&line),
        "{}",
        read("SHA256SUMS")
    );

    let text = read("user.list.cdx.json");
    assert!(
        !text.contains(&project.root.display().to_string()),
        "{text}"
    );
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    let components = list["components"].as_array().unwrap();
    let named = components.iter().map(|component| {
        let [name, version] =
            ["name", "version"].map(|key| component[key].as_str().unwrap_or_default());
        format!("{name} {version}")
    });
    let named: Vec<String> = named.collect();
    for expected in ["user 0.1.0", "held-sys 0.3.1", "zlib 1.2.11"] {
        assert!(
            named.iter().any(|name| name == expected),
            "{expected}: {named:?}"
        );
    }
    assert!(
        !named.iter().any(|name| name.starts_with("xtask")),
        "{named:?}"
    );
    assert!(
        named.iter().any(|name| name.starts_with("libc.so.6 ")),
        "{named:?}"
    );
    let held = components
        .iter()
        .find(|it| it["name"] == "held-sys")
        .unwrap();
    assert_eq!(held["licenses"][0]["expression"], "MIT OR Apache-2.0");

    // The same packages have the same list.
    std::fs::remove_dir_all(project.folder("out")).unwrap();
    project.packaged("", &Request::default()).0.unwrap();
    assert_eq!(read("user.list.cdx.json"), text);
}

#[test]
fn a_copy_is_refused_or_allowed_as_the_configuration_says() {
    let project = Project::new();
    project.hold("z");
    for refusing in ["bundled = \"refuse\"", "bundled = { allow = [\"ring\"] }"] {
        let (result, _) = project.packaged(refusing, &Request::default());
        let error = result.unwrap_err();
        let fault = format!("flavour full: holds {WORDS}, which `bundled` refuses");
        assert!(error.contains(&fault), "{error}");
        assert!(error.contains("hint: turn off the feature"), "{error}");
    }
    let allowing = "bundled = { allow = [\"zlib\"] }";
    let (result, said) = project.packaged(allowing, &Request::default());
    result.unwrap();
    assert!(!said.iter().any(|line| line.contains("zlib")), "{said:?}");
}

#[test]
fn a_static_copy_of_a_declared_library_in_the_flavour_without_it_is_refused() {
    let project = Project::new();
    project.hold("two");
    let request = Request {
        flavour: FlavourRequest::Exactly(FlavourName::new("plain")),
        ..Request::default()
    };
    let (result, _) = project.packaged("", &request);
    let error = result.unwrap_err();
    let fault = "(a build script made libtwo.a), and is planned without two";
    assert!(error.contains(fault), "{error}");
}
