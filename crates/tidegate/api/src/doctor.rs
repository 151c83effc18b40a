//! The result of `tidegate doctor`.

use serde::{Deserialize, Serialize};

/// The checks and their findings, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Diagnosis {
    /// One entry for each check.
    pub checks: Vec<Checked>,
}

impl Diagnosis {
    /// Whether something stops packets or changes.
    pub fn has_fault(&self) -> bool {
        let mut findings = self.checks.iter().flat_map(|checked| &checked.findings);
        findings.any(|finding| finding.severity == Severity::Fault)
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Checked {
    /// Name of the check: `sysctls`, `links`, `table`, …
    pub check: String,
    /// The findings; empty if all is well.
    pub findings: Vec<Finding>,
}

/// One result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Description, with the name of the object.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The check had no result.
    CouldNotTell,
    /// Warning: it can stop packets or changes under some conditions.
    Warning,
    /// Fault: it stops packets or changes.
    Fault,
}
