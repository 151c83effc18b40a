//! Asking Cargo and git about the source.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use cargo_metadata::{MetadataCommand, Package};
use error_hint::Hint;
use plimsoll_probe::{Command, RunError, limit};

use super::Source;
use crate::packager::cargo_program;

/// Why version, commit or date is unknown.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Cargo does not answer.
    #[error(transparent)]
    Cargo(#[from] RunError),
    /// Cargo does not say which packages there are.
    #[error("cannot parse what `cargo metadata` says")]
    Metadata(#[source] cargo_metadata::Error),
    /// The Cargo package is missing, or says too little about itself.
    #[error("Cargo package {package} has no {what}")]
    Missing {
        /// The package.
        package: String,
        /// What it lacks.
        what: &'static str,
    },
    /// Nothing tells the date of the source.
    #[error("the date of the source is unknown: {reason}")]
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
            Self::Cargo(error) => error.hint(),
            Self::Metadata(_) => None,
        }
    }
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
        package: package.name.to_string(),
        what,
    };
    Ok(Source {
        commit: commit.unwrap_or_else(|| git_commit(workspace)),
        source_date_epoch: date(workspace, std::env::var_os("SOURCE_DATE_EPOCH"))?,
        version: package.version.to_string(),
        license: package.license.clone().ok_or_else(|| missing("license"))?,
        maintainer: package
            .authors
            .first()
            .cloned()
            .ok_or_else(|| missing("authors"))?,
        homepage: homepage.ok_or_else(|| missing("homepage"))?,
    })
}

fn cargo_package(workspace: &Path, name: &str) -> Result<Package, SourceError> {
    let question = ["metadata", "--no-deps", "--format-version=1"];
    let command = Command::new(cargo_program(), question).within(workspace);
    let text = command.limited(limit::WORK).text()?;
    let metadata = MetadataCommand::parse(text).map_err(SourceError::Metadata)?;
    let mut packages = metadata.packages.into_iter();
    let found = packages.find(|package| *package.name == *name);
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
    let command = Command::new("git", arguments.iter().copied()).within(workspace);
    let output = command.limited(limit::WORK).output();
    let output = output.map_err(|error| error.reason())?;
    if output.success() {
        return Ok(output.stdout.trim().to_owned());
    }
    let first = output.complaint();
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
