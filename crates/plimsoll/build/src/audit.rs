//! Does what was made agree with what was planned?
//!
//! Pure: the facts come from the ELF reader, from the program's own words and from the finished
//! package; each disagreement is one [`Fault`]. No faults means agreement, and only that: a fact
//! that could not be had is an error before it comes here.

mod build;
mod package;

pub use crate::fault::{AuditError, Fault};
pub use crate::package_facts::PackageFacts;
pub use crate::program::BuiltProgram;
pub use build::{Stamp, audit_build, audit_stamp};
pub use package::{audit_declared, audit_files};

#[doc(hidden)]
pub mod fixtures;
