//! A version that a package gets.

use std::str::FromStr;

/// `VERSION-REVISION`, such as `0.0.9-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) version: String,
    pub(crate) revision: String,
}

/// A text that is no version and revision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not VERSION-REVISION, such as 0.0.9-1")]
pub(crate) struct NoStamp {
    text: String,
}

impl FromStr for Stamp {
    type Err = NoStamp;

    fn from_str(text: &str) -> Result<Self, NoStamp> {
        // What both deb-version(7) and RPM take.
        let fits = |part: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || ".+~".contains(c);
            part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(known)
        };
        let parts = text.split_once('-');
        let parts = parts.filter(|(version, revision)| fits(version) && fits(revision));
        let (version, revision) = parts.ok_or_else(|| NoStamp { text: text.into() })?;
        Ok(Self {
            version: version.to_owned(),
            revision: revision.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_a_version_and_a_revision() {
        let stamp: Stamp = "0.0.9~rc1-1.el9".parse().unwrap();
        assert_eq!(stamp.version, "0.0.9~rc1");
        assert_eq!(stamp.revision, "1.el9");
        for text in ["", "1.0", "-1", "1.0-", "1-2-3", "1 0-1", "~1-1"] {
            assert!(text.parse::<Stamp>().is_err(), "{text:?}");
        }
    }
}
