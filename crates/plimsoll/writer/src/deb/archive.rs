//! The archives inside of a Debian package.
//!
//! deb(5): an ar archive of `debian-binary`, the control archive and the data archive.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ar::{Builder, Header};

use crate::compression;
use crate::error::{PackageError, ResultExt};

/// What is in the member `debian-binary`.
const FORMAT: &[u8] = b"2.0\n";

/// A package in its parts.
pub(super) struct Archives {
    /// The control archive, not compressed.
    pub(super) control: Vec<u8>,
    /// The data archive, not compressed.
    pub(super) data: Vec<u8>,
    /// When the package was made, in seconds since 1970 (UTC).
    pub(super) mtime: u64,
}

/// Reads the archives of a package, with any compression that dpkg-deb(1) writes.
pub(super) fn read(path: &Path) -> Result<Archives, PackageError> {
    let mut archive = ar::Archive::new(File::open(path).at("read", path)?);
    let (mut control, mut data, mut mtime) = (None, None, 0);
    while let Some(entry) = archive.next_entry() {
        let mut entry = entry.at("read", path)?;
        let name = entry.header().identifier();
        let slot = if name.starts_with(b"control.tar") {
            &mut control
        } else if name.starts_with(b"data.tar") {
            &mut data
        } else {
            mtime = entry.header().mtime();
            continue;
        };
        let mut packed = Vec::new();
        entry.read_to_end(&mut packed).at("read", path)?;
        *slot = Some(compression::plain(packed).at("read", path)?);
    }
    let missing = |what| PackageError::NotDeb {
        path: path.to_owned(),
        what,
    };
    Ok(Archives {
        control: control.ok_or_else(|| missing("it has no control archive"))?,
        data: data.ok_or_else(|| missing("it has no data archive"))?,
        mtime,
    })
}

/// Writes a package.
pub(super) fn write(path: &Path, archives: &Archives) -> io::Result<()> {
    let mut builder = Builder::new(File::create(path)?);
    let members = [
        ("debian-binary", FORMAT.to_vec()),
        ("control.tar.gz", compression::gzip(&archives.control)?),
        ("data.tar.gz", compression::gzip(&archives.data)?),
    ];
    for (name, content) in members {
        let mut header = Header::new(name.into(), content.len() as u64);
        header.set_mode(0o100_644);
        header.set_mtime(archives.mtime);
        builder.append(&header, content.as_slice())?;
    }
    Ok(())
}

/// The text of one file of the control archive.
pub(super) fn control_file(archives: &Archives, name: &str) -> io::Result<Option<String>> {
    for entry in tar::Archive::new(archives.control.as_slice()).entries()? {
        let mut entry = entry?;
        if entry.path()?.ends_with(name) {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// A tar archive with another text for one of its files.
pub(super) fn with_file(archive: &[u8], name: &str, text: &str) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for entry in tar::Archive::new(archive).entries()? {
        let entry = entry?;
        let mut header = entry.header().clone();
        let path = entry.path()?;
        if path.strip_prefix(".").unwrap_or(&path) == Path::new(name) {
            header.set_size(text.len() as u64);
            header.set_cksum();
            builder.append(&header, text.as_bytes())?;
        } else {
            builder.append(&header, entry)?;
        }
    }
    builder.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_replaced() {
        let mut old = crate::archive::Archive::new(0);
        old.file("./control", 0o644, b"old").unwrap();
        let old = old.finish().unwrap();
        let control = with_file(&old, "control", "new").unwrap();
        let archives = Archives {
            control,
            data: Vec::new(),
            mtime: 0,
        };
        let text = control_file(&archives, "control").unwrap();
        assert_eq!(text.as_deref(), Some("new"));
        let mut control = tar::Archive::new(archives.control.as_slice());
        assert_eq!(control.entries().unwrap().count(), 2);
    }
}
