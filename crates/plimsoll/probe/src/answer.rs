//! The three answers of a probe, and how to change them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a probe found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// It is there and was seen to work.
    Yes {
        /// What was found: a path, a version.
        detail: String,
    },
    /// It is certainly not there, or certainly does not work.
    No {
        /// Why, as the host said it.
        reason: String,
    },
    /// The probe failed, or its result meant neither yes nor no.
    CouldNotTell {
        /// What stood in the way.
        reason: String,
    },
}

impl Answer {
    /// A yes with what was found.
    pub fn yes(detail: impl Into<String>) -> Self {
        Self::Yes {
            detail: detail.into(),
        }
    }

    /// A no with its reason.
    pub fn no(reason: impl Into<String>) -> Self {
        Self::No {
            reason: reason.into(),
        }
    }

    /// Neither, with what stood in the way.
    pub fn could_not_tell(reason: impl Into<String>) -> Self {
        Self::CouldNotTell {
            reason: reason.into(),
        }
    }

    /// True for [`Answer::Yes`] alone.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes { .. })
    }

    /// True for [`Answer::No`] alone.
    pub fn is_no(&self) -> bool {
        matches!(self, Self::No { .. })
    }

    /// The detail of a yes, or the reason of the other two.
    pub fn text(&self) -> &str {
        match self {
            Self::Yes { detail } => detail,
            Self::No { reason } | Self::CouldNotTell { reason } => reason,
        }
    }
}

/// The bare word: `yes`, `no`, `could not tell`.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes { .. } => "yes",
            Self::No { .. } => "no",
            Self::CouldNotTell { .. } => "could not tell",
        })
    }
}

/// How to turn a no, or a "could not tell", into a yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mend {
    /// A command line for a person to run.
    pub command: String,
    /// The packages that the command installs, for a program that installs them itself; empty
    /// where the mend is something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
}

impl Mend {
    /// A mend that is not an installation.
    pub fn run(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            packages: Vec::new(),
        }
    }
}

/// An answer together with its mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was found.
    #[serde(flatten)]
    pub answer: Answer,
    /// What would mend it; absent for a yes, and where nothing is known to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<Mend>,
}

impl Finding {
    /// A finding that needs no mending.
    pub fn yes(detail: impl Into<String>) -> Self {
        Answer::yes(detail).into()
    }

    /// The same answer with `mend`, which a yes has no use for and drops.
    #[must_use]
    pub fn mended_by(mut self, mend: Option<Mend>) -> Self {
        self.mend = if self.answer.is_yes() { None } else { mend };
        self
    }

    /// True for a yes alone.
    pub fn is_yes(&self) -> bool {
        self.answer.is_yes()
    }
}

impl From<Answer> for Finding {
    fn from(answer: Answer) -> Self {
        Self { answer, mend: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn could_not_tell_is_neither_yes_nor_no() {
        let answer = Answer::could_not_tell("no permission");
        assert!(!answer.is_yes());
        assert!(!answer.is_no());
        assert_eq!(answer.to_string(), "could not tell");
        assert_eq!(answer.text(), "no permission");
    }

    #[test]
    fn a_yes_keeps_no_mend() {
        let finding = Finding::yes("1.0.6").mended_by(Some(Mend::run("true")));
        assert_eq!(finding.mend, None);
    }

    #[test]
    fn a_finding_is_one_flat_json_object() {
        let finding = Finding::from(Answer::no("not found")).mended_by(Some(Mend {
            command: "apt-get install rpm".into(),
            packages: vec!["rpm".into()],
        }));
        assert_eq!(
            serde_json::to_string(&finding).unwrap(),
            r#"{"answer":"no","reason":"not found","mend":{"command":"apt-get install rpm","packages":["rpm"]}}"#
        );
    }
}
