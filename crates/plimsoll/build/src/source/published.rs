//! The commit of a crate that Cargo packaged, which its tarball names in `.cargo_vcs_info.json` (cargo-package(1)).

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::error::SourceError;

/// The file's name, beside the manifest.
const FILE: &str = ".cargo_vcs_info.json";

#[derive(Deserialize)]
struct Info {
    git: Git,
}

#[derive(Deserialize)]
struct Git {
    sha1: String,
    /// Whether the tree differed from the commit when it was packaged.
    #[serde(default)]
    dirty: bool,
}

/// What a published crate says about its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Published {
    /// The commit, in full.
    pub(super) commit: String,
    /// Whether it was packaged from a tree that differed from it.
    pub(super) is_dirty: bool,
}

/// What the crate in a folder says; none where the folder is no published crate, or one of no repository.
///
/// # Errors
/// When the file cannot be read, or names no commit.
pub(super) fn of(folder: &Path) -> Result<Option<Published>, SourceError> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|source| SourceError::Tree {
            path: path.clone(),
            source,
        })?,
    };
    let unusable = |why: String| SourceError::Published {
        path: path.clone(),
        why,
    };
    let info: Info = serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
    let Git { sha1, dirty } = info.git;
    let is_commit = sha1.len() >= 40 && sha1.chars().all(|c| c.is_ascii_hexdigit());
    match is_commit {
        true => Ok(Some(Published {
            commit: sha1,
            is_dirty: dirty,
        })),
        false => Err(unusable(format!("{sha1:?} is no commit"))),
    }
}
