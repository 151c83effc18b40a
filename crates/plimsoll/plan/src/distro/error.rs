//! What can be wrong with the list of distributions.

use std::borrow::Cow;
use std::path::PathBuf;

use error_hint::Hint;

use crate::format_names::UnknownFormat;
use crate::toolkit;

/// Why the list, or an entry of it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DistroError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or a key or value of it is not known.
    #[error("cannot parse {}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// A package format is named that is not known.
    #[error("{}:{line}: {unknown}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is known. It is part of the message, and so no cause.
        unknown: UnknownFormat,
    },
    /// An entry contradicts itself, or another one.
    #[error("{}:{line}: distribution {id} {what}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The line of the entry's `id`, from 1.
        line: usize,
        /// The entry.
        id: String,
        /// What is wrong with it.
        what: String,
        /// What mends it.
        hint: String,
    },
    /// There is no such entry.
    #[error("unknown distribution {id:?}")]
    Unknown {
        /// What was asked for.
        id: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A distribution has no packages for that architecture here.
    #[error("distribution {id} is not built for {architecture}")]
    Architecture {
        /// The entry.
        id: String,
        /// What was asked for.
        architecture: &'static str,
    },
    /// Nothing can be planned for the distribution.
    #[error("cannot plan the packages of distribution {id}")]
    Plan {
        /// The entry.
        id: String,
        /// Why.
        source: crate::plan::PlanError,
    },
}

impl Hint for DistroError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Io { .. } => {
                let init = toolkit::command("init");
                Some(
                    format!("run the command inside of the workspace; `{init}` writes the file")
                        .into(),
                )
            }
            Self::Parse { .. } | Self::UnknownFormat { .. } => None,
            Self::Entry { hint, .. } => Some(hint.into()),
            Self::Unknown { known, .. } => Some(format!("known are {}", known.join(", ")).into()),
            Self::Architecture { .. } => Some(
                "add it to `architectures` in packaging/distros.toml, or build elsewhere".into(),
            ),
            Self::Plan { source, .. } => source.hint(),
        }
    }
}
