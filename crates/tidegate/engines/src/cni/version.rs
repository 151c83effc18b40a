//! Versions of the specification.

use std::fmt;

use serde_json::json;

use crate::fields::Fields;
use crate::{Refused, Why};

/// A version of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 0.3.1, of 2017. It differs from 0.3.0 in words alone.
    V0_3_1,
    /// 0.4.0, of 2019: CHECK.
    V0_4_0,
    /// 1.0.0, of 2021: an address has no version any more.
    V1_0_0,
    /// 1.1.0, of 2024: GC and STATUS.
    V1_1_0,
}

impl Version {
    /// The newest one.
    pub const NEWEST: Self = Self::V1_1_0;

    /// Every one, the oldest first.
    pub const ALL: [Self; 4] = [Self::V0_3_1, Self::V0_4_0, Self::V1_0_0, Self::V1_1_0];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_3_1 => "0.3.1",
            Self::V0_4_0 => "0.4.0",
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
        }
    }

    /// Whether each address of a result has its version beside it: `4` or `6`.
    pub(super) fn numbers_addresses(self) -> bool {
        self < Self::V1_0_0
    }

    fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Takes the version out of a configuration. Without one it is 0.1.0 (libcni's `ConfigDecoder`), which is too old.
pub(super) fn take(config: &mut Fields) -> Result<Version, Refused> {
    let text: String = config
        .take("cniVersion")?
        .unwrap_or_else(|| "0.1.0".to_owned());
    Version::of(&text).ok_or_else(|| {
        let known: Vec<&str> = Version::ALL.map(Version::as_str).to_vec();
        let message = format!("version {text:?} of the specification is not supported");
        let hint = format!(
            "set cniVersion of the network's file to one of {}",
            known.join(", ")
        );
        Refused::new(Why::Version, message).with_hint(hint)
    })
}

/// The version in which somebody asks for the versions, as it is written: any will do.
pub(super) fn of_query(text: &[u8]) -> Result<String, Refused> {
    let asked = match text.trim_ascii() {
        b"" => None,
        text => Fields::read("the request", text)?.take("cniVersion")?,
    };
    Ok(asked.unwrap_or_else(|| Version::NEWEST.to_string()))
}

/// The answer to VERSION.
pub(super) fn supported(asked: String) -> String {
    json!({ "cniVersion": asked, "supportedVersions": Version::ALL.map(Version::as_str) })
        .to_string()
}
