//! The state folder and the file in it, as places: made, looked at, and changed whole.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, StatxFlags, flock, open, statx,
};
use rustix::io::{Errno, pread};

use super::StoreError;

/// Mode of a state folder that is made: nobody else's business.
const FOLDER_MODE: u32 = 0o700;

/// What tells a file from others while it is open: its file system and inode.
type Identity = ((u32, u32), u64);

/// Bytes at the beginning of a redb file that every commit changes: its header, with both commit slots.
const HEADER: usize = 320;

/// A file, as it was last seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Major and minor number of its file system.
    device: (u32, u32),
    inode: u64,
    /// In bytes.
    length: u64,
    /// None where the last write failed, and nobody knows what of it is there.
    header: Option<[u8; HEADER]>,
}

impl Known {
    /// That at a path, if it is a regular file, with the header that an open file has: where both are one file, its own.
    pub(super) fn of(path: &Path, open: &impl AsFd) -> Option<Self> {
        let mut header = [0; HEADER];
        let read = pread(open, &mut header, 0).ok()?;
        let header = (read == HEADER).then_some(header);
        Some(Self {
            header,
            ..Self::ask(CWD, path, AtFlags::empty()).ok()?
        })
    }

    /// That of an open file, without its header.
    fn of_open(file: &impl AsFd) -> Result<Self, Errno> {
        Self::ask(file.as_fd(), Path::new(""), AtFlags::EMPTY_PATH)
    }

    /// Times are not asked for: since Linux 6.13 (`fill_mg_cmtime`) the first write after such a question has a time of
    /// its own, which is one more block to write.
    fn ask(folder: BorrowedFd<'_>, path: &Path, flags: AtFlags) -> Result<Self, Errno> {
        let wanted = StatxFlags::INO | StatxFlags::SIZE | StatxFlags::TYPE;
        let found = statx(folder, path, flags, wanted)?;
        if !FileType::from_raw_mode(found.stx_mode.into()).is_file() {
            return Err(Errno::INVAL);
        }
        Ok(Self {
            device: (found.stx_dev_major, found.stx_dev_minor),
            inode: found.stx_ino,
            length: found.stx_size,
            header: None,
        })
    }

    /// The same file, of whose content no more is known than that it does not shrink.
    pub(super) fn after_failure(self) -> Self {
        Self {
            header: None,
            ..self
        }
    }

    /// Whether a file that was found is this one, and nobody else has written it since: each write of ours changes the
    /// header, and so does another database that is put in.
    pub(super) fn is(&self, found: &Self) -> bool {
        let is_same_header = self.header.is_none() || self.header == found.header;
        self.identity() == found.identity() && found.length >= self.length && is_same_header
    }

    /// While it is open, no other file has the same.
    pub(super) fn identity(&self) -> Identity {
        (self.device, self.inode)
    }
}

/// Opens a file to look at its header, so that this does not change its time of access, which would be one more block to
/// write (`O_NOATIME`, open(2)). That is for the file's owner and for root alone.
pub(super) fn open_to_look(path: &Path) -> Option<OwnedFd> {
    // Opening a FIFO does not wait for its writer so.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match open(path, flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => open(path, flags, Mode::empty()).ok(),
        opened => opened.ok(),
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

/// Bytes of the file at a path; none if there is nothing.
///
/// # Errors
/// When something else than a regular file is there: to open it might wait for ever.
pub(super) fn length(path: &Path) -> Result<Option<u64>, StoreError> {
    let refused = |source| StoreError::Open {
        path: path.into(),
        source,
    };
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(Some(found.len())),
        Ok(_) => Err(StoreError::NoFile { path: path.into() }),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(refused(source)),
    }
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
    if new.is_dir() {
        let aside = path.with_extension("redb.new.replaced");
        tracing::warn!(path = %aside.display(), "a directory has the name of the new state file: it was renamed");
        fs::rename(&new, aside).map_err(|source| StoreError::Open {
            path: new.clone(),
            source,
        })?;
    }
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
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let is_kept = match open(path, flags, Mode::empty()) {
        Err(Errno::NOENT) => false,
        // A symbolic link, a socket, or what only the kernel may open.
        Err(_) => true,
        Ok(file) => match Known::of_open(&file) {
            // A FIFO, a device or a folder.
            Err(_) => true,
            Ok(found) => {
                let is_known = was == Some(found.identity());
                let lock = || flock(&file, FlockOperation::NonBlockingLockExclusive);
                if !(is_known && is_held) && lock() == Err(Errno::WOULDBLOCK) {
                    return Err(StoreError::InUse { path: path.into() });
                }
                !is_known && found.length > 0
            }
        },
    };
    if is_kept {
        let kept = path.with_extension("redb.replaced");
        tracing::warn!(path = %kept.display(), "another file had the name of the state file: it was renamed");
        keep(path, &kept).map_err(failed)?;
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
