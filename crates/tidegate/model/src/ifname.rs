//! Names of network interfaces.

use std::fmt;
use std::str::FromStr;

use arrayvec::ArrayString;

use crate::Invalid;
use crate::serde_as_text;

/// The name of a network interface: 1 to 15 bytes (`IFNAMSIZ` of linux/if.h less the NUL), of `A-Z a-z 0-9 _ . -`,
/// neither `.` nor `..`. The kernel allows more characters (`dev_valid_name`), but they need quoting in nft text, in
/// the path of a sysctl or in a shell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct IfName(ArrayString<{ IfName::MAX }>);

impl IfName {
    /// Longest interface name, in bytes.
    pub const MAX: usize = 15;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IfName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: String| {
            let hint = "use 1 to 15 characters: A-Z a-z 0-9 _ . -";
            Err(Invalid::new("interface name", text, reason, hint))
        };
        if text.is_empty() {
            return refuse("it is empty".into());
        }
        if text == "." || text == ".." {
            return refuse("it is the name of a directory in every directory".into());
        }
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if let Some(bad) = text.chars().find(|c| !valid(*c)) {
            return refuse(format!("it contains {bad:?}"));
        }
        match ArrayString::from(text) {
            Ok(name) => Ok(Self(name)),
            Err(_) => refuse(format!("it has {} bytes", text.len())),
        }
    }
}

impl fmt::Display for IfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_as_text!(IfName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_and_the_characters_of_an_interface_name_are_checked() {
        assert_eq!(
            "br-0123456789ab".parse::<IfName>().unwrap().as_str().len(),
            15
        );
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a b",
            "a:1",
            "eth0\n",
            "0123456789abcdef",
        ] {
            assert!(bad.parse::<IfName>().is_err(), "{bad:?}");
        }
    }
}
