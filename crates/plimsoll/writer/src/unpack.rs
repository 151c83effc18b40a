//! Unpacking a package, by any writer.

use std::path::Path;

use plimsoll_spec::PackageContents;

use crate::entry;
use crate::error::PackageError;
use crate::formats;

/// Unpacks the payload of a package below a folder and tells what the package says.
pub(crate) fn unpack(path: &Path, folder: &Path) -> Result<PackageContents, PackageError> {
    let (contents, entries) = (formats::of(path)?.read)(path)?;
    entry::place(&entries, folder)?;
    Ok(contents)
}
