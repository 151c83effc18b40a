//! The content of a package's files, ready to be archived.

use std::io;
use std::path::{Component, Path};

use plimsoll_spec::{FileKind, Owner, PackageFile, PackageSpec};

use crate::archive::{Archive, Attributes};
use crate::compression::gzip;
use crate::error::{PackageError, ResultExt};

/// One file with its content.
pub(crate) struct File {
    /// An absolute path.
    pub(crate) dest: String,
    pub(crate) mode: u32,
    pub(crate) owner: Owner,
    pub(crate) kind: FileKind,
    pub(crate) content: Content,
}

/// What a file is.
pub(crate) enum Content {
    Data(Vec<u8>),
    /// A symbolic link with its text.
    Link(String),
    Folder,
    /// A file that is not in the package.
    Ghost,
}

impl File {
    /// The path below the root folder.
    pub(crate) fn relative(&self) -> &str {
        self.dest.trim_start_matches('/')
    }

    /// The bytes of a regular file.
    pub(crate) fn data(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Data(data) => Some(data),
            Content::Link(_) | Content::Folder | Content::Ghost => None,
        }
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
    let twice = files.windows(2).find(|pair| pair[0].dest == pair[1].dest);
    match twice {
        Some([file, _]) => Err(PackageError::Twice {
            dest: file.dest.clone(),
        }),
        _ => Ok(files),
    }
}

fn load_one(file: &PackageFile) -> Result<File, PackageError> {
    check_dest(&file.dest)?;
    Ok(File {
        dest: file.dest.clone(),
        mode: file.mode,
        owner: file.owner.clone(),
        kind: file.kind,
        content: content(file)?,
    })
}

fn content(file: &PackageFile) -> Result<Content, PackageError> {
    if let Some(text) = &file.link {
        return Ok(Content::Link(text.clone()));
    }
    if file.folder {
        return Ok(Content::Folder);
    }
    if file.kind == FileKind::Ghost {
        return Ok(Content::Ghost);
    }
    let plain = std::fs::read(&file.source).at("read", &file.source)?;
    match file.gzip {
        true => gzip(&plain).at("compress", &file.source).map(Content::Data),
        false => Ok(Content::Data(plain)),
    }
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

/// A tar archive of the files below a folder, such as `.`; `mtime` is in seconds since 1970 (UTC).
///
/// Files of users that some systems lack are root's, and without the bits of setuid and setgid, until somebody gives them to their
/// owners.
pub(crate) fn archive(files: &[File], folder: &str, mtime: u64) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new(mtime);
    for file in files {
        let name = format!("{folder}/{}", file.relative());
        let attributes = Attributes::of(file.mode, &file.owner);
        match &file.content {
            Content::Data(data) => archive.file(&name, attributes, data)?,
            Content::Link(text) => archive.link(&name, text)?,
            Content::Folder => archive.folder(&name, attributes)?,
            Content::Ghost => {}
        }
    }
    archive.finish()
}

/// The files, links and empty folders in a tar archive, sorted, as it names them but for a leading `./`.
pub(crate) fn names_in_tar(archive: &[u8]) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut folders = Vec::new();
    for entry in tar::Archive::new(archive).entries()? {
        let entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_file() || kind.is_symlink() || kind.is_hard_link() {
            let path = entry.path()?.display().to_string();
            names.push(path.trim_start_matches("./").to_owned());
        } else if kind.is_dir() {
            let path = entry.path()?.display().to_string();
            let name = path.trim_start_matches("./").trim_end_matches('/');
            folders.push(name.to_owned());
        }
    }
    let is_parent = |folder: &str, name: &str| {
        let rest = name.strip_prefix(folder);
        folder.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let mut empty = folders.clone();
    empty.retain(|folder| {
        let mut others = names.iter().chain(&folders);
        !others.any(|name| is_parent(folder, name))
    });
    names.extend(empty);
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
