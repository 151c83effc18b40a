//! The state folder and the file in it, as places: made, looked at, and changed whole.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::StoreError;

/// Mode of a state folder that is made: nobody else's business.
const FOLDER_MODE: u32 = 0o700;

/// Makes the state folder unless it is there.
pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder);
    made.map_err(|source| StoreError::Folder {
        path: folder.into(),
        source,
    })
}

/// Bytes of the file at a path; none if it cannot be told, as a rule since there is none.
pub(super) fn length(path: &Path) -> Option<u64> {
    Some(fs::metadata(path).ok()?.len())
}

/// Keeps other daemons from making a file in the folder while the answer is kept. Some file systems lock no folders.
pub(super) fn lock_folder(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    let locked = flock(&folder, FlockOperation::LockExclusive);
    locked.is_ok().then_some(folder)
}

/// Has the disk know what the folder's files are called (fsync(2)).
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| StoreError::Open {
        path: folder.into(),
        source,
    })
}

pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            let path = path.into();
            Err(StoreError::Open { path, source })
        }
        _ => Ok(()),
    }
}

/// The path of a new file beside that at `path`, with nothing there, in a folder that is there.
pub(super) fn prepare_new(path: &Path) -> Result<PathBuf, StoreError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let new = path.with_extension("redb.new");
    remove(&new)?;
    Ok(new)
}

/// Puts a new file in place at once: at any time there is one or the other. What is there is kept beside it, unless it is
/// what was known or has no content.
///
/// `is_held` says that what was known is still open, and so locked by this process.
pub(super) fn put(
    new: &Path,
    path: &Path,
    was: Option<(u64, u64)>,
    is_held: bool,
) -> Result<(), StoreError> {
    let failed = |source| StoreError::Open {
        path: path.into(),
        source,
    };
    if let Ok(file) = File::open(path) {
        let found = file.metadata().map_err(failed)?;
        let is_known = was == Some((found.dev(), found.ino()));
        let lock = || flock(&file, FlockOperation::NonBlockingLockExclusive);
        if !(is_known && is_held) && lock() == Err(Errno::WOULDBLOCK) {
            return Err(StoreError::InUse { path: path.into() });
        }
        if !is_known && found.len() > 0 {
            let kept = path.with_extension("redb.replaced");
            tracing::warn!(path = %kept.display(), "what was in the place of the state file is kept");
            keep(path, &kept).map_err(failed)?;
        }
    }
    fs::rename(new, path).map_err(failed)?;
    match path.parent() {
        Some(folder) => sync_folder(folder),
        None => Ok(()),
    }
}

/// Gives what is at a path another name besides, or that alone where there can be no second one, as of a folder.
fn keep(path: &Path, kept: &Path) -> io::Result<()> {
    let _ = fs::remove_file(kept);
    fs::hard_link(path, kept).or_else(|_| fs::rename(path, kept))
}
