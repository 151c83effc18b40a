//! The formats that this program writes and reads: a table with one line a format.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use plimsoll_spec::{FormatName, PackageContents, PackageReport, PackageSpec};

use crate::entry::Entry;
use crate::error::{PackageError, ResultExt};
use crate::restamp::Stamp;
use crate::{deb, rpm, tarball};

/// A format: its name, how its files begin, and what writes and reads them.
pub(crate) struct PackageFormat {
    /// The format's name.
    pub(crate) name: FormatName,
    /// The first bytes of every file of the format.
    pub(crate) magic: &'static [u8],
    /// Writes a package, and reports what the finished file says.
    pub(crate) write: fn(&PackageSpec) -> Result<PackageReport, PackageError>,
    /// Reads a package: what it says, and what it installs.
    pub(crate) read: fn(&Path) -> Result<Read, PackageError>,
    /// Writes a package anew under another version; nothing else in it changes.
    pub(crate) restamp: fn(&Path, &Path, &Stamp) -> Result<PackageReport, PackageError>,
}

/// What a package says, and what it installs.
pub(crate) type Read = (PackageContents, Vec<Entry>);

/// Every format.
const FORMATS: [&PackageFormat; 3] = [&deb::FORMAT, &rpm::FORMAT, &tarball::FORMAT];

/// The format of a specification.
pub(crate) fn named(name: FormatName) -> Option<&'static PackageFormat> {
    FORMATS.into_iter().find(|format| format.name == name)
}

/// The format of a package file, by its first bytes.
pub(crate) fn of(path: &Path) -> Result<&'static PackageFormat, PackageError> {
    let longest = FORMATS.iter().map(|format| format.magic.len()).max();
    let file = File::open(path).at(path)?;
    let mut start = Vec::new();
    file.take(longest.unwrap_or_default() as u64)
        .read_to_end(&mut start)
        .at(path)?;
    FORMATS
        .into_iter()
        .find(|format| start.starts_with(format.magic))
        .ok_or_else(|| PackageError::NoPackage {
            path: path.to_owned(),
        })
}
