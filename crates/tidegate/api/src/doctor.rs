//! What `tidegate doctor` says.

use serde::{Deserialize, Serialize};

/// What was looked at and what was found, in the order in which it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Diagnosis {
    /// One entry for each thing that was looked at.
    pub checks: Vec<Checked>,
}

impl Diagnosis {
    /// Whether something stops packets or changes.
    pub fn has_fault(&self) -> bool {
        let mut findings = self.checks.iter().flat_map(|checked| &checked.findings);
        findings.any(|finding| finding.severity == Severity::Fault)
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Checked {
    /// What it is: `sysctls`, `links`, `table`, …
    pub check: String,
    /// What is wrong with it; nothing where all is well.
    pub findings: Vec<Finding>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, with its object.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It could not be told whether something is wrong.
    CouldNotTell,
    /// It stops packets or changes under some conditions.
    Warning,
    /// It stops packets or changes.
    Fault,
}
