//! DNS settings of networks and endpoints.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::Invalid;
use crate::serde_as_text;

/// DNS settings of a network or an endpoint. An endpoint takes what it does not set from its network, and a network
/// from the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dns {
    /// Servers for the names that are not those of endpoints. The host asks them.
    pub servers: Vec<IpAddr>,
    /// Search domains for relative names. The root alone means none.
    pub search: Vec<SearchDomain>,
    /// Options (resolv.conf(5), `options`).
    pub options: Vec<DnsOption>,
}

impl Dns {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        let Self {
            servers,
            search,
            options,
        } = self;
        servers.is_empty() && search.is_empty() && options.is_empty()
    }
}

/// A domain to complete relative names with (resolv.conf(5), `search`). `.` is the root: it completes nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct SearchDomain(String);

impl SearchDomain {
    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0 == "."
    }
}

/// Longest domain and longest label, in bytes (RFC 1035 section 2.3.4).
const DOMAIN: usize = 253;
const LABEL: usize = 63;

impl FromStr for SearchDomain {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason| {
            let hint = "write a domain such as corp.example, or . for none";
            Err(Invalid::new("search domain", text, reason, hint))
        };
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let inner = text.strip_suffix('.').unwrap_or(text);
        if text == "." {
            return Ok(Self(text.to_owned()));
        }
        if inner.is_empty() || inner.split('.').any(str::is_empty) {
            return refuse("it has an empty label");
        }
        if inner.len() > DOMAIN || inner.split('.').any(|label| label.len() > LABEL) {
            return refuse("it is longer than 253 bytes, or one of its labels than 63");
        }
        match inner.split('.').all(|label| label.chars().all(is_part)) {
            true => Ok(Self(inner.to_owned())),
            false => refuse("it has other characters than letters, digits, \"-\", \"_\" and dots"),
        }
    }
}

impl fmt::Display for SearchDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_as_text!(SearchDomain);

/// An option of the C library's resolver (resolv.conf(5), `options`), such as `ndots:2` or `rotate`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct DnsOption(String);

/// Longest option, in bytes.
const OPTION: usize = 64;

impl FromStr for DnsOption {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (name, value) = text
            .split_once(':')
            .map_or((text, None), |(name, value)| (name, Some(value)));
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let has_name = !name.is_empty() && name.chars().all(is_name);
        let is_number =
            |value: &str| !value.is_empty() && value.chars().all(|c| c.is_ascii_digit());
        match has_name && value.is_none_or(is_number) && text.len() <= OPTION {
            true => Ok(Self(text.to_owned())),
            false => Err(Invalid::new(
                "DNS option",
                text,
                "it is not a word, or a word and a number with a colon between them",
                "see resolv.conf(5); write it as there, such as ndots:2 or rotate",
            )),
        }
    }
}

impl fmt::Display for DnsOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_as_text!(DnsOption);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_domain_has_labels_of_names_and_no_dot_at_its_end() {
        for (given, is) in [
            ("corp.example", "corp.example"),
            ("corp.example.", "corp.example"),
            ("_x-1", "_x-1"),
            (".", "."),
        ] {
            assert_eq!(given.parse::<SearchDomain>().unwrap().to_string(), is);
        }
        let long = ["a"; 128].join(".");
        for given in [
            "",
            "..",
            "a..b",
            ".a",
            "a b",
            "a\nnameserver",
            "ä",
            &"a".repeat(64),
            &long,
        ] {
            assert!(given.parse::<SearchDomain>().is_err(), "{given}");
        }
        let longest = ["a"; 127].join(".");
        assert!(longest.parse::<SearchDomain>().is_ok());
    }

    #[test]
    fn an_option_is_a_word_that_may_have_a_number() {
        for given in ["ndots:2", "rotate", "single-request-reopen", "inet6"] {
            assert_eq!(given.parse::<DnsOption>().unwrap().to_string(), given);
        }
        for given in [
            "", ":2", "ndots:", "ndots:x", "a b", "a\nb", "Rotate", "a:1:2",
        ] {
            assert!(given.parse::<DnsOption>().is_err(), "{given}");
        }
    }
}
