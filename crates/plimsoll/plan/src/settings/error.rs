//! Why a setting cannot be honoured.

use std::borrow::Cow;
use std::path::PathBuf;

use error_hint::Hint;

/// Why a setting cannot be honoured.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// A configuration file is not TOML.
    #[error("cannot parse {}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: toml::de::Error,
    },
    /// A key of a file outside of the project changes what is built.
    #[error("{key} in {} changes what is built, and is not part of the project", path.display())]
    Outside {
        /// The key.
        key: String,
        /// The file.
        path: PathBuf,
    },
    /// A variable changes what is built.
    #[error("{name} is set, which changes what is built, and is not part of the project")]
    Variable {
        /// Its name.
        name: String,
        /// The key that it stands for.
        key: String,
    },
    /// Neither the project nor Cargo has the profile that is to be built with.
    #[error("there is no Cargo profile {profile}")]
    NoProfile {
        /// Its name.
        profile: String,
        /// Those that are there, separated by commas.
        known: String,
    },
    /// A key that the toolkit does not understand, and that could change everything.
    #[error("{key} in {} cannot be honoured: {because}", path.display())]
    NotHonoured {
        /// The key.
        key: String,
        /// The file.
        path: PathBuf,
        /// Why.
        because: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
}

impl Hint for SettingError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Outside { .. } => {
                Some("move it to .cargo/config.toml of the workspace, or remove it".into())
            }
            Self::Variable { name, key } => Some(
                format!("unset {name}, or set {key} in .cargo/config.toml of the workspace").into(),
            ),
            Self::NoProfile { profile, known } => Some(
                format!(
                    "take one of {known}, or add [profile.{profile}] to Cargo.toml of the workspace"
                )
                .into(),
            ),
            Self::NotHonoured { hint, .. } => Some((*hint).into()),
            Self::Parse { .. } => None,
        }
    }
}
