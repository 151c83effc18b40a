//! What is built.

use error_hint::Result;
use plimsoll_build::source::{self, Source};
use plimsoll_plan::config::Config;

use crate::run;

/// What is built, with a warning where it is not a commit.
///
/// # Errors
/// Where Cargo or Git cannot tell.
pub(super) fn read(config: &Config) -> Result<Source> {
    let commit = std::env::var(source::COMMIT_VARIABLE).ok();
    let source = source::read(&run::root(), config, commit)?;
    if let Some(warning) = source.warning() {
        run::say(&format!("warning: {warning}"));
    }
    Ok(source)
}
