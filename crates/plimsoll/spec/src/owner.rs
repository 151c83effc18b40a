//! Whose a file of a package is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name of a user or group, in bytes: `UT_NAMESIZE` of utmp(5) less one, which systemd-sysusers(8) keeps to.
const LONGEST: usize = 31;

/// The user and the group that own a file, by name.
///
/// ```
/// use plimsoll_spec::Owner;
///
/// let owner: Owner = "root:adm".parse()?;
/// assert_eq!(owner.group, "adm");
/// assert!("root".parse::<Owner>().is_err());
/// # Ok::<(), plimsoll_spec::InvalidOwner>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Owner {
    /// The user.
    pub user: String,
    /// The group.
    pub group: String,
}

/// A text that names no user and group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("owner {text:?} is not `user:group`, two names such as \"root:adm\"")]
pub struct InvalidOwner {
    text: String,
}

impl Owner {
    /// Whether it is root and its group, which own what a package installs unless it says otherwise.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.user == ROOT && self.group == ROOT
    }
}

const ROOT: &str = "root";

impl Default for Owner {
    fn default() -> Self {
        Self {
            user: ROOT.to_owned(),
            group: ROOT.to_owned(),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.user, self.group)
    }
}

impl FromStr for Owner {
    type Err = InvalidOwner;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = text.split_once(':');
        let sound = names.filter(|(user, group)| is_name(user) && is_name(group));
        let (user, group) = sound.ok_or_else(|| InvalidOwner {
            text: text.to_owned(),
        })?;
        Ok(Self {
            user: user.to_owned(),
            group: group.to_owned(),
        })
    }
}

/// What systemd-sysusers(8) and useradd(8) take alike.
fn is_name(name: &str) -> bool {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_rest = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    name.starts_with(is_start) && name.chars().all(is_rest) && name.len() <= LONGEST
}

impl TryFrom<String> for Owner {
    type Error = InvalidOwner;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_two_names() {
        for text in ["root:root", "_apt:www-data", "a1:b_c"] {
            let owner: Owner = text.parse().unwrap();
            assert_eq!(owner.to_string(), text);
        }
        let long = format!("{}:root", "a".repeat(32));
        for text in ["", "root", "root:", ":adm", "0:0", "a b:c", "a:b:c", &long] {
            let error = text.parse::<Owner>().unwrap_err().to_string();
            assert!(error.contains("is not `user:group`"), "{error}");
        }
        assert!(Owner::default().is_root());
    }
}
