//! Packages for other distributions, each built in a system of it: here in roots, which need no
//! container engine. Roots and build artefacts are kept under `target/roots`.
//!
//! `TIDEGATE_TEST_MIRROR` names another Debian mirror than the one that this host's apt uses.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test reports a failure by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tidegate_test_support::{Need, require};
use tidegate_tests::Output;

/// Runs `cargo xtask dist` with packages going below `target/distribution-tests`.
fn dist(arguments: &[&str]) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["xtask", "dist"]).args(arguments);
    command.current_dir(workspace());
    if let Ok(mirror) = std::env::var("TIDEGATE_TEST_MIRROR") {
        command.env("TIDEGATE_DIST_MIRROR", format!("debian={mirror}"));
    }
    let output = command.output().expect("cargo can be started");
    Output {
        command: format!("{command:?}"),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("tests/ is in the workspace")
        .to_owned()
}

fn out(distro: &str) -> String {
    let out = workspace().join("target/distribution-tests").join(distro);
    out.to_string_lossy().into_owned()
}

/// The version after `>=` of one package among the dependencies of a manifest's .deb.
fn floor(manifest: &Value, package: &str) -> Vec<u32> {
    let depends = manifest["artifacts"][0]["depends"]
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

#[test]
fn each_debian_gets_its_own_floors_and_one_failing_distribution_stops_no_other() {
    require!(
        Need::Root,
        Need::Program("mmdebstrap"),
        Need::NetworkNamespaces,
    );
    let parent = out("");
    let asked = [
        "--distro",
        "debian-11",
        "--distro",
        "fedora-43",
        "--distro",
        "debian-13",
    ];
    let how = [
        "--engine", "root", "--jobs", "2", "--strict", "--out", &parent, "--json",
    ];
    let output = dist(&[&asked[..], &how[..]].concat());

    // Fedora has no such root; the Debians on both sides of it are built.
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    let failed = "1 of 3 distributions failed: fedora-43";
    assert!(output.stderr.contains(failed), "{}", output.stderr);
    let reports: Value = serde_json::from_str(&output.stdout).expect("reports");
    let fedora = &reports[1]["error"];
    assert_eq!(
        *fedora,
        "engine root makes systems of the Debian family alone"
    );

    let [eleven, thirteen] = [&reports[0], &reports[2]];
    for (report, distro) in [(eleven, "debian-11"), (thirteen, "debian-13")] {
        assert_eq!(report["error"], Value::Null, "{report:#}");
        assert_eq!(report["departure"], Value::Null, "{report:#}");
        assert_eq!(report["manifest"], manifest(distro));
        let artifact = &report["manifest"]["artifacts"][0];
        assert_eq!(artifact["flavour"], "dynamic");
        let file = artifact["file"].as_str().expect("a name");
        let release = distro.replace('-', ".");
        assert!(file.contains(&format!("-1~{release}_")), "{file}");
        assert!(Path::new(&out(distro)).join(file).is_file(), "{file}");
    }

    let [eleven, thirteen] = [&eleven["manifest"], &thirteen["manifest"]];
    let twelve = &debian_12();
    let floors = |package| [eleven, twelve, thirteen].map(|manifest| floor(manifest, package));
    let [oldest, middle, newest] = floors("libc6");
    assert!(
        oldest < middle && middle < newest,
        "{oldest:?} {middle:?} {newest:?}"
    );
    // Debian 11's library has no symbol versions: the whole library's version is the floor.
    let [oldest, middle, newest] = floors("libnftables1");
    assert!(
        oldest < middle && middle <= newest,
        "{oldest:?} {middle:?} {newest:?}"
    );
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
