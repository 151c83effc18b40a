//! The source: version, commit and date of what is built.

mod read;

pub use plimsoll_plan::source::{COMMIT_VARIABLE, Source};
pub use read::{SourceError, read};
