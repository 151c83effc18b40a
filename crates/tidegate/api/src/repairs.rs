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
    /// The last repairs of all kinds, at most 10, the oldest first.
    #[serde(default)]
    pub recent: Vec<RecentRepair>,
}

/// One of the last repairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RecentRepair {
    /// What was put right.
    pub kind: RepairKind,
    /// When, and what was changed or done.
    #[serde(flatten)]
    pub repair: Repair,
}

/// What is put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RepairKind {
    /// The nftables table.
    Table,
    /// Bridges, and the host's ends of endpoints' pairs.
    Interfaces,
    /// The host's routing rules and routes for answers of the DNS server.
    Routing,
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
