//! Packages of this source tree, made by `cargo xtask dist`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tidegate_test_support::{Need, require};
use tidegate_tests::Output;

use crate::image::workspace;

/// The packages of one flavour.
#[derive(Debug)]
pub(crate) struct Packages {
    folder: PathBuf,
    /// `manifest.json`.
    pub(crate) manifest: Value,
}

impl Packages {
    /// The flavour that links libnftables.
    pub(crate) fn dynamic() -> &'static Self {
        static PACKAGES: OnceLock<Packages> = OnceLock::new();
        PACKAGES.get_or_init(|| Self::make("dynamic"))
    }

    /// The flavour that runs `nft`.
    pub(crate) fn dynamic_exec() -> &'static Self {
        static PACKAGES: OnceLock<Packages> = OnceLock::new();
        PACKAGES.get_or_init(|| Self::make("dynamic-exec"))
    }

    /// The static flavour.
    pub(crate) fn fixed() -> &'static Self {
        static PACKAGES: OnceLock<Packages> = OnceLock::new();
        PACKAGES.get_or_init(|| Self::make("static"))
    }

    fn make(flavour: &str) -> Self {
        let folder = workspace().join("target/packaging-tests").join(flavour);
        xtask(&[
            "dist",
            "--flavour",
            flavour,
            "--out",
            &folder.to_string_lossy(),
        ])
        .success();
        let manifest = File::open(folder.join("manifest.json")).expect("there is a manifest");
        let manifest = serde_json::from_reader(manifest).expect("the manifest is JSON");
        Self { folder, manifest }
    }

    /// What the manifest says of the package of a format.
    pub(crate) fn artifact(&self, format: &str) -> &Value {
        artifact(&self.manifest, format)
    }

    /// The package of a format.
    pub(crate) fn file(&self, format: &str) -> PathBuf {
        self.folder
            .join(self.artifact(format)["file"].as_str().expect("a name"))
    }
}

/// What a manifest says of the package of a format.
pub(crate) fn artifact<'a>(manifest: &'a Value, format: &str) -> &'a Value {
    let artifacts = manifest["artifacts"].as_array().expect("a list");
    let found = artifacts
        .iter()
        .find(|artifact| artifact["format"] == format);
    found.unwrap_or_else(|| panic!("no {format} in {manifest:#}"))
}

/// The strings of a list.
pub(crate) fn strings(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// Runs `cargo xtask`.
pub(crate) fn xtask(arguments: &[&str]) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .arg("xtask")
        .args(arguments)
        .current_dir(workspace());
    finished(&mut command)
}

/// Runs a command to its end.
pub(crate) fn finished(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?} did not start: {e}"));
    Output {
        command: format!("{command:?}"),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The libraries that a program names, as binutils read them.
fn readelf_needed(program: &Path) -> String {
    finished(Command::new("readelf").arg("--dynamic").arg(program)).success()
}

#[test]
fn only_the_dynamic_daemon_needs_the_library() {
    require!(Need::Program("readelf"));
    let target = workspace().join("target/dist/build");
    Packages::fixed();
    let is_static = readelf_needed(&target.join(static_path()).join("tidegated"));
    assert!(!is_static.contains("NEEDED"), "{is_static}");
    for (packages, needs) in [
        (Packages::dynamic(), true),
        (Packages::dynamic_exec(), false),
    ] {
        for format in ["deb", "rpm"] {
            let needed = strings(&packages.artifact(format)["needed"]);
            assert_eq!(needed.contains(&"libnftables.so.1"), needs, "{needed:?}");
        }
    }
}

fn static_path() -> String {
    let arch = std::env::consts::ARCH;
    let musl = format!("static/{arch}-unknown-linux-musl/release");
    match workspace().join("target/dist/build").join(&musl).exists() {
        true => musl,
        false => format!("static/{arch}-unknown-linux-gnu/release"),
    }
}

/// Cargo, but for the feature that the plan asks for and the stamp that would notice: a daemon
/// that lost its library and says it has it.
const LOSES_THE_LIBRARY: &str = r#"#!/bin/sh
case " $* " in *" --release "*) ;; *) exec "$REAL_CARGO" "$@" ;; esac
for word; do
    shift
    case "$word" in --features | tidegated/libnftables) ;; *) set -- "$@" "$word" ;; esac
done
exec env TIDEGATE_BUILD_FLAVOUR=dynamic-exec "$REAL_CARGO" "$@"
"#;

#[test]
fn a_build_that_lost_the_library_is_not_packaged() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    std::fs::write(&cargo, LOSES_THE_LIBRARY).unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let real = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    xtask(&["dist", "--help"]).success();
    let mut command = Command::new(workspace().join("target/debug/xtask"));
    command
        .args(["dist", "--flavour", "dynamic", "--out"])
        .arg(folder.path().join("out"));
    command
        .env("CARGO", &cargo)
        .env("REAL_CARGO", real)
        .current_dir(workspace());
    command.env("CARGO_MANIFEST_DIR", workspace().join("xtask"));
    let output = finished(&mut command);
    assert_eq!(output.code, Some(1), "{output:#?}");
    for fault in [
        "tidegated: flavour dynamic is planned, but libnftables.so.1 is not linked",
        "tidegated: says it is dynamic-exec, but dynamic is planned",
    ] {
        assert!(
            output.stderr.contains(fault),
            "{fault} is not in {}",
            output.stderr
        );
    }
    assert!(!folder.path().join("out/manifest.json").exists());
}
