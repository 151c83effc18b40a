//! The folder for packages: it holds what its manifest says, and nothing else of the project.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use error_hint::{FileError, Hint};
use serde::Deserialize;

use crate::manifest::{Artifact, MANIFEST, Manifest, SUMS};
use crate::sum::Sum;

/// Why the folder for packages does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub enum OutError {
    /// A file could not be handled.
    #[error(transparent)]
    File(#[from] FileError),
    /// The manifest of an earlier run cannot be understood, so its packages are not known.
    #[error("cannot parse {}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
    /// A manifest cannot be written as JSON.
    #[error("cannot write {MANIFEST} as JSON")]
    Json(#[source] serde_json::Error),
    /// A package that no manifest lists would lie beside the new ones.
    #[error("{} is not listed in a manifest", path.display())]
    Stray {
        /// The file.
        path: PathBuf,
    },
    /// A package is not the one that the manifest lists.
    #[error("{} differs from {MANIFEST}: {what}", path.display())]
    Differs {
        /// The file.
        path: PathBuf,
        /// How it differs.
        what: String,
    },
}

impl Hint for OutError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::File(error) => error.hint(),
            Self::Manifest { .. } | Self::Stray { .. } => {
                Some("remove it, or choose another folder with --out".into())
            }
            Self::Differs { .. } => Some("build the packages again".into()),
            Self::Json(_) => None,
        }
    }
}

/// Removes the packages of an earlier run, and its manifest last. `is_ours` tells packages of this project by their file
/// names.
///
/// # Errors
/// When a file cannot be removed, or a package is there that no manifest lists.
pub fn clear(out: &Path, is_ours: impl Fn(&str) -> bool) -> Result<(), OutError> {
    if !out.exists() {
        return Ok(());
    }
    for file in listed(out)? {
        remove(&out.join(file))?;
    }
    for file in [SUMS, MANIFEST] {
        remove(&out.join(file))?;
    }
    for file in names(out)? {
        if file.starts_with('.') && file.ends_with(PART) {
            remove(&out.join(file))?;
        } else if is_ours(&file) {
            let path = out.join(file);
            return Err(OutError::Stray { path });
        }
    }
    Ok(sync(out)?)
}

/// Puts packages into the folder, with a manifest that lists them. All files are written under other names and synchronised
/// before any is renamed, and the manifest is renamed first. If the process ends early, the folder therefore holds no truncated
/// package, and no package that the manifest does not list.
///
/// # Errors
/// When a file cannot be read, written or renamed.
pub fn publish(packages: &[PathBuf], manifest: &Manifest, out: &Path) -> Result<(), OutError> {
    fs::create_dir_all(out).map_err(FileError::at("make", out))?;
    let json = serde_json::to_string_pretty(manifest).map_err(OutError::Json)? + "\n";
    let mut aside = Aside::new(out);
    aside.write(MANIFEST, |to| fs::write(to, &json))?;
    aside.write(SUMS, |to| fs::write(to, manifest.sums()))?;
    for package in packages {
        let name = package.file_name().unwrap_or_default().to_string_lossy();
        aside.write(&name, |to| fs::copy(package, to).map(drop))?;
    }
    aside.put()?;
    check(manifest, out)
}

/// The manifest of a folder whose packages are as it says.
///
/// # Errors
/// When it cannot be read, or a package is missing or another one.
pub fn read(out: &Path) -> Result<Manifest, OutError> {
    let path = out.join(MANIFEST);
    let text = fs::read(&path).map_err(FileError::at("read", &path))?;
    let manifest = serde_json::from_slice(&text);
    let manifest = manifest.map_err(|source| OutError::Manifest { path, source })?;
    check(&manifest, out)?;
    Ok(manifest)
}

fn check(manifest: &Manifest, out: &Path) -> Result<(), OutError> {
    for (file, listed) in manifest.artifacts.iter().flat_map(Artifact::files) {
        let path = out.join(file);
        let sum = Sum::of_file(&path).map_err(FileError::at("read", &path))?;
        let differs = |what: String| OutError::Differs {
            path: path.clone(),
            what,
        };
        if sum.size != listed.size {
            return Err(differs(format!(
                "it has {} bytes of {}",
                sum.size, listed.size
            )));
        }
        if sum.sha256 != listed.sha256 {
            return Err(differs(format!("its SHA-256 sum is {}", sum.sha256)));
        }
    }
    Ok(())
}

/// What ends the name of a file that is being written.
const PART: &str = ".part";

/// Files that are written beside their final names. What has not got its name is removed in the end.
struct Aside<'a> {
    out: &'a Path,
    names: Vec<String>,
}

impl<'a> Aside<'a> {
    fn new(out: &'a Path) -> Self {
        let names = Vec::new();
        Self { out, names }
    }

    fn part(&self, name: &str) -> PathBuf {
        self.out.join(format!(".{name}{PART}"))
    }

    fn write(
        &mut self,
        name: &str,
        write: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let part = self.part(name);
        self.names.push(name.to_owned());
        let written = write(&part).and_then(|()| File::open(&part)?.sync_all());
        written.map_err(FileError::at("write", self.out.join(name)))
    }

    /// Gives each file its name, in the order in which they were written.
    fn put(&self) -> Result<(), FileError> {
        sync(self.out)?;
        for name in &self.names {
            let to = self.out.join(name);
            fs::rename(self.part(name), &to).map_err(FileError::at("write", &to))?;
        }
        sync(self.out)
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            // Where it fails, the next run removes it.
            let _ = fs::remove_file(self.part(name));
        }
    }
}

/// The plain names of the files in a manifest. One of another release of the toolkit may look different otherwise.
fn listed(out: &Path) -> Result<Vec<String>, OutError> {
    #[derive(Deserialize)]
    struct Listed {
        artifacts: Vec<File>,
    }
    #[derive(Deserialize)]
    struct File {
        file: String,
        components: Option<List>,
    }
    #[derive(Deserialize)]
    struct List {
        file: String,
    }
    let path = out.join(MANIFEST);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(FileError::at("read", &path))?,
    };
    let listed = serde_json::from_slice::<Listed>(&text);
    let listed = listed.map_err(|source| OutError::Manifest { path, source })?;
    // It may have been written by anyone.
    let files = listed.artifacts.into_iter().flat_map(|artifact| {
        let components = artifact.components.map(|list| list.file);
        std::iter::once(artifact.file).chain(components)
    });
    Ok(files.filter(|file| !file.contains('/')).collect())
}

/// The names of the regular files.
fn names(out: &Path) -> Result<Vec<String>, FileError> {
    let entries = fs::read_dir(out).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(FileError::at("read", out))?;
    let files = entries.iter().filter(|entry| entry.path().is_file());
    Ok(files
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect())
}

fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(FileError::at("remove", path)),
    }
}

/// What is in a folder survives a power cut.
fn sync(folder: &Path) -> Result<(), FileError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(FileError::at("write", folder))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        let artifacts = files.iter().map(|(file, content)| {
            let sum = Sum::of(content.as_bytes());
            json!({
                "file": file, "name": "x", "holds": ["x"], "format": "deb", "flavour": "dynamic", "reason": "",
                "fallback": null, "driver": "", "arch": "", "relations": {},
                "needed": [], "programs": {}, "glibc": null, "linked": {}, "commit": "",
                "size": sum.size, "sha256": sum.sha256,
            })
        });
        let artifacts: Vec<_> = artifacts.collect();
        serde_json::from_value(json!({
            "name": "x", "version": "1", "commit": "c", "source-date-epoch": 0, "left-out": [],
            "artifacts": artifacts,
        }))
        .expect("a manifest")
    }

    fn package(folder: &Path, name: &str, content: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, content).expect("written");
        path
    }

    fn there(out: &Path) -> Vec<String> {
        let mut there = names(out).expect("listed");
        there.sort();
        there
    }

    #[test]
    fn what_is_published_is_read_and_cleared_again_and_nothing_else() {
        let [work, out] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        clear(&out.path().join("none"), |_| true).expect("nothing to clear is no error");
        let made = manifest(&[("x.deb", "abc")]);
        let packages = [package(work.path(), "x.deb", "abc")];
        publish(&packages, &made, out.path()).expect("published");
        package(out.path(), "mine.txt", "");
        let all = [SUMS, MANIFEST, "mine.txt", "x.deb"];
        assert_eq!(there(out.path()), all);
        assert_eq!(read(out.path()).expect("as it says"), made);
        clear(out.path(), |_| false).expect("cleared");
        assert_eq!(there(out.path()), ["mine.txt"]);
    }

    #[test]
    fn a_package_that_cannot_be_written_whole_leaves_nothing_under_any_name() {
        let [work, out] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let made = manifest(&[("x.deb", "abc"), ("mem", "")]);
        // It opens, and reading fails in the middle, as writing does on a full disk.
        let packages = [
            package(work.path(), "x.deb", "abc"),
            "/proc/self/mem".into(),
        ];
        let error = publish(&packages, &made, out.path()).expect_err("cannot be read");
        let message = format!("cannot write {}/mem", out.path().display());
        assert_eq!(error.to_string(), message);
        assert!(there(out.path()).is_empty(), "{:?}", there(out.path()));
    }

    #[test]
    fn what_a_run_that_was_killed_left_is_removed_or_named() {
        let out = tempfile::tempdir().expect("a folder");
        package(out.path(), ".x.deb.part", "a");
        package(out.path(), "y.txt", "");
        clear(out.path(), |file| file.starts_with('x')).expect("cleared");
        assert_eq!(there(out.path()), ["y.txt"]);
        package(out.path(), "x-0.9.deb", "");
        let error = clear(out.path(), |file| file.starts_with('x')).expect_err("a stray");
        let message = format!(
            "{}/x-0.9.deb is not listed in a manifest",
            out.path().display()
        );
        assert_eq!(error.to_string(), message);
        let hint = "remove it, or choose another folder with --out";
        assert_eq!(error.hint().as_deref(), Some(hint));
        let other = tempfile::tempdir().expect("a folder");
        clear(other.path(), |file| file.starts_with('x')).expect("another folder");
        fs::remove_file(out.path().join("x-0.9.deb")).expect("removed");
        clear(out.path(), |file| file.starts_with('x')).expect("nothing is in the way");
    }

    #[test]
    fn a_package_that_is_not_the_manifests_is_named() {
        let out = tempfile::tempdir().expect("a folder");
        let made = manifest(&[("x.deb", "abc")]);
        for (content, what) in [
            ("ab", "it has 2 bytes of 3"),
            ("abd", "its SHA-256 sum is "),
        ] {
            package(out.path(), "x.deb", content);
            let error = check(&made, out.path()).expect_err("another");
            assert!(error.to_string().contains(what), "{error}");
            assert_eq!(error.hint().as_deref(), Some("build the packages again"));
        }
        package(out.path(), "x.deb", "abc");
        check(&made, out.path()).expect("built again");
    }

    #[test]
    fn a_manifest_that_cannot_be_parsed_hides_no_packages() {
        let out = tempfile::tempdir().expect("a folder");
        package(out.path(), MANIFEST, "{}");
        let error = clear(out.path(), |_| false).expect_err("no manifest");
        assert!(error.to_string().starts_with("cannot parse "), "{error}");
    }
}
