//! What distributions are called in configuration.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Distribution, Family};

/// The name of a family (`debian`), of a distribution of one (`ubuntu`), or of a release of it (`debian-13`).
///
/// A distribution is named by `ID` of os-release(5), or by `ID` and `VERSION_ID` with a `-` between them; a part of the
/// version before a point stands for all of them. [`Distribution::names`] has the names of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DistributionName {
    name: String,
    family: Family,
}

impl DistributionName {
    /// The family that it is, or that it is of.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }
}

/// By its text, so that a map with these names as keys is asked with a text. They are ordered as their texts are: the text alone
/// says the family.
impl Borrow<str> for DistributionName {
    fn borrow(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for DistributionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl From<DistributionName> for String {
    fn from(name: DistributionName) -> Self {
        name.name
    }
}

impl TryFrom<String> for DistributionName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let family = {
            let beginnings = name.match_indices('-').map(|(at, _)| &name[..at]);
            let mut ids = beginnings.chain([name.as_str()]);
            Family::named(&name).or_else(|| ids.find_map(Family::of_id))
        };
        match family {
            Some(family) => Ok(Self { name, family }),
            None => {
                let refused = Family::try_from(name).err().unwrap_or_default();
                Err(format!(
                    "{refused}, or a distribution of theirs such as `ubuntu` or `debian-13`"
                ))
            }
        }
    }
}

impl Distribution {
    /// What it is called, from the name that says most to its family.
    ///
    /// ```
    /// let ubuntu = plimsoll_probe::Distribution::parse("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=24.04\n");
    /// assert_eq!(ubuntu.names(), ["ubuntu-24.04", "ubuntu-24", "ubuntu", "debian"]);
    /// ```
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let id = &self.id;
        let version = self.version_id.as_deref().unwrap_or_default();
        let points = version.match_indices('.').map(|(at, _)| &version[..at]);
        let mut versions: Vec<&str> = points.chain([version]).collect();
        versions.retain(|version| !version.is_empty());
        let numbered = versions.iter().rev().map(|v| format!("{id}-{v}"));
        let family = self.family.map(|family| family.name.to_owned());
        let mut names: Vec<String> = numbered.chain([id.clone()]).chain(family).collect();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_the_family_that_it_begins_with() {
        let family = |name: &str| {
            let name = DistributionName::try_from(name.to_owned());
            name.map(|name| name.family().name)
        };
        for (name, of) in [
            ("debian", "debian"),
            ("ubuntu-24.04", "debian"),
            ("rhel-9", "rhel"),
            ("suse", "suse"),
            ("opensuse-leap-16.0", "suse"),
        ] {
            assert_eq!(family(name), Ok(of), "{name}");
        }
        assert!(family("beos-5").is_err());
    }
}
