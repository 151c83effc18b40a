//! The flavours of a build.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a binary is linked, and with it which drivers it has.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Flavour {
    /// Fully static; runs the tool. For the tarball, on any distribution.
    Static,
    /// Dynamic, linked to the C library; can run the tool too.
    Dynamic,
    /// Dynamic, without the C library; runs the tool.
    DynamicExec,
}

impl Flavour {
    /// Every flavour, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Dynamic, Self::DynamicExec, Self::Static];

    /// The name, as it is written everywhere: `static`, `dynamic`, `dynamic-exec`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Dynamic => "dynamic",
            Self::DynamicExec => "dynamic-exec",
        }
    }

    /// True where the binary links the C library.
    pub fn links_library(self) -> bool {
        self == Self::Dynamic
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no flavour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown flavour {name:?}: expected auto, static, dynamic or dynamic-exec")]
pub struct UnknownFlavour {
    name: String,
}

impl FromStr for Flavour {
    type Err = UnknownFlavour;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL
            .into_iter()
            .find(|flavour| flavour.as_str() == name);
        known.ok_or_else(|| UnknownFlavour {
            name: name.to_owned(),
        })
    }
}

/// Which flavour is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Request {
    /// The best dynamic flavour that the probe allows, with a stated fallback.
    #[default]
    Auto,
    /// This flavour or an error.
    Exactly(Flavour),
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Exactly(flavour) => flavour.fmt(f),
        }
    }
}

impl FromStr for Request {
    type Err = UnknownFlavour;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "auto" => Ok(Self::Auto),
            _ => name.parse().map(Self::Exactly),
        }
    }
}

impl Serialize for Request {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flavour_is_written_and_read_by_one_name() {
        for flavour in Flavour::ALL {
            assert_eq!(flavour.to_string().parse(), Ok(flavour));
            let json = serde_json::to_string(&flavour).unwrap();
            assert_eq!(json, format!("\"{flavour}\""));
        }
    }

    #[test]
    fn an_unknown_flavour_is_an_error_that_lists_the_known_ones() {
        let error = "shared".parse::<Request>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown flavour \"shared\": expected auto, static, dynamic or dynamic-exec"
        );
    }
}
