//! Why something was not done.

use error_hint::Failure;
use serde::{Deserialize, Serialize};

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Refusal {
    /// Whose mistake it is.
    pub kind: RefusalKind,
    /// What was refused and why.
    pub message: String,
    /// The causes, outermost first.
    #[serde(default)]
    pub causes: Vec<String>,
    /// What to do about it.
    #[serde(default)]
    pub hint: Option<String>,
}

impl Refusal {
    /// Says why something was not done.
    pub fn new(kind: RefusalKind, why: impl Into<Failure>) -> Self {
        let Failure {
            message,
            causes,
            hint,
        } = why.into();
        Self {
            kind,
            message,
            causes,
            hint,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            message: refusal.message,
            causes: refusal.causes,
            hint: refusal.hint,
        }
    }
}

/// The kind of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The request is not valid.
    Invalid,
    /// What it names does not exist.
    NotFound,
    /// What it asks for contradicts what exists.
    Conflict,
    /// The host or the kernel refused it. Nothing was changed, unless the message says that something
    /// could not be undone.
    Failed,
}

impl RefusalKind {
    /// Whether the user can mend it (exit status 1) or it is ours or the host's (2).
    pub fn is_users(self) -> bool {
        !matches!(self, Self::Failed)
    }
}
