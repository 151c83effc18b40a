//! Packages that `cargo xtask dist` made, and how it is run.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tidegate_tests::{Output, workspace};

/// The packages that one run made.
#[derive(Debug)]
pub(crate) struct Packages {
    folder: PathBuf,
    /// `manifest.json`.
    pub(crate) manifest: Value,
}

impl Packages {
    /// The packages in a folder.
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        let manifest = File::open(folder.join("manifest.json")).expect("there is a manifest");
        let manifest = serde_json::from_reader(manifest).expect("the manifest is JSON");
        Self { folder, manifest }
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the manifest says of the package of a format.
    pub(crate) fn artifact(&self, format: &str) -> &Value {
        artifact(&self.manifest, format)
    }

    /// The package of a format.
    pub(crate) fn file(&self, format: &str) -> PathBuf {
        let name = self.artifact(format)["file"].as_str();
        self.folder.join(name.expect("a name"))
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
