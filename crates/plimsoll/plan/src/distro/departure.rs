//! A flavour other than the expected one.

use std::fmt;

use plimsoll_probe::FlavourName;
use serde::{Deserialize, Serialize};

use super::Distro;

/// A flavour other than the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Departure {
    /// What the list expects.
    pub expected: FlavourName,
    /// What follows instead.
    pub follows: FlavourName,
    /// Why.
    pub because: String,
}

impl Departure {
    /// Compares a flavour and its reason with the expectation of the entry.
    #[must_use]
    pub fn of(distro: &Distro, follows: FlavourName, because: &str) -> Option<Self> {
        let expected = distro.expected_flavour;
        (follows != expected).then(|| Self {
            expected,
            follows,
            because: because.to_owned(),
        })
    }
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            expected,
            follows,
            because,
        } = self;
        write!(f, "{follows} is built, not {expected}: {because}")
    }
}
