//! The formats that this program writes and reads: a table with one line a format.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use plimsoll_spec::FormatName;

use crate::error::{PackageError, ResultExt};
use crate::format::PackageFormat;
use crate::{deb, rpm, tarball};

/// Every format.
const FORMATS: &[&PackageFormat] = &[&deb::FORMAT, &rpm::FORMAT, &tarball::FORMAT];

/// The format of a specification.
pub(crate) fn named(name: FormatName) -> Option<&'static PackageFormat> {
    let mut formats = FORMATS.iter().copied();
    formats.find(|format| format.name == name)
}

/// The format of a package file, by its first bytes.
pub(crate) fn of(path: &Path) -> Result<&'static PackageFormat, PackageError> {
    let longest = FORMATS.iter().map(|format| format.magic.len()).max();
    let file = File::open(path).at("read", path)?;
    let mut start = Vec::new();
    file.take(longest.unwrap_or_default() as u64)
        .read_to_end(&mut start)
        .at("read", path)?;
    let mut formats = FORMATS.iter().copied();
    let found = formats.find(|format| start.starts_with(format.magic));
    found.ok_or_else(|| PackageError::NoPackage {
        path: path.to_owned(),
        known: suffixes(),
    })
}

/// What the names of packages end in: `.deb, .rpm or .tar.gz`.
fn suffixes() -> String {
    let mut suffixes: Vec<&str> = FORMATS.iter().map(|format| format.suffix).collect();
    let last = suffixes.pop().unwrap_or_default();
    format!("{} or {last}", suffixes.join(", "))
}
