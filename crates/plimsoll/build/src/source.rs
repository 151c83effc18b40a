//! Finding out what is being built: version, commit and date.

mod read;

pub use plimsoll_plan::source::{COMMIT_VARIABLE, Source};
pub use read::{SourceError, read};
