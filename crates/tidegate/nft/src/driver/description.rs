//! The description of a driver.

use std::fmt;

use serde::Serialize;

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

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::No => f.write_str("no"),
            Self::CouldNotTell(reason) => write!(f, "could not tell: {reason}"),
        }
    }
}

/// Known faults of a release of nft or libnftables.
///
/// Releases up to 1.1.1 crash when they read sets that 1.1.2 or 1.1.3 wrote anywhere in the namespace. That ends
/// their process. Upstream fixed the writing side in 1.1.4.
pub(crate) fn known_fault(version: Option<&str>) -> Option<String> {
    let version = version?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let mut next = || parts.next().flatten();
    let number = (next()?, next()?, next().unwrap_or(0));
    (number <= (1, 1, 1)).then(|| {
        format!("{version} can crash on sets that nft 1.1.2 and 1.1.3 wrote in the same namespace")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_releases_are_warned_about() {
        assert!(known_fault(Some("1.0.6")).is_some());
        assert!(known_fault(Some("0.9.8")).is_some());
        assert_eq!(known_fault(Some("1.1.4")), None);
        assert_eq!(known_fault(Some("odd")), None);
        assert_eq!(known_fault(None), None);
    }
}
