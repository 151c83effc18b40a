//! Reading and writing the files of a run.

use std::fs::File;
use std::path::Path;

use error_hint::FileError;

use crate::sum::Sum;

pub(super) fn read(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(FileError::at("read", path))
}

pub(super) fn make(folder: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(folder).map_err(FileError::at("make", folder))
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), FileError> {
    if let Some(folder) = path.parent() {
        make(folder)?;
    }
    std::fs::write(path, text).map_err(FileError::at("write", path))
}

/// Takes the lock of the folder that builds are kept in, waiting for an earlier run: two runs
/// would replace each other's programs between build and packaging. It is held until the file is
/// dropped.
pub(super) fn lock(cache: &Path) -> Result<File, FileError> {
    make(cache)?;
    let path = cache.join("lock");
    let file = File::create(&path).map_err(FileError::at("write", &path))?;
    file.lock().map_err(FileError::at("lock", &path))?;
    Ok(file)
}

/// Size and SHA-256 sum of a file.
pub(super) fn sum(path: &Path) -> Result<Sum, FileError> {
    Sum::of_file(path).map_err(FileError::at("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;

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
