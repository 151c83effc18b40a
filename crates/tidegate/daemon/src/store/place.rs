//! The state folder and the file in it, as places: made, looked at, and changed whole.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FlockOperation, StatxFlags, flock, statx};
use rustix::io::Errno;

use super::StoreError;

/// Mode of a state folder that is made: nobody else's business.
const FOLDER_MODE: u32 = 0o700;

/// What tells a file from others while it is open: its file system and inode.
type Identity = ((u32, u32), u64);

/// A file, as it was last seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Major and minor number of its file system.
    device: (u32, u32),
    inode: u64,
    /// In bytes.
    pub(super) length: u64,
}

impl Known {
    /// That at a path, if there is one.
    pub(super) fn of(path: &Path) -> Option<Self> {
        Self::ask(CWD, path, AtFlags::empty()).ok()
    }

    /// That of an open file.
    fn of_open(file: &File) -> Result<Self, Errno> {
        Self::ask(file.as_fd(), Path::new(""), AtFlags::EMPTY_PATH)
    }

    /// Times are not asked for: since Linux 6.13 (`fill_mg_cmtime`) the first write after such a question has a time of
    /// its own, which is one more block to write.
    fn ask(folder: BorrowedFd<'_>, path: &Path, flags: AtFlags) -> Result<Self, Errno> {
        let wanted = StatxFlags::INO | StatxFlags::SIZE;
        let found = statx(folder, path, flags, wanted)?;
        Ok(Self {
            device: (found.stx_dev_major, found.stx_dev_minor),
            inode: found.stx_ino,
            length: found.stx_size,
        })
    }

    /// While it is open, no other file has the same.
    pub(super) fn identity(self) -> Identity {
        (self.device, self.inode)
    }
}

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
    Some(Known::of(path)?.length)
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
    was: Option<Identity>,
    is_held: bool,
) -> Result<(), StoreError> {
    let failed = |source| StoreError::Open {
        path: path.into(),
        source,
    };
    if let Ok(file) = File::open(path) {
        let found = Known::of_open(&file).map_err(|errno| failed(errno.into()))?;
        let is_known = was == Some(found.identity());
        let lock = || flock(&file, FlockOperation::NonBlockingLockExclusive);
        if !(is_known && is_held) && lock() == Err(Errno::WOULDBLOCK) {
            return Err(StoreError::InUse { path: path.into() });
        }
        if !is_known && found.length > 0 {
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
