//! Names of networks and endpoints.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Invalid;
use crate::serde_as_text;

/// The names by which endpoints reach the host, in lower case: Docker's, podman's, and a short one. The DNS server answers them
/// with a gateway.
pub const HOST_NAMES: [&str; 3] = [
    "gateway",
    "host.containers.internal",
    "host.docker.internal",
];

/// The name of a network or of an endpoint: 1 to 63 characters of `A-Z a-z 0-9 _ . -`, the first
/// a letter or a digit. (63 is the length of a DNS label, RFC 1035 section 2.3.4.)
///
/// Names that differ only in case are one name in DNS (RFC 4343). The daemon makes no second one; states of earlier
/// releases may have them, so they are not equal. Their order has them side by side, the one in capitals first.
///
/// Copies share one allocation, because the state has each name in several places.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct Name(Arc<str>);

impl Name {
    /// Longest name, in characters.
    pub const MAX: usize = 63;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels of the name in DNS. Two dots side by side, or one at the end, enclose none.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.split('.').filter(|label| !label.is_empty())
    }

    /// Whether the name has an empty label, which no name in DNS has: two dots side by side, or one at the end.
    pub fn has_empty_label(&self) -> bool {
        self.0.split('.').any(str::is_empty)
    }

    /// The entry of this name, or else the first of a name that differs only in case.
    pub fn find_in<'a, T>(&self, entries: &'a BTreeMap<Self, T>) -> Option<&'a T> {
        self.find_entry_in(entries).map(|(_, entry)| entry)
    }

    /// The same, with the name that it has.
    pub fn find_entry_in<'a, T>(
        &self,
        entries: &'a BTreeMap<Self, T>,
    ) -> Option<(&'a Self, &'a T)> {
        let alike = || {
            let first = Self(self.0.to_ascii_uppercase().into());
            let found = entries.range(first..).next()?;
            found.0.0.eq_ignore_ascii_case(&self.0).then_some(found)
        };
        entries.get_key_value(self).or_else(alike)
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let [one, two] = [self, other].map(|name| name.0.bytes().map(|b| b.to_ascii_lowercase()));
        one.cmp(two).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Name {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: String| {
            let hint =
                "use 1 to 63 characters: A-Z a-z 0-9 _ . - and start with a letter or a digit";
            Err(Invalid::new("name", text, reason, hint))
        };
        let Some(first) = text.chars().next() else {
            return refuse("it is empty".into());
        };
        if !first.is_ascii_alphanumeric() {
            return refuse(format!("it starts with {first:?}"));
        }
        if let Some(bad) = text.chars().find(|c| !is_name_character(*c)) {
            return refuse(format!("it contains {bad:?}"));
        }
        if text.len() > Self::MAX {
            return refuse(format!("it has {} characters", text.len()));
        }
        Ok(Self(text.into()))
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_as_text!(Name);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_of_container_networks_are_accepted() {
        for good in ["a", "web", "web_1.prod-2", "0day", &"x".repeat(63)] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_name_is_found_as_it_is_or_else_in_another_case() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let of = |texts: &[&str]| -> BTreeMap<Name, String> {
            let entry = |text: &&str| (name(text), (*text).to_owned());
            texts.iter().map(entry).collect()
        };
        let all = of(&["Web", "web", "wEb2", "we", "z", "a_b", "A-B"]);
        for (wanted, found) in [
            ("Web", Some("Web")),
            ("web", Some("web")),
            ("WEB", Some("Web")),
            ("WEB2", Some("wEb2")),
            ("WE", Some("we")),
            ("Z", Some("z")),
            ("a-b", Some("A-B")),
            ("A_B", Some("a_b")),
            ("w", None),
            ("web3", None),
            ("zz", None),
        ] {
            let entry = name(wanted).find_in(&all);
            assert_eq!(entry.map(String::as_str), found, "{wanted}");
        }
        let order: Vec<&str> = all.keys().map(Name::as_str).collect();
        assert_eq!(order, ["A-B", "a_b", "we", "Web", "web", "wEb2", "z"]);
    }

    #[test]
    fn the_labels_of_a_name_are_never_empty() {
        for (text, labels, is_odd) in [
            ("web", &["web"][..], false),
            ("a_b.c-d", &["a_b", "c-d"], false),
            ("web.", &["web"], true),
            ("a..b", &["a", "b"], true),
        ] {
            let name: Name = text.parse().unwrap();
            assert_eq!(name.labels().collect::<Vec<_>>(), labels);
            assert_eq!(name.has_empty_label(), is_odd, "{text}");
        }
    }

    #[test]
    fn anything_that_could_break_out_of_a_text_is_refused_with_the_character() {
        for (bad, reason) in [
            ("", "it is empty"),
            ("-a", "it starts with '-'"),
            ("a b", "it contains ' '"),
            ("a\"; flush ruleset", "it contains '\"'"),
            ("a/b", "it contains '/'"),
            ("é", "it starts with 'é'"),
        ] {
            assert_eq!(bad.parse::<Name>().unwrap_err().reason, reason);
        }
        assert_eq!(
            "x".repeat(64).parse::<Name>().unwrap_err().reason,
            "it has 64 characters"
        );
    }
}
