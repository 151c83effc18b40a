//! What a container build needs on disk: the Dockerfile, the list of what it does not read, and the files of the toolkit's image.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use error_hint::FileError;

use super::super::ship::PLACE;
use super::Folders;

/// The Dockerfile of every project that has none of its own.
const DOCKERFILE: &str = include_str!("Dockerfile");

/// A project's own Dockerfile. One at the top is of something else as a rule: the image of the program itself.
const OWN: &str = "packaging/Dockerfile";

/// What the Dockerfile runs, and where.
const SCRIPTS: [(&str, &str); 2] = [
    ("install-packages", include_str!("install-packages")),
    ("with-crates", include_str!("with-crates")),
];
const LIBEXEC: &str = "usr/local/libexec/dist";

/// What programs put into their caches, so that backups leave them out (<https://bford.info/cachedir/>). Cargo does.
const CACHE: &str = "CACHEDIR.TAG";

/// The Dockerfile for a workspace: its own, or the toolkit's in the work folder.
#[must_use]
pub fn dockerfile(workspace: &Path, work: &Path) -> PathBuf {
    let own = workspace.join(OWN);
    match own.is_file() {
        true => own,
        false => work.join("container/Dockerfile"),
    }
}

/// Whether the Dockerfile is the toolkit's.
pub(super) fn is_own(folders: &Folders) -> bool {
    folders.dockerfile.starts_with(&folders.work)
}

/// The list of what the build does not read, beside the toolkit's Dockerfile, where BuildKit looks for it.
pub(super) fn ignore_file(folders: &Folders) -> PathBuf {
    folders.work.join("container/Dockerfile.dockerignore")
}

/// The content of the toolkit's image.
pub(super) fn toolkit(work: &Path) -> PathBuf {
    work.join("toolkit")
}

/// Where the installed command is in it, for roots too.
#[must_use]
pub fn kit(work: &Path) -> PathBuf {
    toolkit(work).join(PLACE.trim_start_matches('/'))
}

/// Writes all of it, but for the installed command.
///
/// # Errors
/// When a file cannot be written, or the workspace cannot be read.
pub fn lay_out(folders: &Folders) -> Result<(), FileError> {
    let scripts = toolkit(&folders.work).join(LIBEXEC);
    for folder in [&scripts, &kit(&folders.work)] {
        fs::create_dir_all(folder).map_err(FileError::at("make", folder))?;
    }
    for (name, text) in SCRIPTS {
        let path = scripts.join(name);
        write(&path, text)?;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&path, mode).map_err(FileError::at("write", &path))?;
    }
    if is_own(folders) {
        write(&folders.dockerfile, DOCKERFILE)?;
        write(&ignore_file(folders), &ignored(folders)?)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), FileError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(FileError::at("make", folder))?;
    }
    fs::write(path, text).map_err(FileError::at("write", path))
}

/// What no build in a container reads, a pattern a line: the history, and what is kept only to be made faster again, such as
/// Cargo's target folders. The commit is handed in.
fn ignored(folders: &Folders) -> Result<String, FileError> {
    let mut caches = Vec::new();
    let mut open = vec![folders.workspace.clone()];
    while let Some(folder) = open.pop() {
        let inner = inner_folders(&folder).map_err(FileError::at("read", &folder))?;
        for path in inner {
            // The target folder is none of Cargo's making where nothing was built yet.
            let is_cache = folders.work.starts_with(&path) || path.join(CACHE).is_file();
            match is_cache {
                true => caches.push(path),
                false => open.push(path),
            }
        }
    }
    caches.sort();
    let lines = caches.iter().filter_map(|path| {
        let path = path.strip_prefix(&folders.workspace).ok()?.to_str()?;
        Some(format!("/{}\n", escaped(path)))
    });
    Ok(std::iter::once("**/.git\n".to_owned())
        .chain(lines)
        .collect())
}

/// The folders in one, without links to folders and Git's own.
fn inner_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut inner = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != ".git" {
            inner.push(entry.path());
        }
    }
    Ok(inner)
}

/// A path as a pattern that only it fits.
fn escaped(path: &str) -> String {
    let mut text = String::new();
    for character in path.chars() {
        if ['*', '?', '[', ']', '\\'].contains(&character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(workspace: &Path) -> Folders {
        let work = workspace.join("target/dist/scratch");
        Folders {
            workspace: workspace.to_owned(),
            dockerfile: dockerfile(workspace, &work),
            work,
            ..Folders::default()
        }
    }

    fn touch(path: &Path) {
        write(path, "").expect("written");
    }

    #[test]
    fn a_build_reads_no_history_and_no_target_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in [
            ".git/HEAD",
            "src/target/mod.rs",
            "a [1]/xtask/target/CACHEDIR.TAG",
        ] {
            touch(&folder.path().join(file));
        }
        lay_out(&folders(folder.path())).expect("laid out");
        let list = folder
            .path()
            .join("target/dist/scratch/container/Dockerfile.dockerignore");
        let list = fs::read_to_string(list).expect("a list");
        assert_eq!(list, "**/.git\n/a \\[1\\]/xtask/target\n/target\n");
    }

    #[test]
    fn the_dockerfile_of_the_project_wins_and_one_at_the_top_is_of_something_else() {
        let folder = tempfile::tempdir().expect("a folder");
        touch(&folder.path().join("Dockerfile"));
        let folders = || folders(folder.path());
        lay_out(&folders()).expect("laid out");
        let text = fs::read_to_string(folders().dockerfile).expect("one");
        assert_eq!(text, DOCKERFILE);
        let scripts = toolkit(&folders().work).join(LIBEXEC);
        let script = fs::metadata(scripts.join("with-crates")).expect("a script");
        assert_eq!(script.permissions().mode() & 0o777, 0o755);

        let own = folder.path().join(OWN);
        touch(&own);
        assert_eq!(folders().dockerfile, own);
        lay_out(&folders()).expect("laid out");
        assert_eq!(fs::read_to_string(own).expect("one"), "");
    }

    #[test]
    fn the_dockerfile_has_every_argument_and_no_other() {
        let given = super::super::super::tests::build_arguments();
        let arguments = DOCKERFILE.lines().filter_map(|line| {
            let name = line.strip_prefix("ARG ")?;
            Some(name.split('=').next().unwrap_or(name))
        });
        let declared: std::collections::BTreeSet<&str> = arguments.collect();
        let given: std::collections::BTreeSet<&str> = given.iter().map(String::as_str).collect();
        assert_eq!(declared, given);
        let last = DOCKERFILE
            .lines()
            .any(|line| line == "FROM scratch AS artefacts");
        assert!(last, "the packages are copied from it");
    }
}
