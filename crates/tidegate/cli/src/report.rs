//! How both programs tell the user that something went wrong.

use std::error::Error;
use std::fmt;

use tidegate_api::Refusal;

/// An error as it is shown: what went wrong, why, and what to do about it.
///
/// ```text
/// error: cannot open the state database /var/lib/tidegate/state.redb
///   caused by: Permission denied (os error 13)
/// hint: run as root, or name another folder with --state-dir
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What went wrong, naming the object.
    pub message: String,
    /// The causes, outermost first.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Report {
    /// Reports an error with its sources.
    pub fn new(error: &dyn Error, hint: Option<String>) -> Self {
        Self {
            message: error.to_string(),
            causes: causes(error),
            hint,
        }
    }
}

/// The sources of an error, outermost first.
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes
}

impl From<Refusal> for Report {
    fn from(refusal: Refusal) -> Self {
        Self {
            message: refusal.message,
            causes: refusal.causes,
            hint: refusal.hint,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {cause}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_and_the_hint_follow_the_message() {
        let report = Report {
            message: "cannot do it".into(),
            causes: vec!["the disk".into(), "is full".into()],
            hint: Some("empty it".into()),
        };
        assert_eq!(
            report.to_string(),
            "error: cannot do it\n  caused by: the disk\n  caused by: is full\nhint: empty it"
        );
    }
}
