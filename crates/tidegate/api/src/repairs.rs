//! What the daemon put right after other programs changed it.

use serde::{Deserialize, Serialize};

/// Repairs since the daemon started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Repairs {
    /// The nftables table.
    pub table: Repaired,
    /// Bridges, and the host's ends of endpoints' pairs.
    pub interfaces: Repaired,
    /// The host's routing rules and routes for answers of the DNS server.
    pub routing: Repaired,
}

/// How often one thing was put right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Repaired {
    /// How often.
    pub times: u64,
    /// The last time.
    pub last: Option<Repair>,
}

/// One repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Repair {
    /// Time in milliseconds since 1970-01-01 UTC.
    pub time: u64,
    /// What was changed or done, as text.
    pub what: String,
}
