//! The files of a source tree that no repository lists.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a path of the tree holds, as far as a build sees it.
pub(super) enum Tree {
    /// A file, and whether it can be executed.
    File(Vec<u8>, bool),
    /// A symbolic link, and where it points.
    Link(PathBuf),
    /// A folder that is listed as one: a submodule, whose commit the index has.
    Folder,
    /// Nothing: it was removed, and Git still lists it.
    Nothing,
}

impl Tree {
    /// Reads a path, without following a link.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let metadata = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Nothing),
            metadata => metadata?,
        };
        if metadata.is_symlink() {
            return fs::read_link(path).map(Self::Link);
        }
        if metadata.is_dir() {
            return Ok(Self::Folder);
        }
        let is_executable = metadata.permissions().mode() & 0o111 != 0;
        Ok(Self::File(fs::read(path)?, is_executable))
    }

    /// Name, kind and length, so that no two trees have the same sequence of bytes.
    pub(super) fn head(&self, name: &Path) -> Vec<u8> {
        let kind = match self {
            Self::File(_, false) => "file",
            Self::File(_, true) => "program",
            Self::Link(_) => "link",
            Self::Folder => "folder",
            Self::Nothing => "nothing",
        };
        let mut head = name.as_os_str().as_bytes().to_owned();
        head.extend(format!("\0{kind}\0{}\0", self.content().len()).bytes());
        head
    }

    pub(super) fn content(&self) -> &[u8] {
        match self {
            Self::File(content, _) => content,
            Self::Link(target) => target.as_os_str().as_bytes(),
            Self::Folder | Self::Nothing => &[],
        }
    }
}

/// Every file below a folder, by its path from there. Folders that a program marks as its cache (CACHEDIR.TAG, as Cargo
/// marks its target folder), repositories, and the note that Cargo leaves in a crate that it has unpacked, are no source.
///
/// # Errors
/// The path that cannot be listed, and why.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let path = folder.join(&inner);
        let listed = fs::read_dir(&path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = listed.map_err(|error| (path.clone(), error))?;
        for entry in entries {
            let name = inner.join(entry.file_name());
            let kind = entry.file_type().map_err(|error| (entry.path(), error))?;
            let is_cache = || entry.path().join("CACHEDIR.TAG").exists();
            match kind.is_dir() {
                true if entry.file_name() == ".git" || is_cache() => {}
                false if name == Path::new(".cargo-ok") => {}
                true => folders.push(name),
                false => files.push(name),
            }
        }
    }
    Ok(files)
}
