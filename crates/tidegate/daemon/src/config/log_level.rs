//! The levels of messages that are logged.

use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use tracing::level_filters::LevelFilter;

/// The least severe messages that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// What makes a command or the daemon fail.
    Error,
    /// What is not as it should be.
    Warn,
    /// What is done.
    Info,
    /// How it is done.
    Debug,
    /// Every detail of it.
    Trace,
}

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let known = StrDeserializer::<Error>::new(text);
        Self::deserialize(known).map_err(|_| UnknownLevel)
    }
}

/// A text that is no log level.
#[derive(Debug)]
pub struct UnknownLevel;

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}
