//! Audits: compares the result with the plan.
//!
//! Pure: the facts come from the ELF reader, from the program's stamp and from the finished package. Each difference
//! is one [`Fault`]. No faults means that everything matches: a missing fact was an error before.

mod build;
mod package;

pub use crate::fault::{AuditError, Fault};
pub use crate::package_facts::PackageFacts;
pub use crate::program::BuiltProgram;
pub use build::{Stamp, audit_build, audit_libraries, audit_said};
pub use package::{audit_declared, audit_files};

#[doc(hidden)]
pub mod fixtures;
