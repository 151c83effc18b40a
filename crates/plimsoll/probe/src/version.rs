//! Dotted version numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A dotted number such as `0.9.3`; missing parts count as zero in comparisons.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    parts: Vec<u64>,
}

/// A version that is not dotted numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version {text:?} is not dotted numbers such as 0.9.3")]
pub struct ParseVersionError {
    text: String,
}

impl Version {
    /// The version with these parts.
    pub fn new(parts: &[u64]) -> Self {
        let text = parts
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(".");
        Self {
            text,
            parts: parts.to_vec(),
        }
    }

    fn significant(&self) -> &[u64] {
        let end = self
            .parts
            .iter()
            .rposition(|part| *part != 0)
            .map_or(0, |last| last + 1);
        &self.parts[..end]
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Result<Vec<u64>, _> = text.split('.').map(str::parse).collect();
        match parts {
            Ok(parts) => Ok(Self {
                text: text.to_owned(),
                parts,
            }),
            Err(_) => Err(ParseVersionError {
                text: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.significant() == other.significant()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.significant().cmp(other.significant())
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn parts_are_compared_as_numbers() {
        assert!(version("0.9.10") > version("0.9.3"));
        assert!(version("1.0") > version("0.9.9"));
        assert_eq!(version("1.0"), version("1.0.0"));
    }

    #[test]
    fn anything_but_dotted_numbers_is_refused() {
        for text in ["", "1.", "1.0-rc1", "v1"] {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_version_is_shown_as_it_was_written_and_zeros_at_its_end_do_not_count() {
        assert_eq!(Version::new(&[0, 9, 3]).to_string(), "0.9.3");
        assert_eq!(version("1.00").to_string(), "1.00");
        for (one, other) in [("1", "1.0.0"), ("0", "0.0"), ("1.0.1.0", "1.0.1")] {
            assert_eq!(version(one), version(other));
            assert_eq!(version(one).cmp(&version(other)), std::cmp::Ordering::Equal);
        }
        assert_ne!(version("1.0.1"), version("1.1"));
        assert!(version("1.0") < version("1.0.1") && version("0.0.1") > version("0"));
    }

    #[test]
    fn a_version_is_a_text_in_json() {
        let json = serde_json::to_string(&version("0.9.3")).unwrap();
        assert_eq!(json, "\"0.9.3\"");
        let read: Version = serde_json::from_str(&json).unwrap();
        assert_eq!(read, version("0.9.3"));
        let error = serde_json::from_str::<Version>("\"v1\"").unwrap_err();
        assert!(
            error.to_string().contains("is not dotted numbers"),
            "{error}"
        );
    }
}
