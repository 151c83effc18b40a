//! Why version, commit or date of the source is unknown.

use std::borrow::Cow;
use std::path::PathBuf;

use error_hint::Hint;
use plimsoll_plan::source::COMMIT_VARIABLE;
use plimsoll_probe::RunError;

use crate::settings::SettingsError;

/// Why version, commit or date is unknown.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A setting of Cargo or of the environment cannot be honoured.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Cargo does not answer.
    #[error(transparent)]
    Cargo(#[from] RunError),
    /// Cargo does not say which packages there are.
    #[error("cannot parse the output of `cargo metadata`")]
    Metadata(#[source] cargo_metadata::Error),
    /// The Cargo package is missing, or says too little about itself.
    #[error("Cargo package {package} has no {what}")]
    Missing {
        /// The package.
        package: String,
        /// What it lacks.
        what: &'static str,
    },
    /// Git does not tell the state of a checkout.
    #[error("the commit is unknown: {reason}")]
    Git {
        /// Why.
        reason: String,
    },
    /// A commit is given, and the workspace is a checkout of another.
    #[error("{COMMIT_VARIABLE} is {given:?}, but the checkout is {found}")]
    OtherCommit {
        /// The value.
        given: String,
        /// What names the checkout.
        found: String,
    },
    /// A file of the source cannot be read.
    #[error("cannot read {}", path.display())]
    Tree {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A published crate does not say its commit.
    #[error("cannot parse {}: {why}", path.display())]
    Published {
        /// The file that should say it.
        path: PathBuf,
        /// Why it does not.
        why: String,
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
            Self::Missing { what, .. } => Some(match *what {
                "manifest" => {
                    "list only packages of the workspace in `[cargo] packages` of packaging/dist.toml".into()
                }
                what => {
                    let key = if what == "authors" { "maintainer" } else { what };
                    format!("add it to [package] of its Cargo.toml, or `{key}` to packaging/dist.toml").into()
                }
            }),
            Self::Cargo(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::OtherCommit { .. } => {
                Some("unset SOURCE_COMMIT: it is for a tree without a repository".into())
            }
            Self::Git { .. } => Some(
                "make `git status` work in the workspace for the user who builds".into(),
            ),
            Self::Published { .. } => {
                Some(format!("remove the file, or set {COMMIT_VARIABLE}").into())
            }
            Self::Tree { .. } | Self::Metadata(_) => None,
        }
    }
}
