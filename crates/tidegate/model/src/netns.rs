//! Which network namespace an endpoint lives in.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::serde_as_text;

/// The identity of a network namespace: device and inode of its nsfs file (namespaces(7), "The /proc/pid/ns/ directory"),
/// which no other has while it lives, and what no other ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetnsId {
    /// Device number of nsfs.
    pub dev: u64,
    /// Inode number of the namespace. The next namespace may get it as soon as this one is gone.
    pub ino: u64,
    /// What tells it from all that come after it; none where the kernel has none, and of what a release before recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<NetnsCookie>,
}

impl NetnsId {
    /// Whether both have the same file: of two namespaces that live, they are one.
    pub fn has_file_of(&self, other: &Self) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }

    /// Whether both are certainly the same namespace, be it that one of them was recorded long ago.
    pub fn is_certainly(&self, other: &Self) -> bool {
        self.has_file_of(other) && self.cookie.is_some() && self.cookie == other.cookie
    }
}

/// A number that a kernel gives to one network namespace while it runs (`SO_NETNS_COOKIE`, Linux 5.14), with what tells
/// this run of the kernel from all others (`/proc/sys/kernel/random/boot_id`, random(4)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct NetnsCookie {
    /// The first 64 bits of the boot's id.
    pub boot: u64,
    /// The number.
    pub number: u64,
}

impl fmt::Display for NetnsCookie {
    /// `5ad1f2c09be34711-4242`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.boot, self.number)
    }
}

/// A text that is no cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCookie;

impl fmt::Display for InvalidCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not a cookie of a network namespace")
    }
}

impl FromStr for NetnsCookie {
    type Err = InvalidCookie;

    fn from_str(text: &str) -> Result<Self, InvalidCookie> {
        let (boot, number) = text.split_once('-').ok_or(InvalidCookie)?;
        Ok(Self {
            boot: u64::from_str_radix(boot, 16).map_err(|_| InvalidCookie)?,
            number: number.parse().map_err(|_| InvalidCookie)?,
        })
    }
}

serde_as_text!(NetnsCookie);

/// A network namespace as it can be opened again: a path, and the identity that was found there.
/// A path that later leads to another identity is another namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetnsRef {
    /// `/run/netns/NAME`, `/proc/PID/ns/net`, or wherever the namespace is bound.
    pub path: PathBuf,
    /// What was found at the path.
    pub id: NetnsId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_with_and_without_what_never_repeats() {
        let old: NetnsId = serde_json::from_str(r#"{"dev":4,"ino":7}"#).unwrap();
        let now: NetnsId =
            serde_json::from_str(r#"{"dev":4,"ino":7,"cookie":"5ad1f2c09be34711-4242"}"#).unwrap();
        assert_eq!(serde_json::to_string(&old).unwrap(), r#"{"dev":4,"ino":7}"#);
        let text = serde_json::to_string(&now).unwrap();
        assert_eq!(serde_json::from_str::<NetnsId>(&text).unwrap(), now);
        assert!(now.has_file_of(&old) && now.is_certainly(&now));
        assert!(!now.is_certainly(&old) && !old.is_certainly(&old));
        for text in ["", "1", "-", "x-1", "1-x", "1-2-3"] {
            assert_eq!(text.parse::<NetnsCookie>(), Err(InvalidCookie), "{text:?}");
        }
    }
}
