//! What a format is to this program.

use std::path::Path;

use plimsoll_spec::{FormatName, PackageContents, PackageReport, PackageSpec};

use crate::entry::Entry;
use crate::error::PackageError;
use crate::new_version::Stamp;

/// A format: its name, how its files begin, and what writes and reads them.
pub(crate) struct PackageFormat {
    /// The format's name.
    pub(crate) name: FormatName,
    /// What the names of its files end in.
    pub(crate) suffix: &'static str,
    /// The first bytes of every file of the format.
    pub(crate) magic: &'static [u8],
    /// Writes a package, and reports what the finished file says.
    pub(crate) write: fn(&PackageSpec) -> Result<PackageReport, PackageError>,
    /// Reads a package: what it says, and what it installs.
    pub(crate) read: fn(&Path) -> Result<Read, PackageError>,
    /// Writes a package again under another version; nothing else in it changes.
    pub(crate) restamp: fn(&Path, &Path, &Stamp) -> Result<PackageReport, PackageError>,
}

/// What a package says, and what it installs.
pub(crate) type Read = (PackageContents, Vec<Entry>);
