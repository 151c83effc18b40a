//! Disagreements between plan and result.

use std::fmt;

/// One disagreement between plan and result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What disagrees: a program or a package file.
    pub object: String,
    /// How.
    pub what: String,
}

impl Fault {
    pub(crate) fn new(object: &str, what: String) -> Self {
        Self {
            object: object.to_owned(),
            what,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.what)
    }
}

/// The faults that an audit found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit found {}: {}", count(.0), list(.0))]
pub struct AuditError(pub Vec<Fault>);

impl AuditError {
    /// No faults are no error.
    ///
    /// # Errors
    /// When there is a fault.
    pub fn check(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Self(faults))
        }
    }
}

fn count(faults: &[Fault]) -> String {
    match faults.len() {
        1 => "1 fault".to_owned(),
        many => format!("{many} faults"),
    }
}

fn list(faults: &[Fault]) -> String {
    let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
    faults.join("; ")
}
