//! What becomes of copies of C libraries in the programs.

use schemars::JsonSchema;
use serde::Deserialize;

/// What becomes of a C library of which a crate links its own copy, or a static archive of the system, and that no `native-dep`
/// declares. A copy of a declared library is always an error, but in a static flavour that links it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BundledPolicy {
    /// A warning; the manifest and the list of components name it.
    #[default]
    Report,
    /// An error.
    Refuse,
    /// An error, but for these: `bundled = { allow = ["ring"] }`.
    Allow(Vec<String>),
}
