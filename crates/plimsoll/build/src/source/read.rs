//! Asking Cargo and git about the source.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io;
use std::path::Path;

use duct::cmd;
use error_hint::Hint;
use serde::Deserialize;

use super::Source;

/// Why it is not known what is being built.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A program does not answer.
    #[error("cannot run `{command}`")]
    Run {
        /// The command line.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// Cargo answered something else.
    #[error("cannot understand the output of `cargo metadata`")]
    Metadata(#[source] serde_json::Error),
    /// The Cargo package is missing, or says too little about itself.
    #[error("Cargo package {package} has no {what}")]
    Missing {
        /// The package.
        package: String,
        /// What it lacks.
        what: &'static str,
    },
    /// Nothing tells the date of the source.
    #[error("the date of the source is not known: {reason}")]
    NoDate {
        /// Why git does not tell it.
        reason: String,
    },
    /// `SOURCE_DATE_EPOCH` or git's date is no such number.
    #[error("source date {text:?} is not a number of seconds since 1970")]
    Date {
        /// What was found.
        text: String,
    },
}

impl Hint for SourceError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::NoDate { .. } | Self::Date { .. } => Some(
                "build in a git checkout, or set SOURCE_DATE_EPOCH to seconds since 1970".into(),
            ),
            Self::Missing { .. } => {
                Some("add it to [package] or [workspace.package] in Cargo.toml".into())
            }
            Self::Run { .. } | Self::Metadata(_) => None,
        }
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<CargoPackage>,
}

#[derive(Deserialize)]
struct CargoPackage {
    name: String,
    version: String,
    license: Option<String>,
    authors: Vec<String>,
    homepage: Option<String>,
    repository: Option<String>,
}

/// Reads version and authors of one Cargo package, and commit and date of the checkout.
///
/// The commit is `commit` where that is given (a build outside of a checkout), and the date is
/// that of `SOURCE_DATE_EPOCH` where it is set, as reproducible-builds.org specifies it.
///
/// # Errors
/// When Cargo does not know the package, it says too little, or no date is known.
pub fn read(
    workspace: &Path,
    package: &str,
    commit: Option<String>,
) -> Result<Source, SourceError> {
    let package = cargo_package(workspace, package)?;
    let homepage = package
        .homepage
        .clone()
        .or_else(|| package.repository.clone());
    let missing = |what| SourceError::Missing {
        package: package.name.clone(),
        what,
    };
    Ok(Source {
        commit: commit.unwrap_or_else(|| git_commit(workspace)),
        source_date_epoch: date(workspace, std::env::var_os("SOURCE_DATE_EPOCH"))?,
        version: package.version.clone(),
        license: package.license.clone().ok_or_else(|| missing("license"))?,
        maintainer: package
            .authors
            .first()
            .cloned()
            .ok_or_else(|| missing("authors"))?,
        homepage: homepage.ok_or_else(|| missing("homepage"))?,
    })
}

fn cargo_package(workspace: &Path, name: &str) -> Result<CargoPackage, SourceError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let text = cmd!(cargo, "metadata", "--no-deps", "--format-version=1")
        .dir(workspace)
        .read()
        .map_err(|source| SourceError::Run {
            command: "cargo metadata".to_owned(),
            source,
        })?;
    let metadata: Metadata = serde_json::from_str(&text).map_err(SourceError::Metadata)?;
    let found = metadata
        .packages
        .into_iter()
        .find(|package| package.name == name);
    found.ok_or_else(|| SourceError::Missing {
        package: name.to_owned(),
        what: "manifest",
    })
}

/// Twelve digits of the commit, marked where the tree is not that commit.
fn git_commit(workspace: &Path) -> String {
    let Ok(commit) = git(workspace, &["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_owned();
    };
    match git(workspace, &["status", "--porcelain"]) {
        Ok(changes) if changes.is_empty() => commit,
        _ => format!("{commit}-dirty"),
    }
}

fn date(workspace: &Path, given: Option<OsString>) -> Result<u32, SourceError> {
    let text = match given {
        Some(text) => text.to_string_lossy().into_owned(),
        None => git(workspace, &["log", "-1", "--format=%ct"])
            .map_err(|reason| SourceError::NoDate { reason })?,
    };
    text.trim().parse().map_err(|_| SourceError::Date { text })
}

/// What git prints.
///
/// # Errors
/// Why it prints nothing: it is missing, this is no checkout, or one that it does not trust.
fn git(workspace: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = duct::cmd("git", arguments)
        .dir(workspace)
        .env("LC_ALL", "C")
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let first = complaint.lines().next().unwrap_or_default().trim();
    Err(format!("git: {}", first.trim_start_matches("fatal: ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_given_date_wins_over_git() {
        let date = date(Path::new("."), Some("1700000000".into())).expect("a date");
        assert_eq!(date, 1_700_000_000);
    }

    #[test]
    fn a_date_that_is_no_number_is_named() {
        let error = date(Path::new("."), Some("yesterday".into())).expect_err("no number");
        assert_eq!(
            error.to_string(),
            "source date \"yesterday\" is not a number of seconds since 1970"
        );
    }

    #[test]
    fn outside_of_a_checkout_there_is_no_commit_and_no_date() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(git_commit(folder.path()), "unknown");
        let error = date(folder.path(), None).expect_err("no checkout");
        assert!(
            error.to_string().contains("git: not a git repository"),
            "{error}"
        );
    }
}
