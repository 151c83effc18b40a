//! The rules of pkg-config's environment are written down twice: here, and in the `pkg-config`
//! crate, which takes host and target from its own process. Both must give the same answer.
//!
//! Each case runs in a child process, this test program once more, with the case's environment.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::path::Path;
use std::process::Command;

use plimsoll_probe::{Host, PkgConfig, PkgConfigError, Version};
use test_support::{Need, require};

const HOST: &str = "x86_64-unknown-linux-gnu";
const ARM: &str = "aarch64-unknown-linux-gnu";

/// A library of our own, so that nothing that is installed matters.
const LIBRARY: &str = "probe-me";

/// Holds the target in a child process, and is unset in the parent.
const CHILD: &str = "AGREEMENT_TARGET";

/// An environment, and what both must make of it. `DIR` in a value is the folder of the `.pc`
/// file; the child is given no other folder.
struct Case {
    target: &'static str,
    environment: &'static [(&'static str, &'static str)],
    expected: &'static str,
}

const FOUND: &str = r#"found 1.2.3 in ["/opt/probe me/lib"]"#;

/// With `--static`, the private flags come too; some releases of pkg-config repeat them.
const STATIC: &str = r#"found 1.2.3 in ["/opt/probe me/lib", "/opt/private""#;

const CASES: [Case; 16] = [
    case(HOST, &[("PKG_CONFIG_PATH", "DIR")], FOUND),
    case(HOST, &[("PKG_CONFIG_LIBDIR", "DIR")], FOUND),
    case(HOST, &[("HOST_PKG_CONFIG_PATH", "DIR")], FOUND),
    case(
        HOST,
        &[("PKG_CONFIG_PATH_x86_64_unknown_linux_gnu", "DIR")],
        FOUND,
    ),
    case(HOST, &[("TARGET_PKG_CONFIG_PATH", "DIR")], "not found"),
    case(
        HOST,
        &[("PKG_CONFIG_PATH", "DIR"), ("PROBE_ME_NO_PKG_CONFIG", "1")],
        "forbidden",
    ),
    case(
        HOST,
        &[
            ("PKG_CONFIG_PATH", "DIR"),
            ("PKG_CONFIG", "no-such-pkg-config"),
        ],
        "not run",
    ),
    case(
        HOST,
        &[("PKG_CONFIG_PATH", "DIR"), ("PKG_CONFIG_ALLOW_CROSS", "0")],
        FOUND,
    ),
    case(
        HOST,
        &[("PKG_CONFIG_PATH", "DIR"), ("PROBE_ME_STATIC", "1")],
        STATIC,
    ),
    case(ARM, &[("PKG_CONFIG_PATH", "DIR")], "cross"),
    case(
        ARM,
        &[("PKG_CONFIG_PATH", "DIR"), ("PKG_CONFIG_ALLOW_CROSS", "1")],
        FOUND,
    ),
    case(
        ARM,
        &[
            ("PKG_CONFIG_PATH", "DIR"),
            ("TARGET_PKG_CONFIG_ALLOW_CROSS", ""),
        ],
        FOUND,
    ),
    case(
        ARM,
        &[
            ("PKG_CONFIG_ALLOW_CROSS", "1"),
            ("PKG_CONFIG_LIBDIR_aarch64-unknown-linux-gnu", "DIR"),
        ],
        FOUND,
    ),
    case(
        ARM,
        &[
            ("PKG_CONFIG_ALLOW_CROSS", "0"),
            ("PKG_CONFIG", "pkg-config"),
            ("PKG_CONFIG_PATH", "DIR"),
        ],
        "cross",
    ),
    case(
        ARM,
        &[("PKG_CONFIG", "pkg-config"), ("PKG_CONFIG_PATH", "DIR")],
        FOUND,
    ),
    case(
        ARM,
        &[
            ("PKG_CONFIG_SYSROOT_DIR", "/sysroot"),
            ("PKG_CONFIG_LIBDIR", "DIR"),
        ],
        r#"found 1.2.3 in ["/sysroot/opt/probe me/lib"]"#,
    ),
];

const fn case(
    target: &'static str,
    environment: &'static [(&'static str, &'static str)],
    expected: &'static str,
) -> Case {
    Case {
        target,
        environment,
        expected,
    }
}

/// Every variable that the crate reads, and a value that changes its answer where it is heard.
const VARIABLES: [(&str, &str); 11] = [
    ("PKG_CONFIG", "no-such-pkg-config"),
    ("PKG_CONFIG_ALLOW_CROSS", "0"),
    ("PKG_CONFIG_ALL_DYNAMIC", "1"),
    ("PKG_CONFIG_ALL_STATIC", "1"),
    ("PKG_CONFIG_LIBDIR", "/no/such/folder"),
    ("PKG_CONFIG_PATH", "/no/such/folder"),
    ("PKG_CONFIG_SYSROOT_DIR", "/sysroot"),
    ("PROBE_ME_DYNAMIC", "1"),
    ("PROBE_ME_NO_PKG_CONFIG", "1"),
    ("PROBE_ME_STATIC", "1"),
    ("SYSROOT", "/sysroot"),
];

/// The forms that a variable's name may have.
fn forms(variable: &str) -> Vec<String> {
    let triples = [HOST, ARM].into_iter();
    let suffixes = triples.flat_map(|triple| [triple.to_owned(), triple.replace('-', "_")]);
    let suffixed = suffixes.map(|suffix| format!("{variable}_{suffix}"));
    let prefixed = ["", "HOST_", "TARGET_"].map(|prefix| format!("{prefix}{variable}"));
    prefixed.into_iter().chain(suffixed).collect()
}

#[test]
fn agrees_with_the_crate() {
    if let Ok(target) = std::env::var(CHILD) {
        return println!("both: {}", answer_of_both(&target));
    }
    require!(Need::Program("pkg-config"));
    let folder = with_library();
    for case in &CASES {
        let environment = case.environment.iter();
        let environment = environment.map(|(name, value)| ((*name).to_owned(), *value));
        let said = in_child(case.target, environment.collect(), folder.path());
        let wanted = format!("both: {}", case.expected);
        assert!(
            said.contains(&wanted),
            "{} {:?}: {said}",
            case.target,
            case.environment
        );
    }
}

#[test]
fn agrees_with_the_crate_for_every_variable_in_every_form() {
    require!(Need::Program("pkg-config"));
    let folder = with_library();
    let found = ("PKG_CONFIG_PATH".to_owned(), "DIR");
    let cross = ("PKG_CONFIG_ALLOW_CROSS".to_owned(), "1");
    let agree = &|variable: &str, value: &'static str| {
        for form in forms(variable) {
            for (target, base) in [
                (HOST, vec![found.clone()]),
                (ARM, vec![found.clone()]),
                (ARM, vec![found.clone(), cross.clone()]),
            ] {
                // The later of two values counts.
                let environment = [base, vec![(form.clone(), value)]].concat();
                let said = in_child(target, environment, folder.path());
                assert!(said.contains("both: "), "{target} {form}={value}: {said}");
            }
        }
    };
    std::thread::scope(|scope| {
        for (variable, value) in VARIABLES {
            scope.spawn(move || agree(variable, value));
        }
    });
}

/// A new release of the crate may read more.
#[test]
fn the_crate_reads_no_other_variable() {
    let source = std::fs::read_to_string(source_of_the_crate()).unwrap();
    // Below the modules of tests there is nothing else.
    let source = source.split("#[cfg(test)]").next().unwrap();
    let mut read = std::collections::BTreeSet::new();
    for call in ["targeted_env_var(\"", "env_var_os(\"", "format!(\"{}_"] {
        let calls = source.split(call).skip(1);
        let names = calls.filter_map(|rest| rest.split('"').next());
        let names = names.filter(|name| *name != "{}" && !name.is_empty());
        let of_library = call.starts_with("format");
        read.extend(names.map(|name| match of_library {
            true => format!("PROBE_ME_{name}"),
            false => name.to_owned(),
        }));
    }
    // The crate's own frame, which a build script has from Cargo.
    for own in ["HOST", "TARGET", "OUT_DIR"] {
        read.remove(own);
    }
    let listed: std::collections::BTreeSet<String> = VARIABLES
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(read, listed);
}

fn source_of_the_crate() -> String {
    let mut metadata = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    metadata.args(["metadata", "--format-version=1", "--locked", "--offline"]);
    let metadata = metadata.output().unwrap().stdout;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let mut crates = packages.filter(|package| package["name"] == "pkg-config");
    let found = crates.next().unwrap()["targets"][0]["src_path"].as_str();
    found.unwrap().to_owned()
}

/// A folder with the `.pc` file of the library.
fn with_library() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("probe-me.pc"),
        "Name: probe-me\nDescription: a library\nVersion: 1.2.3\n\
         Libs: -L/opt/probe\\ me/lib -lprobe\nLibs.private: -L/opt/private -lprivate\n",
    )
    .unwrap();
    folder
}

/// What the child prints, with its errors.
fn in_child(target: &str, environment: Vec<(String, &str)>, folder: &Path) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "agrees_with_the_crate", "--nocapture"]);
    child
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap());
    child.envs([(CHILD, target), ("TARGET", target), ("HOST", HOST)]);
    for (name, value) in environment {
        child.env(name, value.replace("DIR", &folder.to_string_lossy()));
    }
    let output = child.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// The answer that this crate and the `pkg-config` crate give in this process.
fn answer_of_both(target: &str) -> String {
    let (ours, theirs) = (ours(target), theirs());
    assert_eq!(
        ours, theirs,
        "this crate on the left, pkg-config on the right"
    );
    ours
}

fn ours(target: &str) -> String {
    let wanted = Version::new(&[1, 0]);
    match PkgConfig::new(&Host, HOST, target).library(LIBRARY, &wanted) {
        Ok(library) => format!("found {} in {:?}", library.version, library.link_paths),
        Err(PkgConfigError::Forbidden { .. }) => "forbidden".into(),
        Err(PkgConfigError::CrossCompilation { .. } | PkgConfigError::CrossForbidden { .. }) => {
            "cross".into()
        }
        Err(PkgConfigError::NotRun(_)) => "not run".into(),
        Err(PkgConfigError::NotFound { .. } | PkgConfigError::TooOld { .. }) => "not found".into(),
    }
}

fn theirs() -> String {
    let mut config = pkg_config::Config::new();
    let config = config
        .cargo_metadata(false)
        .env_metadata(false)
        .atleast_version("1.0");
    match config.probe(LIBRARY) {
        Ok(library) => format!("found {} in {:?}", library.version, library.link_paths),
        Err(pkg_config::Error::EnvNoPkgConfig(_)) => "forbidden".into(),
        Err(pkg_config::Error::CrossCompilation) => "cross".into(),
        Err(pkg_config::Error::Command { .. }) => "not run".into(),
        Err(_) => "not found".into(),
    }
}
