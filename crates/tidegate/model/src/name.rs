//! Names of networks and endpoints.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Invalid;
use crate::serde_as_text;

/// The name of a network or of an endpoint: 1 to 63 characters of `A-Z a-z 0-9 _ . -`, the first
/// a letter or a digit. (63 is the length of a DNS label, RFC 1035 section 2.3.4.)
///
/// Copies share one allocation, because the state has each name in several places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
