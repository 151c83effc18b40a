//! Reading a package, whoever wrote it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use plimsoll_spec::{Format, PackageContents};

use crate::entry::{self, Entry};
use crate::error::{PackageError, ResultExt};
use crate::{deb, rpm, tarball};

/// The first bytes of an ar archive, which a .deb is (deb(5)).
const AR: &[u8] = b"!<arch>\n";
/// The first bytes of an RPM's lead.
const RPM: &[u8] = &[0xed, 0xab, 0xee, 0xdb];
/// The first bytes of gzip data, RFC 1952.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Unpacks the payload of a package below a folder and tells what the package says.
pub(crate) fn unpack(path: &Path, folder: &Path) -> Result<PackageContents, PackageError> {
    let (contents, entries) = read(path)?;
    entry::place(&entries, folder)?;
    Ok(contents)
}

/// The kind of a package file, by its first bytes.
pub(crate) fn format(path: &Path) -> Result<Format, PackageError> {
    let file = File::open(path).at(path)?;
    let mut start = Vec::new();
    let longest = AR.len() as u64;
    file.take(longest).read_to_end(&mut start).at(path)?;
    [(AR, Format::Deb), (RPM, Format::Rpm), (GZIP, Format::Tar)]
        .into_iter()
        .find_map(|(magic, format)| start.starts_with(magic).then_some(format))
        .ok_or_else(|| PackageError::NoPackage {
            path: path.to_owned(),
        })
}

fn read(path: &Path) -> Result<(PackageContents, Vec<Entry>), PackageError> {
    match format(path)? {
        Format::Deb => deb::read(path),
        Format::Rpm => rpm::read(path),
        Format::Tar => tarball::read(path),
    }
}
