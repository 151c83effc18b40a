//! The program that writes and reads packages, and how it is called.
//!
//! It is a program of its own so that its libraries cost nothing before the first package is
//! written or read.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use plimsoll_spec::{PackageContents, PackageReport};

/// Its Cargo manifest. It is beside this crate in the checkout that Cargo built this crate from, be
/// that a path or a git dependency of the project that is packaged.
#[must_use]
pub fn manifest() -> PathBuf {
    let build = Path::new(env!("CARGO_MANIFEST_DIR"));
    build.with_file_name("writer").join("Cargo.toml")
}

/// The program, for the project in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packager {
    workspace: PathBuf,
}

/// Why it did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PackagerError {
    /// Cargo, which runs it, cannot be started.
    #[error("cannot run `{command}`")]
    Start {
        /// The command line.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// It failed.
    #[error("`{command}` failed:\n{output}")]
    Failed {
        /// The command line.
        command: String,
        /// What it said.
        output: String,
    },
    /// It answered something else than was asked for.
    #[error("cannot understand what `{command}` printed")]
    Answer {
        /// The command line.
        command: String,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
}

impl Packager {
    /// The one of a workspace.
    #[must_use]
    pub fn of(workspace: &Path) -> Self {
        Self {
            workspace: workspace.to_owned(),
        }
    }

    /// The arguments of Cargo that build it.
    #[must_use]
    pub fn build_arguments(&self) -> Vec<String> {
        self.cargo(&["build"])
    }

    /// The program is part of the toolkit's own workspace. It shares the target folder of the
    /// project, so that what both need is compiled once, unless the environment names another.
    fn cargo(&self, verb: &[&str]) -> Vec<String> {
        let manifest = text(&manifest());
        let mut arguments = words(verb);
        arguments.extend(words(&["--locked", "--manifest-path", &manifest]));
        if std::env::var_os("CARGO_TARGET_DIR").is_none() {
            let target = text(&self.workspace.join("target"));
            arguments.extend(words(&["--target-dir", &target]));
        }
        arguments
    }

    /// The arguments of Cargo that run it with arguments of its own.
    fn run_arguments(&self, own: &[&str]) -> Vec<String> {
        let mut arguments = self.cargo(&["run", "--quiet"]);
        arguments.push("--".to_owned());
        arguments.extend(words(own));
        arguments
    }

    /// Writes the package of a specification. `epoch` is the time that dates in it take, in
    /// seconds since 1970 (UTC).
    ///
    /// # Errors
    /// When it cannot be run, or fails.
    pub fn write(&self, spec: &Path, epoch: u32) -> Result<PackageReport, PackagerError> {
        self.answer(&["write", &text(spec)], Some(epoch))
    }

    /// Unpacks the files of a package below a folder, and says what the package says of itself.
    ///
    /// # Errors
    /// When it cannot be run, or fails: the file is no package, or is damaged.
    pub fn unpack(&self, file: &Path, folder: &Path) -> Result<PackageContents, PackagerError> {
        self.answer(&["unpack", &text(file), &text(folder)], None)
    }

    /// Writes the same package under another version.
    ///
    /// # Errors
    /// When it cannot be run, or fails.
    pub fn restamp(&self, file: &Path, out: &Path, version: &str) -> Result<(), PackagerError> {
        let arguments = self.run_arguments(&["restamp", &text(file), &text(out), version]);
        self.run(&arguments, None).map(drop)
    }

    fn answer<T: DeserializeOwned>(
        &self,
        words: &[&str],
        epoch: Option<u32>,
    ) -> Result<T, PackagerError> {
        let arguments = self.run_arguments(words);
        let output = self.run(&arguments, epoch)?;
        serde_json::from_str(&output).map_err(|source| PackagerError::Answer {
            command: line(&arguments),
            source,
        })
    }

    fn run(&self, arguments: &[String], epoch: Option<u32>) -> Result<String, PackagerError> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = duct::cmd(cargo, arguments).dir(&self.workspace);
        if let Some(epoch) = epoch {
            command = command.env("SOURCE_DATE_EPOCH", epoch.to_string());
        }
        let command = command.stdin_null().stdout_capture().stderr_capture();
        let output = command
            .unchecked()
            .run()
            .map_err(|source| PackagerError::Start {
                command: line(arguments),
                source,
            })?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        match output.status.success() {
            true => Ok(said(&output.stdout)),
            false => Err(PackagerError::Failed {
                command: line(arguments),
                output: said(&output.stderr),
            }),
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn line(arguments: &[String]) -> String {
    format!("cargo {}", arguments.join(" "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_packager_is_beside_this_crate() {
        let manifest = std::fs::read_to_string(super::manifest()).expect("a manifest");
        assert!(
            manifest.contains("name = \"plimsoll-writer\""),
            "{manifest}"
        );
    }
}
