//! Packages for other distributions, each built in a system of it: here in roots, which need no
//! container engine. Roots and build artefacts are kept under `target/roots`.
//!
//! `TIDEGATE_TEST_MIRROR` names another Debian mirror than the one that this host's apt uses.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test reports a failure by panicking"
)]

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use test_support::{Need, require, require_root_kernel};
use tidegate_tests::{Output, workspace};

/// Runs `cargo xtask dist`.
fn dist(arguments: &[&str]) -> Output {
    cargo(&[&["xtask", "dist"], arguments].concat())
}

fn cargo(arguments: &[&str]) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace());
    if let Ok(mirror) = std::env::var("TIDEGATE_TEST_MIRROR") {
        command.env("DIST_MIRROR", format!("debian={mirror}"));
    }
    let output = command.output().expect("cargo can be started");
    Output {
        command: format!("{command:?}"),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A folder below `target/distribution-tests`, where all of this goes.
fn out(distro: &str) -> String {
    let out = workspace().join("target/distribution-tests").join(distro);
    out.to_string_lossy().into_owned()
}

/// The version after `>=` of one package among the dependencies of a manifest's .deb.
fn floor(manifest: &Value, package: &str) -> Vec<u32> {
    let depends = manifest["artifacts"][0]["relations"]["depends"]
        .as_array()
        .expect("a list");
    let clauses = depends.iter().filter_map(Value::as_str);
    let prefix = format!("{package} (>= ");
    let mut floors = clauses.filter_map(|clause| clause.strip_prefix(&prefix));
    let version = floors
        .next()
        .unwrap_or_else(|| panic!("no {prefix} in {depends:?}"));
    let parts = version.trim_end_matches(')').split('.');
    parts.map(|part| part.parse().expect("a number")).collect()
}

/// Debian 12's package: built on this host where it is one, as a container of it would.
fn debian_12() -> Value {
    let out = out("debian-12");
    let planned = dist(&["--as", "debian-12", "--plan"]);
    let output = match planned.code {
        Some(0) => dist(&["--as", "debian-12", "--strict", "--out", &out, "--json"]),
        _ => {
            let parent = self::out("");
            let root = [
                "--distro",
                "debian-12",
                "--engine",
                "root",
                "--out",
                &parent,
            ];
            dist(&[&root[..], &["--strict", "--json"]].concat()).success();
            return manifest("debian-12");
        }
    };
    serde_json::from_str(&output.success()).expect("a manifest")
}

fn manifest(distro: &str) -> Value {
    let file = Path::new(&out(distro)).join("manifest.json");
    let text = std::fs::read_to_string(file).expect("a manifest");
    serde_json::from_str(&text).expect("JSON")
}

/// The packages of three releases, made once.
#[derive(Debug)]
struct Made {
    /// What was said of debian-11, fedora-43 and debian-13, which were asked for together.
    output: Output,
    debian_12: Value,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let parent = out("");
        let asked = [
            "--distro",
            "debian-11",
            "--distro",
            "fedora-43",
            "--distro",
            "debian-13",
        ];
        // Debian 12's has the profile of a release.
        let trial = ["--cargo-profile", "trial"];
        let how = [
            "--engine", "root", "--jobs", "2", "--strict", "--out", &parent, "--json",
        ];
        let how = [&trial[..], &how[..]].concat();
        Made {
            output: dist(&[&asked[..], &how[..]].concat()),
            debian_12: debian_12(),
        }
    })
}

#[test]
fn each_debian_gets_its_own_floors_and_one_failing_distribution_stops_no_other() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::NetworkNamespaces,
    );
    let Made { output, debian_12 } = made();

    // Fedora has no such root; the Debians on both sides of it are built.
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    let failed = "1 of 3 distributions failed: fedora-43";
    assert!(output.stderr.contains(failed), "{}", output.stderr);
    let reports: Value = serde_json::from_str(&output.stdout).expect("reports");
    let fedora = &reports[1]["error"];
    assert_eq!(*fedora, "engine root supports only the Debian family");

    let [eleven, thirteen] = [&reports[0], &reports[2]];
    for (report, distro) in [(eleven, "debian-11"), (thirteen, "debian-13")] {
        assert_eq!(report["error"], Value::Null, "{report:#}");
        assert_eq!(report["departure"], Value::Null, "{report:#}");
        assert_eq!(report["manifest"], manifest(distro));
        let artifact = &report["manifest"]["artifacts"][0];
        assert_eq!(artifact["flavour"], "dynamic");
        let file = artifact["file"].as_str().expect("a name");
        let release = distro.replace('-', ".");
        assert!(file.contains(&format!("-1-{release}_")), "{file}");
        assert!(Path::new(&out(distro)).join(file).is_file(), "{file}");
    }

    let [eleven, thirteen] = [&eleven["manifest"], &thirteen["manifest"]];
    let floors = |package| [eleven, debian_12, thirteen].map(|manifest| floor(manifest, package));
    let [oldest, middle, newest] = floors("libc6");
    assert!(
        oldest < middle && middle < newest,
        "{oldest:?} {middle:?} {newest:?}"
    );
    // Debian 11's library has no symbol versions: the whole library's version is the floor. The
    // symbols that are linked have been the same since 1.0.2, so that later releases share one.
    let [oldest, middle, newest] = floors("libnftables1");
    assert!(
        oldest < middle && middle <= newest,
        "{oldest:?} {middle:?} {newest:?}"
    );
}

#[test]
fn each_debian_package_is_proven_on_a_booted_system_of_its_release_and_refused_by_the_one_before() {
    require_root_kernel!();
    require!(
        Need::Program("mmdebstrap"),
        Need::Program("systemd-nspawn"),
        Need::Program("lintian"),
    );
    made();
    let (packages, report) = (out(""), out("report"));
    let mut arguments = vec!["xtask", "verify", "--json", "--strict"];
    arguments.extend(["--packages", &packages, "--out", &report]);
    for distro in ["debian-11", "debian-12", "debian-13"] {
        arguments.extend(["--distro", distro]);
    }
    let report = cargo(&arguments);
    assert_eq!(report.code, Some(0), "{report:#?}");
    let report: Value = serde_json::from_str(&report.stdout).expect("a report");
    let packages = report["packages"].as_array().expect("packages");
    let systems: Vec<&str> = packages
        .iter()
        .filter_map(|package| package["system"].as_str())
        .collect();
    for (system, release) in systems.iter().zip(["11", "12", "13"]) {
        let expected = format!("Debian GNU/Linux {release} (");
        assert!(system.starts_with(&expected), "{systems:?}");
    }
    for package in packages {
        let checks = package["checks"].as_object().expect("checks");
        assert_eq!(checks.len(), 10, "{package:#}");
        assert_eq!(package["place"], "booted");
        let word = |check: &str| checks[check]["outcome"].as_str();
        for check in checks.keys().filter(|check| *check != "refuse") {
            assert_eq!(word(check), Some("passed"), "{package:#}");
        }
    }
    let refuse = |index: usize| &packages[index]["checks"]["refuse"];
    assert_eq!(refuse(0)["outcome"], "not-applicable");
    for (index, older) in [(1, "debian-11"), (2, "debian-12")] {
        let seen = refuse(index)["seen"].as_str().expect("it passed");
        let expected = format!("{older} refuses it, naming libc6 (>= 2.3");
        assert!(seen.starts_with(&expected), "{seen}");
    }
    let page = std::fs::read_to_string(Path::new(&out("report")).join("verify.html"));
    let page = page.expect("a page");
    assert!(
        page.contains("Debian GNU/Linux 13 (trixie), booted"),
        "{page}"
    );
}

#[test]
fn a_package_of_a_newer_release_is_refused_and_the_dependency_is_named() {
    require_root_kernel!();
    require!(Need::Program("mmdebstrap"));
    made();
    let report = out("newer");
    let output = cargo(&[
        "xtask",
        "verify",
        "--json",
        "--distro",
        "debian-12",
        "--packages",
        &out("debian-13"),
        "--check",
        "resolve,install",
        "--out",
        &report,
    ]);
    assert_eq!(output.code, Some(1), "{output:#?}");
    let report: Value = serde_json::from_str(&output.stdout).expect("a report");
    let checks = &report["packages"][0]["checks"];
    let fault = checks["resolve"]["faults"][0].as_str().expect("a fault");
    assert!(fault.contains("libc6 (>= 2.39)"), "{fault}");
    assert_eq!(checks["install"]["outcome"], "failed");
}

#[test]
fn a_build_for_another_distribution_than_this_one_is_refused() {
    let output = dist(&["--as", "amazonlinux-2023", "--plan"]);
    assert_eq!(output.code, Some(1));
    let stderr = output.stderr;
    assert!(stderr.contains("not amazonlinux-2023"), "{stderr}");
    assert!(
        stderr.contains("hint: `cargo xtask dist --distro amazonlinux-2023`"),
        "{stderr}"
    );
}
