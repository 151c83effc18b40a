//! The planned ruleset and the kernel's.

use serde::{Deserialize, Serialize};

/// A ruleset as nft text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RulesetText {
    /// The text.
    pub text: String,
}

/// The differences between the planned ruleset and the kernel's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RulesetDiff {
    /// One line for each difference; empty if they agree.
    pub differences: Vec<String>,
}
