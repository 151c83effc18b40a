//! Why a call failed.

use error_hint::Failure;
use serde::{Deserialize, Serialize};

/// Why a call failed.
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
    /// Writes the reason of a failure.
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
    /// An object that it names does not exist.
    NotFound,
    /// The request conflicts with existing objects.
    Conflict,
    /// The host or the kernel failed. Nothing was changed, unless the message says that something could not be
    /// undone.
    Failed,
}

impl RefusalKind {
    /// Whether the user can fix it (exit status 1), or the daemon or the host failed (2).
    pub fn is_users(self) -> bool {
        !matches!(self, Self::Failed)
    }
}
