//! Reading a package: what its header says, and what its payload holds.

use std::path::Path;

use plimsoll_spec::{FormatName, PackageContents, PackageReport};
use rpm::{FileEntry, FileFlags, FileType, Package, RpmFile};

use super::relations;
use crate::compression;
use crate::entry::{Content, Entry};
use crate::error::{PackageError, ResultExt};

/// Reads a package: what it says, and what it installs.
pub(crate) fn read(path: &Path) -> Result<(PackageContents, Vec<Entry>), PackageError> {
    let failed = |source| PackageError::ReadRpm {
        path: path.to_owned(),
        source,
    };
    let mut package = Package::open(path).map_err(failed)?;
    package.payload = compression::plain(package.payload).at("read", path)?;
    let contents = contents(&package).map_err(failed)?;
    let entries = entries(&package).map_err(failed)?;
    Ok((contents, entries))
}

fn contents(package: &Package) -> Result<PackageContents, rpm::Error> {
    let metadata = &package.metadata;
    let files = metadata.get_file_entries()?;
    let paths = |wanted: fn(&FileEntry<'_>) -> bool| {
        let found = files.iter().filter(|file| wanted(file));
        found
            .map(|file| file.path().display().to_string())
            .collect()
    };
    Ok(PackageContents {
        format: FormatName::RPM,
        name: metadata.get_name()?.to_owned(),
        version: Some(version(package)?),
        revision: Some(metadata.get_release()?.to_owned()),
        arch: Some(metadata.get_arch()?.to_owned()),
        report: PackageReport {
            relations: relations::read(package)?,
            files: paths(|_| true),
        },
        conffiles: paths(|file| file.flags().contains(FileFlags::CONFIG)),
    })
}

fn version(package: &Package) -> Result<String, rpm::Error> {
    let version = package.metadata.get_version()?;
    Ok(match package.metadata.get_epoch() {
        Ok(epoch) if epoch > 0 => format!("{epoch}:{version}"),
        _ => version.to_owned(),
    })
}

/// What the payload holds. `%ghost` files are not in it, devices and the like are left out as
/// no package that is read here has any.
fn entries(package: &Package) -> Result<Vec<Entry>, rpm::Error> {
    let mut entries = Vec::new();
    for file in package.files()? {
        let file = file?;
        if !file.metadata.flags().contains(FileFlags::GHOST) {
            entries.extend(entry(file));
        }
    }
    Ok(entries)
}

fn entry(file: RpmFile<'_>) -> Option<Entry> {
    let path = file.metadata.path().display().to_string();
    let mode = u32::from(file.metadata.permissions());
    let content = match file.metadata.file_type() {
        FileType::Dir => Content::Folder,
        FileType::SymbolicLink => Content::Symlink(file.metadata.linkto()?.to_owned()),
        FileType::Regular => Content::File(file.into_content()?),
        _ => return None,
    };
    Some(Entry {
        path,
        mode,
        content,
    })
}
