//! The source: version, commit and date of what is built.

mod commit;
mod error;
mod features;
mod manifest;
mod programs;
mod published;
mod read;
mod tree;

pub use error::SourceError;
pub use manifest::{check, target_folder};
pub use plimsoll_plan::source::{COMMIT_VARIABLE, Source};
pub use read::{of_manifest, read};
