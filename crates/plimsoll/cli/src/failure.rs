//! How a task's failure reaches the user.

use std::process::ExitCode;

use error_hint::{Failure, Result};

/// Writes the failure to standard error.
pub fn report(failure: &Failure) {
    crate::run::say(&failure.to_string());
}

/// The exit status of a task whose failure is still to be reported.
pub fn exit_code(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|failure| {
        report(&failure);
        ExitCode::FAILURE
    })
}
