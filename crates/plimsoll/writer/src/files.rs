//! The content of a package's files, ready to be archived.

use std::io;
use std::path::{Component, Path};

use plimsoll_spec::{FileKind, PackageFile, PackageSpec};

use crate::compression::gzip;
use crate::error::{PackageError, ResultExt};

/// One file with its content.
pub(crate) struct File {
    /// An absolute path.
    pub(crate) dest: String,
    pub(crate) mode: u32,
    pub(crate) kind: FileKind,
    pub(crate) content: Vec<u8>,
}

impl File {
    /// The path below the root folder.
    pub(crate) fn relative(&self) -> &str {
        self.dest.trim_start_matches('/')
    }
}

/// Reads, checks and where asked compresses the files, sorted by path.
pub(crate) fn load(spec: &PackageSpec) -> Result<Vec<File>, PackageError> {
    let mut files = spec
        .files
        .iter()
        .map(load_one)
        .collect::<Result<Vec<_>, _>>()?;
    files.sort_by(|a, b| a.dest.cmp(&b.dest));
    Ok(files)
}

fn load_one(file: &PackageFile) -> Result<File, PackageError> {
    check_dest(&file.dest)?;
    let plain = std::fs::read(&file.source).at(&file.source)?;
    let content = if file.gzip {
        gzip(&plain).at(&file.source)?
    } else {
        plain
    };
    Ok(File {
        dest: file.dest.clone(),
        mode: file.mode,
        kind: file.kind,
        content,
    })
}

fn check_dest(dest: &str) -> Result<(), PackageError> {
    let mut components = Path::new(dest).components();
    let absolute = components.next() == Some(Component::RootDir);
    if absolute && components.all(|c| matches!(c, Component::Normal(_))) {
        Ok(())
    } else {
        Err(PackageError::Dest {
            dest: dest.to_owned(),
        })
    }
}

/// The regular files in a tar archive, sorted, as it names them but for a leading `./`.
pub(crate) fn names_in_tar(archive: &[u8]) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in tar::Archive::new(archive).entries()? {
        let entry = entry?;
        if entry.header().entry_type().is_file() {
            let path = entry.path()?.display().to_string();
            names.push(path.trim_start_matches("./").to_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_the_root_is_refused() {
        assert!(check_dest("/usr/bin/sample").is_ok());
        for dest in ["usr/bin/x", "/usr/../etc/passwd", ""] {
            assert!(check_dest(dest).is_err(), "{dest:?}");
        }
    }
}
