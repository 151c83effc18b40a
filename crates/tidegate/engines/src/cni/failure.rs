//! The answer of a request that is not served (specification, "Error").

use error_hint::Failure as Shown;
use serde_json::json;
use tidegate_api::{Refusal, RefusalCode, RefusalKind};

use super::Version;
use crate::{Refused, Why};

/// Why a request is not served: what is printed instead of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    version: Version,
    code: Code,
    shown: Shown,
}

/// Codes of the specification, and from 100 on codes of this plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The version is not supported.
    Version = 1,
    /// A key, or a value of one, is not supported.
    Unsupported = 2,
    /// The container is not there: nothing needs to be removed.
    ContainerUnknown = 3,
    /// A variable of the environment is wrong.
    Environment = 4,
    /// Reading or writing failed.
    Io = 5,
    /// The text cannot be parsed.
    Unreadable = 6,
    /// The configuration is wrong.
    Invalid = 7,
    /// The daemon does not answer, or cannot do it at the moment: try again later.
    TryAgain = 11,
    /// Nothing can be added.
    Unavailable = 50,
    /// Nothing can be added, and containers are affected.
    Impaired = 51,
    /// The daemon or the host failed.
    Failed = 100,
    /// It conflicts with what is there.
    Conflict = 101,
    /// Something that it names is not there.
    NotFound = 102,
    /// CHECK found a difference.
    Differs = 103,
}

impl Failure {
    /// A failure with a code.
    pub fn new(version: Version, code: Code, shown: impl Into<Shown>) -> Self {
        let shown = shown.into();
        Self {
            version,
            code,
            shown,
        }
    }

    /// Of a request that is wrong.
    pub(super) fn refused(version: Version, refused: Refused) -> Self {
        let code = match refused.why {
            Why::Version => Code::Version,
            Why::Unsupported => Code::Unsupported,
            Why::Environment => Code::Environment,
            Why::Unreadable => Code::Unreadable,
            Why::Invalid => Code::Invalid,
        };
        Self::new(version, code, &refused)
    }

    /// Of a request that the daemon refused.
    pub fn refusal(version: Version, refusal: Refusal) -> Self {
        let code = match (refusal.code, refusal.kind) {
            (RefusalCode::NamespaceGone, _) => Code::ContainerUnknown,
            (RefusalCode::TryAgain, _) => Code::TryAgain,
            (_, RefusalKind::Invalid) => Code::Invalid,
            (_, RefusalKind::NotFound) => Code::NotFound,
            (_, RefusalKind::Conflict) => Code::Conflict,
            (_, RefusalKind::Failed) => Code::Failed,
        };
        Self::new(version, code, refusal)
    }

    /// What happened, for people.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// The text that is printed.
    pub fn answer(&self) -> String {
        let Shown {
            message,
            causes,
            hint,
        } = &self.shown;
        let hint = hint.iter().map(|hint| format!("hint: {hint}"));
        let details: Vec<String> = causes.iter().cloned().chain(hint).collect();
        json!({
            "cniVersion": self.version.as_str(),
            "code": self.code as u16,
            "msg": message,
            "details": details.join("; "),
        })
        .to_string()
    }
}
