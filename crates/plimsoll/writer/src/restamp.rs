//! The same package under another version, as a stand-in for an earlier or a later one.

use std::path::Path;

use plimsoll_spec::PackageReport;

use crate::error::{PackageError, ResultExt};
use crate::formats;
use crate::new_version::Stamp;

/// Writes the package again under another version; nothing else of it changes.
///
/// # Errors
/// When it is not a package, or its format has no version inside.
pub(crate) fn restamp(
    path: &Path,
    out: &Path,
    stamp: &Stamp,
) -> Result<PackageReport, PackageError> {
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder).at("make", folder)?;
    }
    (formats::of(path)?.restamp)(path, out, stamp)
}
