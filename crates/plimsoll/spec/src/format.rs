//! Names of package formats.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What a JSON schema calls the form of a name, so that a reader of the schema can list the names that it knows.
pub const FORMAT_NAME: &str = "package-format";

/// How many bytes a name may have.
const LONGEST: usize = 15;

/// The name of a package format, such as `deb`: lower-case letters and digits, at most 15.
///
/// A name says nothing about whether somebody can make or read such a package.
///
/// ```
/// use plimsoll_spec::FormatName;
///
/// const APK: FormatName = FormatName::new("apk");
///
/// assert_eq!("apk".parse(), Ok(APK));
/// assert!("tar.gz".parse::<FormatName>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FormatName {
    /// The name, with zeros after it.
    bytes: [u8; LONGEST],
}

/// A text that cannot be the name of a package format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is not a valid name of a package format: use at most 15 lower-case letters and digits"
)]
pub struct InvalidFormatName {
    name: String,
}

impl FormatName {
    /// A Debian package, see deb(5).
    pub const DEB: Self = Self::new("deb");
    /// An RPM package of format 4, which rpm 4.4 and later read.
    pub const RPM: Self = Self::new("rpm");
    /// A gzip-compressed tar file.
    pub const TAR: Self = Self::new("tar");

    /// A name that is part of a program. One that comes from elsewhere is parsed.
    ///
    /// # Panics
    /// Where it is not a name: for a constant, when the program is compiled.
    #[must_use]
    #[expect(clippy::panic, reason = "a constant fails when it is compiled")]
    pub const fn new(name: &'static str) -> Self {
        match Self::of(name) {
            Some(name) => name,
            None => panic!("not the name of a package format"),
        }
    }

    const fn of(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        if name.is_empty() || name.len() > LONGEST {
            return None;
        }
        let mut bytes = [0; LONGEST];
        let mut index = 0;
        while index < name.len() {
            if !name[index].is_ascii_lowercase() && !name[index].is_ascii_digit() {
                return None;
            }
            bytes[index] = name[index];
            index += 1;
        }
        Some(Self { bytes })
    }

    /// The name, as configuration, options and the manifest write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = str::from_utf8(&self.bytes).unwrap_or_default();
        text.trim_end_matches('\0')
    }
}

impl fmt::Debug for FormatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FormatName").field(&self.as_str()).finish()
    }
}

impl fmt::Display for FormatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FormatName {
    type Err = InvalidFormatName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::of(name).ok_or_else(|| InvalidFormatName {
            name: name.to_owned(),
        })
    }
}

impl TryFrom<String> for FormatName {
    type Error = InvalidFormatName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<FormatName> for String {
    fn from(name: FormatName) -> Self {
        name.as_str().to_owned()
    }
}

impl JsonSchema for FormatName {
    fn schema_name() -> Cow<'static, str> {
        "FormatName".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": FORMAT_NAME })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for name in ["deb", "x", "pkgtarzst", "abcdefghijklm99"] {
            let parsed: FormatName = name.parse().unwrap();
            assert_eq!(parsed.as_str(), name);
            let json = serde_json::to_string(&parsed).unwrap();
            assert_eq!(json, format!("{name:?}"));
            assert_eq!(serde_json::from_str::<FormatName>(&json).unwrap(), parsed);
        }
        for name in ["", "Deb", "tar.gz", "deb\0", "abcdefghijklmnop", "é"] {
            assert!(name.parse::<FormatName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_sort_as_their_text_does() {
        let mut names = ["tar", "deb", "debx", "rpm"].map(|name| name.parse().unwrap());
        names.sort();
        let sorted = names.map(|name: FormatName| name.to_string());
        assert_eq!(sorted, ["deb", "debx", "rpm", "tar"]);
    }

    #[test]
    fn a_refused_name_is_repeated() {
        let error = "tar.gz".parse::<FormatName>().unwrap_err().to_string();
        assert!(
            error.starts_with("\"tar.gz\" is not a valid name of a package format"),
            "{error}"
        );
        assert_eq!(format!("{:?}", FormatName::DEB), "FormatName(\"deb\")");
        assert_eq!(format!("{:>5}", FormatName::DEB), "  deb");
    }

    #[test]
    fn a_schema_has_the_form_of_a_name_in_its_place() {
        let schema = SchemaGenerator::default().into_root_schema_for::<Vec<FormatName>>();
        let schema = schema.to_value();
        let items = serde_json::json!({ "type": "string", "format": FORMAT_NAME });
        assert_eq!(schema["items"], items);
        let schema = SchemaGenerator::default().into_root_schema_for::<FormatName>();
        assert_eq!(schema.to_value()["title"], "FormatName");
    }
}
