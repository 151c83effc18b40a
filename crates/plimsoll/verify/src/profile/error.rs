//! What can be wrong with profiles.

use std::borrow::Cow;
use std::path::PathBuf;

use error_hint::{FileError, Hint};

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// A file cannot be read, written, made or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not TOML, or a key or value of it is not known.
    #[error("cannot parse {}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// An RPM distribution has no profile.
    #[error("distribution {id} has no capability profile {}", path.display())]
    Missing {
        /// The entry of the list.
        id: String,
        /// Where it would be.
        path: PathBuf,
    },
    /// A file that no RPM distribution of the list has the name of.
    #[error("{} is not the profile of an RPM distribution of the list", path.display())]
    NoDistro {
        /// The file.
        path: PathBuf,
    },
}

impl Hint for ProfileError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::File(error) => error.hint(),
            Self::Parse { .. } => None,
            Self::Missing { .. } => {
                Some("write one: docs/distributions.md describes the format".into())
            }
            Self::NoDistro { .. } => {
                Some("remove it, or name it after the distribution's `id`".into())
            }
        }
    }
}
