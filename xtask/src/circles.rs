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

use std::path::Path;

use error_hint::{Failure, Result};
use plimsoll::run;

use crate::wings;

/// Looks for circles in every library, program, test and benchmark of the workspace.
///
/// # Errors
/// Names each circle, or a file that cannot be read.
pub(crate) fn check() -> Result<()> {
    let metadata = wings::metadata()?;
    let mut faults = Vec::new();
    let targets = metadata.packages.iter().flat_map(|it| &it.targets);
    for root in targets.map(|target| target.src_path.as_std_path()) {
        let modules = modules::modules(root, &|path| std::fs::read_to_string(path))?;
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
