//! The flavours of a build: their names, and what each links.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::NativeDep;

/// How many bytes the name of a flavour may have.
const LONGEST: usize = 23;

/// The name of a flavour, such as `dynamic-exec`: lower-case letters, digits and `-`, at most 23, the first a letter.
/// `auto` is none: it asks for the first flavour that can be built.
///
/// A name alone says nothing about the flavour; its declaration, a [`Flavour`], does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlavourName {
    /// The name, with zeros after it.
    bytes: [u8; LONGEST],
}

/// A text that cannot be the name of a flavour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is not a valid flavour name: use at most 23 lower-case letters, digits and `-`, a letter \
     first, and not auto"
)]
pub struct InvalidFlavourName {
    name: String,
}

impl FlavourName {
    /// The flavour that links no optional library unless its declaration says so, and no shared one.
    pub const STATIC: Self = Self::new("static");
    /// The flavour that links every library unless its declaration says which.
    pub const DYNAMIC: Self = Self::new("dynamic");
    /// The flavour that links no optional library unless its declaration says so.
    pub const DYNAMIC_EXEC: Self = Self::new("dynamic-exec");

    /// A name that is part of a program. One that comes from elsewhere is parsed.
    ///
    /// # Panics
    /// Where it is not a name: for a constant, when the program is compiled.
    #[expect(clippy::panic, reason = "a constant fails when it is compiled")]
    pub const fn new(name: &'static str) -> Self {
        match Self::of(name) {
            Some(name) => name,
            None => panic!("not the name of a flavour"),
        }
    }

    const fn of(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        if name.is_empty() || name.len() > LONGEST || !name[0].is_ascii_lowercase() {
            return None;
        }
        if let b"auto" = name {
            return None;
        }
        let mut bytes = [0; LONGEST];
        let mut index = 0;
        while index < name.len() {
            let byte = name[index];
            if !byte.is_ascii_lowercase() && !byte.is_ascii_digit() && byte != b'-' {
                return None;
            }
            bytes[index] = byte;
            index += 1;
        }
        Some(Self { bytes })
    }

    /// The name, as configuration, options and the manifest write it.
    pub fn as_str(&self) -> &str {
        let text = str::from_utf8(&self.bytes).unwrap_or_default();
        text.trim_end_matches('\0')
    }
}

impl fmt::Debug for FlavourName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FlavourName").field(&self.as_str()).finish()
    }
}

impl fmt::Display for FlavourName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FlavourName {
    type Err = InvalidFlavourName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::of(name).ok_or_else(|| InvalidFlavourName {
            name: name.to_owned(),
        })
    }
}

impl TryFrom<String> for FlavourName {
    type Error = InvalidFlavourName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<FlavourName> for String {
    fn from(name: FlavourName) -> Self {
        name.as_str().to_owned()
    }
}

impl JsonSchema for FlavourName {
    fn schema_name() -> Cow<'static, str> {
        "FlavourName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of a flavour.",
            "type": "string",
            "pattern": "^[a-z][a-z0-9-]{0,22}$",
        })
    }
}

/// How the programs of a flavour are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Linking {
    /// Fully static: they run on any distribution.
    Static,
    /// Dynamic: they take their libraries from the system.
    Dynamic,
}

impl fmt::Display for Linking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Static => "static",
            Self::Dynamic => "dynamic",
        })
    }
}

/// One flavour as it is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Flavour {
    /// Its name.
    pub name: FlavourName,
    /// How its programs are linked.
    pub linking: Linking,
    /// The optional libraries that it links, by the names of their declarations. The required ones come on top.
    pub libraries: Vec<String>,
}

/// The libraries and the flavours that a project declares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matrix {
    /// The libraries, by name.
    pub libraries: BTreeMap<String, NativeDep>,
    /// The flavours, the best first.
    pub flavours: Vec<Flavour>,
}

impl Matrix {
    /// The declaration of a flavour.
    pub fn flavour(&self, name: FlavourName) -> Option<&Flavour> {
        self.flavours.iter().find(|flavour| flavour.name == name)
    }

    /// The libraries that are linked in a flavour, in the order of their names: those that it lists, and every required one.
    pub fn linked<'a>(
        &'a self,
        flavour: &'a Flavour,
    ) -> impl Iterator<Item = (&'a str, &'a NativeDep)> {
        let is_linked =
            |(name, dep): &(&String, &NativeDep)| dep.required || flavour.libraries.contains(name);
        let linked = self.libraries.iter().filter(is_linked);
        linked.map(|(name, dep)| (name.as_str(), dep))
    }
}

/// Which flavour is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Request {
    /// The first dynamic flavour whose libraries were all found, with a stated fallback.
    #[default]
    Auto,
    /// This flavour or an error.
    Exactly(FlavourName),
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
    type Err = InvalidFlavourName;

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
    use crate::fakes;

    #[test]
    fn a_flavour_is_written_and_read_by_one_name() {
        for name in ["dynamic", "with-zlib", "a", &"a".repeat(LONGEST)] {
            let flavour: FlavourName = name.parse().unwrap();
            assert_eq!(flavour.to_string(), name);
            let json = serde_json::to_string(&flavour).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<FlavourName>(&json).unwrap(), flavour);
        }
    }

    #[test]
    fn what_cannot_be_part_of_a_file_name_is_not_a_name() {
        let longer = "a".repeat(LONGEST + 1);
        for name in ["", "auto", "Dynamic", "9p", "-x", "a b", "ä", &longer] {
            let error = name.parse::<FlavourName>().unwrap_err();
            assert!(error.to_string().contains("is not a valid flavour name"));
        }
        assert_eq!("auto".parse(), Ok(Request::Auto));
    }

    #[test]
    fn a_flavour_links_what_it_lists_and_what_is_required() {
        let matrix = fakes::compressor();
        let linked = |name: &str| -> Vec<&str> {
            let flavour = matrix.flavour(name.parse().unwrap()).unwrap();
            matrix.linked(flavour).map(|(name, _)| name).collect()
        };
        assert_eq!(linked("full"), ["bzip2", "lzma", "zlib"]);
        assert_eq!(linked("lean"), ["lzma", "zlib"]);
        assert_eq!(linked("plain"), ["zlib"]);
        assert_eq!(matrix.flavour(FlavourName::DYNAMIC), None);
    }

    #[test]
    fn names_and_linkings_are_shown_with_padding() {
        let flavour = FlavourName::STATIC;
        assert_eq!(format!("{flavour:8}|"), "static  |");
        assert_eq!(format!("{flavour:?}"), "FlavourName(\"static\")");
        let requests = [Request::Auto, Request::Exactly(flavour)];
        assert_eq!(
            requests.map(|it| format!("{it:7}|")),
            ["auto   |", "static |"]
        );
        let linkings = [Linking::Static, Linking::Dynamic];
        assert_eq!(
            linkings.map(|it| format!("{it:7}|")),
            ["static |", "dynamic|"]
        );
    }
}
