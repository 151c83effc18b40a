//! The program that writes and reads packages, and how it is called.
//!
//! It is the project's own `xtask`, built with its feature `writer`. So its libraries are compiled only when the
//! first package is written or read, and they are in the project's own lock file: they are fetched, vendored and
//! mirrored like all others.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use plimsoll_probe::{Command, RunError, limit};
use plimsoll_spec::{PackageContents, PackageReport};

/// The package of the project's workspace, and its feature that links the package writer.
const PACKAGE: [&str; 4] = ["--package", "xtask", "--features", "writer"];

/// The hidden subcommand of that package.
const SUBCOMMAND: &str = "__writer";

/// Packages that compress and hash, which takes minutes without optimisation.
const OPTIMISED: [&str; 3] = ["md-5", "sha2", "zlib-rs"];

/// The exit status of an xtask that was built without the package writer.
pub const NOT_LINKED: u8 = 70;

/// How often a call is made that ends so. Cargo lets go of the target folder before it starts the program: in between, another
/// Cargo may put the xtask without the package writer in its place.
const TRIES: u8 = 5;

/// The program, for the project in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packager {
    cargo: String,
    workspace: PathBuf,
}

/// Why it did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PackagerError {
    /// It did not come to a good end.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A format that writes and reads its own files could not.
    #[error("cannot {doing} {}", path.display())]
    Own {
        /// What failed, in one word: `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered something else than was asked for.
    #[error("cannot parse the output of `{command}`")]
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
            cargo: cargo_program(),
            workspace: workspace.to_owned(),
        }
    }

    /// The arguments of Cargo that build it.
    #[must_use]
    pub fn build_arguments(&self) -> Vec<String> {
        cargo(&["build"])
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
        let arguments = run_arguments(&["restamp", &text(file), &text(out), version]);
        self.run(&arguments, None).map(drop)
    }

    fn answer<T: DeserializeOwned>(
        &self,
        words: &[&str],
        epoch: Option<u32>,
    ) -> Result<T, PackagerError> {
        let arguments = run_arguments(words);
        let output = self.run(&arguments, epoch)?;
        serde_json::from_str(&output).map_err(|source| PackagerError::Answer {
            command: self.command(&arguments).pasteable(),
            source,
        })
    }

    fn run(&self, arguments: &[String], epoch: Option<u32>) -> Result<String, PackagerError> {
        let mut command = self.command(arguments);
        let epoch = epoch.map(|epoch| ("SOURCE_DATE_EPOCH".to_owned(), epoch.to_string()));
        command.env.extend(epoch);
        let mut said = command.text();
        for _ in 1..TRIES {
            let status = match &said {
                Err(RunError::Failed { status, .. }) => *status,
                _ => None,
            };
            if status != Some(NOT_LINKED.into()) {
                break;
            }
            said = command.text();
        }
        Ok(said?)
    }

    fn command(&self, arguments: &[String]) -> Command {
        let command = Command::new(&self.cargo, arguments);
        command.within(&self.workspace).limited(limit::WORK)
    }
}

/// The Cargo that runs this program, else the one in PATH.
#[must_use]
pub fn cargo_program() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn cargo(verb: &[&str]) -> Vec<String> {
    let mut arguments = words(verb);
    arguments.push("--locked".to_owned());
    arguments.extend(words(&PACKAGE));
    for package in OPTIMISED {
        let setting = format!("profile.dev.package.{package}.opt-level=3");
        arguments.extend(["--config".to_owned(), setting]);
    }
    arguments
}

/// The arguments of Cargo that run it with arguments of its own.
fn run_arguments(own: &[&str]) -> Vec<String> {
    let mut arguments = cargo(&["run", "--quiet"]);
    arguments.extend(words(&["--", SUBCOMMAND]));
    arguments.extend(words(own));
    arguments
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A Cargo that ends with the first status at first, and then with the second. The file `runs` says how often it ran.
    fn packager(folder: &Path, first: u8, then: u8) -> Packager {
        let cargo = folder.join("cargo");
        let script = format!(
            "#!/bin/sh\necho run >>runs\ntest $(wc -l <runs) -gt 1 || exit {first}\nexit {then}\n"
        );
        std::fs::write(&cargo, script).expect("written");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&cargo, mode).expect("executable");
        Packager {
            cargo: cargo.display().to_string(),
            workspace: folder.to_owned(),
        }
    }

    fn runs(folder: &Path) -> usize {
        let runs = std::fs::read_to_string(folder.join("runs")).expect("it ran");
        runs.lines().count()
    }

    #[test]
    fn the_projects_own_xtask_is_run_with_its_lock_file() {
        let line = run_arguments(&["unpack", "a.deb", "b"]).join(" ");
        assert!(
            line.starts_with("run --quiet --locked --package xtask --features writer "),
            "{line}"
        );
        assert!(line.ends_with(" -- __writer unpack a.deb b"), "{line}");
        assert!(!line.contains("manifest-path"), "{line}");
    }

    #[test]
    fn an_xtask_without_the_writer_that_another_cargo_put_there_is_built_anew() {
        for (first, then, expected) in [(70, 0, 2), (0, 0, 1), (2, 0, 1), (70, 70, 5)] {
            let folder = tempfile::tempdir().expect("a folder");
            let packager = packager(folder.path(), first, then);
            let result = packager.restamp(Path::new("a"), Path::new("b"), "1-1");
            assert_eq!(runs(folder.path()), expected, "{first} {then}");
            assert_eq!(result.is_ok(), first == 0 || (first, then) == (70, 0));
        }
    }
}
