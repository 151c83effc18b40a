//! Reading and writing the files of a run.

use std::fs::File;
use std::path::Path;

use super::RunError;
use crate::manifest::{Manifest, Sum};

const MANIFEST: &str = "manifest.json";
const SUMS: &str = "SHA256SUMS";

pub(super) fn read(path: &Path) -> Result<String, RunError> {
    std::fs::read_to_string(path).map_err(|source| io(path, source))
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), RunError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
    }
    std::fs::write(path, text).map_err(|source| io(path, source))
}

/// Removes what the manifest of an earlier run lists, and nothing else.
pub(super) fn clear(out: &Path) -> Result<(), RunError> {
    let Ok(text) = std::fs::read_to_string(out.join(MANIFEST)) else {
        return Ok(());
    };
    // A manifest of another version may look different: its files are then left alone.
    let Ok(manifest) = serde_json::from_str::<Manifest>(&text) else {
        return Ok(());
    };
    let files = manifest
        .artifacts
        .iter()
        .map(|artifact| artifact.file.as_str());
    // Only plain names: the manifest may have been written by anyone.
    for file in files
        .filter(|file| !file.contains('/'))
        .chain([SUMS, MANIFEST])
    {
        let path = out.join(file);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io(&path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Copies a package that passed its audit to the folder for packages.
pub(super) fn publish(package: &Path, out: &Path) -> Result<(), RunError> {
    let to = out.join(package.file_name().unwrap_or_default());
    std::fs::create_dir_all(out).map_err(|source| io(out, source))?;
    std::fs::copy(package, &to)
        .map(drop)
        .map_err(|source| io(&to, source))
}

/// Takes the lock of the folder that builds are kept in, waiting for an earlier run: two runs
/// would replace each other's programs between build and packaging. It is held until the file is
/// dropped.
pub(super) fn lock(cache: &Path) -> Result<File, RunError> {
    std::fs::create_dir_all(cache).map_err(|source| io(cache, source))?;
    let path = cache.join("lock");
    let file = File::create(&path).map_err(|source| io(&path, source))?;
    file.lock().map_err(|source| io(&path, source))?;
    Ok(file)
}

/// Size and SHA-256 sum of a file.
pub(super) fn sum(path: &Path) -> Result<Sum, RunError> {
    Sum::of_file(path).map_err(|source| io(path, source))
}

pub(super) fn write_manifest(out: &Path, manifest: &Manifest) -> Result<(), RunError> {
    let text = serde_json::to_string_pretty(manifest).map_err(|source| RunError::Json {
        what: MANIFEST.to_owned(),
        source,
    })?;
    write(&out.join(MANIFEST), &(text + "\n"))?;
    write(&out.join(SUMS), &manifest.sums())
}

fn io(path: &Path, source: std::io::Error) -> RunError {
    RunError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clearing_removes_what_the_manifest_lists_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path();
        assert!(clear(out).is_ok(), "nothing to clear is no error");
        let manifest = serde_json::json!({
            "name": "x", "version": "1", "commit": "c", "source-date-epoch": 0, "left-out": [],
            "artifacts": [{
                "file": "x.deb", "format": "deb", "flavour": "dynamic", "reason": "",
                "fallback": null, "driver": "", "arch": "", "depends": [], "recommends": [],
                "needed": [], "programs": {}, "glibc": null, "linked": {}, "commit": "", "size": 1, "sha256": "",
            }],
        });
        std::fs::write(out.join(MANIFEST), manifest.to_string()).expect("written");
        for name in ["x.deb", "mine.txt", SUMS] {
            std::fs::write(out.join(name), "").expect("written");
        }
        clear(out).expect("cleared");
        let left: Vec<_> = std::fs::read_dir(out)
            .expect("read")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(left, ["mine.txt"]);
    }

    #[test]
    fn a_sum_is_what_sha256sum_prints() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").expect("written");
        let sum = sum(&path).expect("summed");
        assert_eq!(sum.size, 3);
        assert!(sum.sha256.starts_with("ba7816bf8f01cfea"), "{}", sum.sha256);
    }
}
