//! Does what was made agree with what was planned?
//!
//! Pure: the facts come from the ELF reader, from the program's own words and from the finished
//! package; each disagreement is one [`Fault`]. No faults means agreement, and only that: a fact
//! that could not be had is an error before it comes here.

mod build;
mod package;

use std::fmt;

pub use crate::program::BuiltProgram;
pub use build::{Stamp, audit_build, audit_stamp};
pub use package::{PackageFacts, audit_package};

/// One disagreement between plan and result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What disagrees: a program or a package file.
    pub object: String,
    /// How.
    pub what: String,
}

impl Fault {
    fn new(object: &str, what: String) -> Self {
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

#[doc(hidden)]
pub mod fixtures;
