//! Why the tables of a manifest are unknown.

use std::borrow::Cow;

use error_hint::Hint;
use plimsoll_plan::format::UnknownFormat;
use plimsoll_plan::plan::PlanError;

use crate::compose::AssetError;

/// Why the tables of a manifest are unknown, or cannot be put into it.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// The files are unknown.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// The dependencies are unknown.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A format is not there.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    /// The manifest is not TOML.
    #[error("cannot parse the Cargo manifest")]
    Manifest(#[from] toml_edit::TomlError),
    /// `package` or `package.metadata` is not a table.
    #[error("`{key}` of the Cargo manifest is not a table")]
    NoTable {
        /// The key.
        key: &'static str,
    },
}

impl Hint for MetadataError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Asset(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Format(_) | Self::Manifest(_) => None,
            Self::NoTable { .. } => {
                Some("write it as a table: the main Cargo package has one".into())
            }
        }
    }
}
