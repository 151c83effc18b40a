//! Asks Cargo about a workspace.

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};
use error_hint::{Failure, Result};
use plimsoll_probe::{Command, limit};

use crate::run;

/// Cargo in a workspace.
pub(super) struct Cargo {
    folder: PathBuf,
}

impl Cargo {
    /// In a folder of the workspace.
    pub(super) fn of(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder }
    }

    /// What Cargo tells about the workspace, with further arguments. An outdated lock file is an error, as it is for a build.
    ///
    /// # Errors
    /// Where Cargo fails.
    pub(super) fn metadata(&self, further: &[&str]) -> Result<Metadata> {
        let triple = glibc_triple();
        let mut question = vec!["metadata", "--format-version=1", "--filter-platform"];
        question.push(&triple);
        let mut folders = self.folder.ancestors();
        if folders.any(|folder| folder.join("Cargo.lock").is_file()) {
            question.push("--locked");
        }
        question.extend(further);
        let command = Command::new(run::cargo(), question).within(&self.folder);
        let text = command.limited(limit::WORK).text()?;
        MetadataCommand::parse(text).map_err(|error| Failure::of(&error))
    }
}

/// Linux with glibc on this processor.
pub(super) fn glibc_triple() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}
