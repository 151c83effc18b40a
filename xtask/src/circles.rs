//! No circles of files: a file of a crate does not need another that needs it, through others either.
//!
//! What each file names is followed to the file that defines it, through re-exports, so that `use super::X`
//! counts for the file of `X`. A module and those below it may know each other.

mod definer;
mod modules;
mod names;
mod order;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use error_hint::{Context, Failure, Result};
use plimsoll::run;
use serde_json::Value;

use crate::wings;

/// Looks for circles in every library, program, test and benchmark of the workspace.
///
/// # Errors
/// Names each circle, or a file that cannot be read.
pub(crate) fn check() -> Result<()> {
    let told = wings::metadata()?;
    let roots = roots(&told).context("cargo metadata says something else than expected")?;
    let mut faults = Vec::new();
    for root in roots {
        let modules = modules::modules(&root, &|path| std::fs::read_to_string(path))?;
        faults.extend(order::told(
            &order::circles(&modules),
            Path::new(&run::root()),
        ));
    }
    if faults.is_empty() {
        return Ok(());
    }
    let hint = "move what both need to a file below them, or what needs both to a file above them";
    Err(Failure::hinted(faults.join("\n"), hint))
}

/// The file that each crate of the workspace begins with, out of what `cargo metadata` prints.
fn roots(metadata: &str) -> Result<Vec<PathBuf>> {
    let metadata: Value = serde_json::from_str(metadata).map_err(|error| Failure::of(&error))?;
    let mut roots = Vec::new();
    for package in metadata["packages"].as_array().context("no packages")? {
        for target in package["targets"].as_array().context("no targets")? {
            let root = target["src_path"].as_str().context("no src_path")?;
            roots.push(PathBuf::from(root));
        }
    }
    Ok(roots)
}
