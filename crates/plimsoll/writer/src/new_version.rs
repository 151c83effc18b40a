//! A version that a package gets.

use std::fmt;
use std::str::FromStr;

use plimsoll_spec::full_version;

/// `[EPOCH:]VERSION-REVISION`, such as `0.0.9-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// 0: none.
    pub(crate) epoch: u32,
    pub(crate) version: String,
    pub(crate) revision: String,
}

/// A text that is not a version and revision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not [EPOCH:]VERSION-REVISION, such as 0.0.9-1")]
pub(crate) struct NoStamp {
    text: String,
}

impl FromStr for Stamp {
    type Err = NoStamp;

    fn from_str(text: &str) -> Result<Self, NoStamp> {
        of(text).ok_or_else(|| NoStamp { text: text.into() })
    }
}

fn of(text: &str) -> Option<Stamp> {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().ok()?, rest),
        None => (0, text),
    };
    // What both deb-version(7) and RPM take.
    let fits = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || ".+~".contains(c);
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(known)
    };
    let parts = rest.split_once('-');
    let (version, revision) =
        parts.filter(|(version, revision)| fits(version) && fits(revision))?;
    Some(Stamp {
        epoch,
        version: version.to_owned(),
        revision: revision.to_owned(),
    })
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&full_version(self.epoch, &self.version, &self.revision))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_a_version_and_a_revision() {
        let stamp: Stamp = "0.0.9~rc1-1.el9".parse().unwrap();
        assert_eq!(stamp.epoch, 0);
        assert_eq!(stamp.version, "0.0.9~rc1");
        assert_eq!(stamp.revision, "1.el9");
        for text in [
            "", "1.0", "-1", "1.0-", "1-2-3", "1 0-1", "~1-1", ":1-1", "a:1-1", "1:2:3-1",
        ] {
            assert!(text.parse::<Stamp>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_epoch_begins_the_version() {
        let stamp: Stamp = "2:1.0-1".parse().unwrap();
        assert_eq!((stamp.epoch, stamp.version.as_str()), (2, "1.0"));
        assert_eq!(stamp.to_string(), "2:1.0-1");
    }
}
