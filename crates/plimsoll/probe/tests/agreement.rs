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

#[test]
fn agrees_with_the_crate() {
    if let Ok(target) = std::env::var(CHILD) {
        return println!("both: {}", answer_of_both(&target));
    }
    require!(Need::Program("pkg-config"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("probe-me.pc"),
        "Name: probe-me\nDescription: a library\nVersion: 1.2.3\n\
         Libs: -L/opt/probe\\ me/lib -lprobe\nLibs.private: -L/opt/private -lprivate\n",
    )
    .unwrap();
    for case in &CASES {
        let said = in_child(case, folder.path());
        let wanted = format!("both: {}", case.expected);
        assert!(
            said.contains(&wanted),
            "{} {:?}: {said}",
            case.target,
            case.environment
        );
    }
}

/// What the child prints, with its errors.
fn in_child(case: &Case, folder: &Path) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "agrees_with_the_crate", "--nocapture"]);
    child
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap());
    child.envs([
        (CHILD, case.target),
        ("TARGET", case.target),
        ("HOST", HOST),
    ]);
    for (name, value) in case.environment {
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
