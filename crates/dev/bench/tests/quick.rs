//! A short run measures all that a long one does, and its report can be read.

#![expect(
    clippy::expect_used,
    reason = "what is not as it should be fails the test"
)]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tidegate_tests::{Need, Programs, require, require_root_kernel};

#[test]
fn a_short_run_measures_every_section_and_its_report_is_json() {
    require_root_kernel!();
    require!(Need::Program("iptables-legacy"));
    let programs = Programs::of_this_tree();
    let report = quick(programs, &[]);

    let sections = report["sections"].as_array().expect("sections are listed");
    assert!(sections.len() > 10, "{sections:#?}");
    for section in sections {
        let rows = section["rows"].as_array().expect("rows are listed");
        let is_measured = |row: &&Value| row["cost"]["median"].as_f64().is_some();
        for driver in programs.drivers() {
            let is_about = |row: &&Value| {
                row["name"]
                    .as_str()
                    .is_some_and(|name| name.starts_with(&driver))
            };
            let own = rows.iter().filter(is_about);
            let own: Vec<&Value> = own.filter(|row| is_built(&row["name"])).collect();
            let measured = own.iter().copied().filter(|row| is_measured(row));
            assert_eq!(measured.count(), own.len(), "{section:#}");
        }
        assert!(rows.iter().any(|row| is_measured(&row)), "{section:#}");
    }
    let targets = report["targets"].as_array().expect("targets are listed");
    let not_asked_for = "static daemon, stripped";
    for target in targets
        .iter()
        .filter(|target| target["what"] != not_asked_for)
    {
        // Whether it is reached depends on the machine, and is not looked at.
        assert_ne!(target["found"], "not measured", "{target:#}");
    }
}

#[test]
fn two_builds_are_measured_side_by_side() {
    require_root_kernel!();
    let programs = Programs::of_this_tree();
    let report = quick(
        programs,
        &["--against".as_ref(), folder(programs).as_os_str()],
    );
    let sections = report["sections"].as_array().expect("sections are listed");
    assert_eq!(sections.len(), 6 * programs.drivers().len() + 2);
    for section in sections {
        let rows = section["rows"].as_array().expect("rows are listed");
        let names: Vec<_> = rows.iter().map(|row| &row["name"]).collect();
        assert_eq!(
            names,
            ["other build", "this build"].repeat(2),
            "{section:#}"
        );
        let is_measured = |row: &Value| row["cost"]["median"].as_f64().is_some();
        assert!(rows.iter().all(is_measured), "{section:#}");
    }
}

fn folder(programs: &Programs) -> &Path {
    let folder = programs.tidegated.parent();
    folder.expect("a program is in a folder")
}

/// The report of a short run.
fn quick(programs: &Programs, arguments: &[&OsStr]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_tidegate-bench"))
        .arg("--programs")
        .arg(folder(programs))
        .args(["--quick", "--json"])
        .args(arguments)
        .output()
        .expect("the benchmark can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("the report is JSON")
}

/// Without the library, what is about it is not measured.
fn is_built(name: &Value) -> bool {
    cfg!(feature = "libnftables") || !name.as_str().unwrap_or_default().contains("library")
}
