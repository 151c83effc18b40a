//! Warnings about settings.

use serde::{Deserialize, Serialize};

/// A setting that was accepted and has no effect at the moment, or less than one may expect: it names something that the
/// host does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Warning {
    /// The setting, and what does not work.
    pub what: String,
    /// What the user can do about it.
    pub hint: String,
}
