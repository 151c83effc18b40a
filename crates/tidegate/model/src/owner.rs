//! Owners of endpoints.

use std::fmt;
use std::str::FromStr;

use crate::serde_as_text;
use crate::{Invalid, Name};

/// What an endpoint was made for: an engine, and the engine's own identifier of the attachment. Written `ENGINE/ID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The program that asked for the endpoint, such as `docker` or `cni`.
    pub engine: Name,
    /// The engine's identifier.
    pub id: OwnerId,
}

impl FromStr for Owner {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason| Invalid::new("owner", text, reason, "write ENGINE/ID");
        let (engine, id) = text
            .split_once('/')
            .ok_or_else(|| refuse("it has no slash"))?;
        Ok(Self {
            engine: engine.parse()?,
            id: id.parse()?,
        })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.engine, self.id)
    }
}

/// An engine's identifier of an endpoint: 1 to 255 visible ASCII characters. Only the engine knows what they mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct OwnerId(Box<str>);

impl OwnerId {
    /// The longest one, in characters.
    pub const MAX: usize = 255;

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OwnerId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: String| {
            let hint = "use 1 to 255 visible ASCII characters";
            Err(Invalid::new("owner's identifier", text, reason, hint))
        };
        match text.chars().find(|c| !c.is_ascii_graphic()) {
            Some(bad) => refuse(format!("it contains {bad:?}")),
            None if text.is_empty() => refuse("it is empty".into()),
            None if text.len() > Self::MAX => refuse(format!("it has {} characters", text.len())),
            None => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_as_text!(OwnerId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_reads_back_and_its_identifier_may_have_slashes() {
        for text in ["docker/4ac1", "cni/4ac1/eth0", "podman/{a}:b,c"] {
            assert_eq!(text.parse::<Owner>().unwrap().to_string(), text);
        }
        let owner: Owner = "cni/4ac1/eth0".parse().unwrap();
        assert_eq!(owner.engine.as_str(), "cni");
        assert_eq!(owner.id.as_str(), "4ac1/eth0");
    }

    #[test]
    fn an_owner_that_is_none_is_refused_with_the_reason() {
        let long = format!("cni/{}", "x".repeat(256));
        for (text, reason) in [
            ("cni", "it has no slash"),
            ("/4ac1", "it is empty"),
            ("cni/", "it is empty"),
            ("cni/a b", "it contains ' '"),
            ("cni/a\n", "it contains '\\n'"),
            ("cni/é", "it contains 'é'"),
            (&long, "it has 256 characters"),
        ] {
            assert_eq!(text.parse::<Owner>().unwrap_err().reason, reason, "{text}");
        }
        let longest = format!("cni/{}", "x".repeat(OwnerId::MAX));
        assert!(longest.parse::<Owner>().is_ok());
    }
}
