//! What can be wrong with the settings.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use error_hint::{Failure, Hint};

use super::values::{self, Fault};

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something that is not understood.
    #[error("{path}:{line}:{column}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// An unknown nft driver.
    #[error(transparent)]
    Driver(#[from] tidegate_nft_drivers::UnknownDriver),
    /// A pool of the command line that makes no sense.
    #[error(transparent)]
    Pool(#[from] tidegate_plan::InvalidPool),
    /// A server of the command line that is none.
    #[error(transparent)]
    Upstream(tidegate_model::Invalid),
    /// Who may reach published ports, of the command line, that makes no list.
    #[error(transparent)]
    Allow(tidegate_model::Invalid),
    /// An unknown log level.
    #[error("unknown log level {0:?}")]
    LogLevel(String),
}

/// Everything that is wrong with the settings; at least one fault.
#[derive(Debug)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// The faults of a file, in its order, one a line.
    pub(super) fn of_file(mut faults: Vec<ConfigError>) -> Self {
        faults.sort_by_key(ConfigError::place);
        faults.dedup_by_key(|fault| fault.place().map(|(line, _)| line));
        Self(faults)
    }

    /// The settings, if nothing is wrong.
    pub(super) fn or<T>(faults: Vec<ConfigError>, settings: T) -> Result<T, Self> {
        match faults.is_empty() {
            true => Ok(settings),
            false => Err(Self(faults)),
        }
    }

    /// How each is shown.
    pub fn failures(&self) -> Vec<Failure> {
        self.0.iter().map(Failure::from).collect()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(fault: ConfigError) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for ConfigErrors {
    /// One after the other, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("; "))
    }
}

impl Error for ConfigErrors {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0[..] {
            [only] => only.source(),
            _ => None,
        }
    }
}

impl Hint for ConfigErrors {
    fn hint(&self) -> Option<Cow<'_, str>> {
        self.0.first()?.hint()
    }
}

impl ConfigError {
    /// Line and column in the file.
    fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::Parse { line, column, .. } => Some((*line, *column)),
            _ => None,
        }
    }

    pub(super) fn parsing(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        let message = error.message().replace('\n', " ");
        Self::Parse {
            path: path.into(),
            line,
            column,
            message,
            hint: match error.message() == "duplicate key" {
                true => "leave out one of the two".to_owned(),
                false => hint_for(text.lines().nth(line - 1).unwrap_or_default()),
            },
        }
    }

    pub(super) fn of_key(path: &Path, text: &str, fault: Fault) -> Self {
        let (line, column) = place(text, fault.at);
        Self::Parse {
            path: path.into(),
            line,
            column,
            message: fault.message,
            hint: fault.hint,
        }
    }
}

impl Hint for ConfigError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Read { .. } => {
                "name an existing file with --config, or leave out --config".into()
            }
            Self::Parse { hint, .. } => hint.into(),
            Self::Driver(_) => "use auto, library or exec".into(),
            Self::Pool(invalid) => return invalid.hint(),
            Self::Upstream(invalid) | Self::Allow(invalid) => return invalid.hint(),
            Self::LogLevel(_) => "use error, warn, info, debug or trace".into(),
        })
    }
}

/// What to write in place of a line that is not TOML.
fn hint_for(line: &str) -> String {
    let name = line.split_once('=').map(|(name, _)| name.trim());
    match name.and_then(values::find) {
        Some(key) => format!("use {}", key.takes),
        None => {
            "write KEY = VALUE, or [TABLE] on a line of its own; tidegated.toml(5) lists every key"
                .into()
        }
    }
}

/// Line and column, from 1, of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
