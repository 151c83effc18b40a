//! What became of a check.

use serde::{Deserialize, Serialize};

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It was run, and found no fault.
    Passed {
        /// What was seen.
        seen: String,
    },
    /// It was run, and found faults.
    Failed {
        /// Each of them.
        faults: Vec<String>,
    },
    /// It has no meaning for this package.
    NotApplicable {
        /// Why.
        because: String,
    },
    /// It was not run, and so says nothing.
    NotRun {
        /// Why.
        because: String,
    },
}

impl Outcome {
    /// Passed if there are no faults; `seen` describes the result.
    #[must_use]
    pub fn of(faults: Vec<String>, seen: impl Into<String>) -> Self {
        match faults.is_empty() {
            true => Self::Passed { seen: seen.into() },
            false => Self::Failed { faults },
        }
    }

    /// One fault.
    #[must_use]
    pub fn failed(fault: impl Into<String>) -> Self {
        Self::Failed {
            faults: vec![fault.into()],
        }
    }

    /// It was not run.
    #[must_use]
    pub fn not_run(because: impl Into<String>) -> Self {
        Self::NotRun {
            because: because.into(),
        }
    }

    /// The one word that a table shows.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed { .. } => "passed",
            Self::Failed { .. } => "FAILED",
            Self::NotApplicable { .. } => "n/a",
            Self::NotRun { .. } => "not run",
        }
    }

    /// What was seen, the faults, or the reason.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Passed { seen } => seen.clone(),
            Self::Failed { faults } => faults.join("; "),
            Self::NotApplicable { because } | Self::NotRun { because } => because.clone(),
        }
    }

    /// Adds faults that were found elsewhere: a check that passed has then failed.
    #[must_use]
    pub fn with(self, more: Vec<String>) -> Self {
        match (self, more.is_empty()) {
            (outcome, true) => outcome,
            (Self::Failed { mut faults }, false) => {
                faults.extend(more);
                Self::Failed { faults }
            }
            (_, false) => Self::Failed { faults: more },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_found_elsewhere_turns_passed_into_failed() {
        let passed = Outcome::of(Vec::new(), "all is well");
        assert_eq!(passed.clone().with(Vec::new()), passed);
        assert_eq!(passed.with(vec!["a".into()]), Outcome::failed("a"));
        let two = Outcome::failed("a").with(vec!["b".into()]);
        assert_eq!((two.word(), two.text().as_str()), ("FAILED", "a; b"));
    }
}
