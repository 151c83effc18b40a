//! Which network namespace an endpoint lives in.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::serde_as_text;

/// The identity of a network namespace: device and inode of its nsfs file (namespaces(7), "The /proc/pid/ns/
/// directory"), which are unique while it lives, and its cookie, which is unique for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetnsId {
    /// Device number of nsfs.
    pub dev: u64,
    /// Inode number of the namespace. When the namespace is gone, another one may get the number.
    pub ino: u64,
    /// Cookie of the namespace; none if the kernel has no cookies, or in a record of an older release.
    pub cookie: Option<NetnsCookie>,
}

impl NetnsId {
    /// Whether both have the same inode. If both namespaces live, they are the same.
    pub fn has_file_of(&self, other: &Self) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }

    /// Whether both are certainly the same namespace, even if one was recorded long ago.
    pub fn is_certainly(&self, other: &Self) -> bool {
        self.has_file_of(other) && self.cookie.is_some() && self.cookie == other.cookie
    }
}

/// A number that a running kernel gives to only one network namespace (`SO_NETNS_COOKIE`, Linux 5.14), with the id of
/// the boot (`/proc/sys/kernel/random/boot_id`, random(4)).
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

/// A text that is not a cookie.
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

/// A network namespace: its path and its identity. If the path later leads to another identity, it is another
/// namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetnsRef {
    /// `/run/netns/NAME`, `/proc/PID/ns/net`, or another path where the namespace is mounted.
    pub path: PathBuf,
    /// The identity of the namespace at the path.
    pub id: NetnsId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_reads_back_and_everything_else_is_refused() {
        let cookie = "5ad1f2c09be34711-4242";
        assert_eq!(cookie.parse::<NetnsCookie>().unwrap().to_string(), cookie);
        for text in ["", "1", "-", "x-1", "1-x", "1-2-3"] {
            assert_eq!(text.parse::<NetnsCookie>(), Err(InvalidCookie), "{text:?}");
        }
    }

    #[test]
    fn an_identity_without_a_cookie_is_never_certain() {
        let old = NetnsId {
            dev: 4,
            ino: 7,
            cookie: None,
        };
        let cookie = Some(NetnsCookie { boot: 1, number: 1 });
        let now = NetnsId { cookie, ..old };
        assert!(now.has_file_of(&old) && now.is_certainly(&now));
        assert!(!now.is_certainly(&old) && !old.is_certainly(&old));
    }

    #[test]
    fn device_and_inode_identify_the_file_and_only_the_cookie_identifies_the_namespace() {
        let id = |dev, ino, number| NetnsId {
            dev,
            ino,
            cookie: Some(NetnsCookie { boot: 1, number }),
        };
        let one = id(4, 7, 1);
        for (other, has_file, is_certain) in [
            (id(4, 7, 1), true, true),
            (id(4, 7, 2), true, false),
            (id(4, 8, 1), false, false),
            (id(5, 7, 1), false, false),
        ] {
            assert_eq!(one.has_file_of(&other), has_file, "{other:?}");
            assert_eq!(one.is_certainly(&other), is_certain, "{other:?}");
        }
    }
}
