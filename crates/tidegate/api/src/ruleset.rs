//! Rulesets, as planned and as the kernel has them.

use serde::{Deserialize, Serialize};

/// A ruleset as nft text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RulesetText {
    /// The text.
    pub text: String,
}

/// What differs between the ruleset as planned and as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RulesetDiff {
    /// One line for each difference; none where they agree.
    pub differences: Vec<String>,
}
