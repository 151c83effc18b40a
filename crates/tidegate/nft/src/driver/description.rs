//! The description of a driver.

use std::fmt;

use serde::Serialize;

use super::error::bounded;

/// A driver, its mode and its release. Serialized in kebab case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Description {
    /// The driver's name.
    pub driver: &'static str,
    /// How it runs transactions.
    pub mode: Mode,
    /// Why it runs them that way.
    pub why: String,
    /// The release of nft or libnftables, as in `1.0.6`, if it could be had.
    pub version: Option<String>,
    /// Whether JSON is compiled into it.
    pub json: Support,
    /// The program that it runs, for the exec driver.
    pub program: Option<std::path::PathBuf>,
    /// A known fault of this release, if any.
    pub warning: Option<String>,
}

/// How a driver runs transactions, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mode(pub &'static str);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The answer to a question that cannot always be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "answer", content = "reason")]
pub enum Support {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Unknown, for this reason. It counts as neither yes nor no.
    CouldNotTell(String),
}

impl Support {
    /// Unknown for a reason, which is shortened to the limit of a message.
    #[must_use]
    pub fn could_not_tell(reason: &str) -> Self {
        Self::CouldNotTell(bounded(reason))
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::No => f.write_str("no"),
            Self::CouldNotTell(reason) => write!(f, "could not tell: {reason}"),
        }
    }
}
