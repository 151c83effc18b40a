//! What lies in a package, and how it gets into a folder without leaving it.

pub(crate) mod tar;

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use crate::error::{PackageError, ResultExt};

/// One thing that a package installs.
pub(crate) struct Entry {
    /// Its path as the package names it: absolute, or relative to the root.
    pub(crate) path: String,
    /// Its permission bits; a symbolic link has none.
    pub(crate) mode: u32,
    pub(crate) content: Content,
}

/// What it is.
pub(crate) enum Content {
    Folder,
    File(Vec<u8>),
    /// A symbolic link with the text that it holds.
    Symlink(String),
    /// A second name of a file that comes before it.
    HardLink(String),
}

/// Puts the entries below a folder, which is made where it is missing.
///
/// # Errors
/// When the package would write outside of the folder: by `..`, or through a symbolic link.
pub(crate) fn place(entries: &[Entry], folder: &Path) -> Result<(), PackageError> {
    fs::create_dir_all(folder).at("make", folder)?;
    for entry in entries {
        let target = below(folder, &entry.path)?;
        if target == folder {
            continue;
        }
        place_one(entry, folder, &target)?;
    }
    // Folders last: one without the write bit could not be filled.
    for entry in entries.iter().rev() {
        if matches!(entry.content, Content::Folder) {
            let target = below(folder, &entry.path)?;
            chmod(&target, entry.mode).at("write", &target)?;
        }
    }
    Ok(())
}

fn place_one(entry: &Entry, folder: &Path, target: &Path) -> Result<(), PackageError> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).at("make", parent)?;
    }
    if let Content::Folder = entry.content {
        return fs::create_dir_all(target).at("make", target);
    }
    // A link that is there already would be written through.
    if target.symlink_metadata().is_ok() {
        fs::remove_file(target).at("remove", target)?;
    }
    match &entry.content {
        Content::Folder => Ok(()),
        Content::Symlink(text) => symlink(text, target).at("write", target),
        Content::HardLink(first) => {
            fs::hard_link(below(folder, first)?, target).at("write", target)
        }
        Content::File(content) => fs::write(target, content)
            .and_then(|()| chmod(target, entry.mode))
            .at("write", target),
    }
}

fn chmod(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o7777))
}

/// Where an entry goes; none of the folders on the way may be a symbolic link.
fn below(folder: &Path, path: &str) -> Result<PathBuf, PackageError> {
    let escapes = || PackageError::Escapes {
        path: path.to_owned(),
    };
    let mut target = folder.to_owned();
    for component in Path::new(path).components() {
        let is_link = || target.symlink_metadata().is_ok_and(|it| it.is_symlink());
        match component {
            Component::RootDir | Component::CurDir => continue,
            Component::Normal(name) if target == folder || !is_link() => target.push(name),
            _ => return Err(escapes()),
        }
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, content: Content) -> Entry {
        Entry {
            path: path.into(),
            mode: 0o755,
            content,
        }
    }

    fn file(path: &str) -> Entry {
        entry(path, Content::File(b"x".to_vec()))
    }

    #[test]
    fn modes_and_links_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let entries = [
            entry("./", Content::Folder),
            file("./usr/bin/a"),
            entry("/usr/bin/b", Content::Symlink("a".into())),
            entry("usr/bin/c", Content::HardLink("./usr/bin/a".into())),
        ];
        place(&entries, folder.path()).unwrap();
        let at = |name: &str| folder.path().join("usr/bin").join(name);
        assert_eq!(
            fs::metadata(at("a")).unwrap().permissions().mode(),
            0o100_755
        );
        assert_eq!(fs::read_link(at("b")).unwrap(), Path::new("a"));
        assert_eq!(fs::read(at("c")).unwrap(), b"x");
    }

    #[test]
    fn nothing_is_written_outside_of_the_folder() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("in");
        let out = outer.path().display().to_string();
        let link = |text: &str| entry("l", Content::Symlink(text.into()));
        let attempts = [
            vec![file("../escaped")],
            vec![file("a/../../escaped")],
            vec![link(".."), file("l/escaped")],
            vec![link(&out), entry("l/escaped", Content::Folder)],
            vec![link(&out), entry("h", Content::HardLink("l/secret".into()))],
        ];
        fs::write(outer.path().join("secret"), "s").unwrap();
        for entries in attempts {
            let error = place(&entries, &folder).unwrap_err();
            assert!(matches!(error, PackageError::Escapes { .. }), "{error}");
            assert!(!outer.path().join("escaped").exists());
            fs::remove_dir_all(&folder).unwrap();
        }
    }

    #[test]
    fn a_file_takes_the_place_of_a_link_and_is_not_written_through_it() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("in");
        let victim = outer.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        let link = entry("l", Content::Symlink(victim.display().to_string()));
        place(&[link, file("l")], &folder).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"untouched");
        assert_eq!(fs::read(folder.join("l")).unwrap(), b"x");
    }
}
