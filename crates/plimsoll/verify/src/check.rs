//! What is proven about a package.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that is proven about a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// lintian or rpmlint has neither an error nor a warning, and every override has its reason.
    Lint,
    /// Package, programs and plan agree, and the target has what the programs need.
    Audit,
    /// The distribution's own resolver accepts the package.
    Resolve,
    /// An older release refuses it where it could not work there, and names the dependency.
    Refuse,
    /// The package manager installs it.
    Install,
    /// Units are started and enabled as the family's policy wants it.
    Service,
    /// The programs do their work, by the driver that was planned.
    Smoke,
    /// An upgrade keeps open connections and changed configuration files.
    Upgrade,
    /// A removal stops the units, keeps the configuration, and leaves users of the network alone.
    Remove,
    /// After a purge nothing is left.
    Purge,
}

impl Check {
    /// Every check, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Lint,
        Self::Audit,
        Self::Resolve,
        Self::Refuse,
        Self::Install,
        Self::Service,
        Self::Smoke,
        Self::Upgrade,
        Self::Remove,
        Self::Purge,
    ];

    /// The name, as options, tables and `verify.json` write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Audit => "audit",
            Self::Resolve => "resolve",
            Self::Refuse => "refuse",
            Self::Install => "install",
            Self::Service => "service",
            Self::Smoke => "smoke",
            Self::Upgrade => "upgrade",
            Self::Remove => "remove",
            Self::Purge => "purge",
        }
    }

    /// Whether it happens inside of a system with the package installed.
    #[must_use]
    pub fn is_of_life(self) -> bool {
        matches!(
            self,
            Self::Install
                | Self::Service
                | Self::Smoke
                | Self::Upgrade
                | Self::Remove
                | Self::Purge
        )
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is not a check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown check {0:?}: expected one of lint, audit, resolve, refuse, install, service, smoke, upgrade, remove, purge"
)]
pub struct UnknownCheck(String);

impl FromStr for Check {
    type Err = UnknownCheck;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|check| check.as_str() == name);
        known.ok_or_else(|| UnknownCheck(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_an_unknown_one_lists_them_all() {
        for check in Check::ALL {
            assert_eq!(check.as_str().parse(), Ok(check));
        }
        let error = "tidy".parse::<Check>().expect_err("unknown").to_string();
        for check in Check::ALL {
            assert!(error.contains(check.as_str()), "{error}");
        }
    }
}
