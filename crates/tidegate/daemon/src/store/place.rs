//! The state directory and its file: creates, inspects and replaces them atomically.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use error_hint::FileError;
use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, StatxFlags, flock, open, statx,
};
use rustix::io::{Errno, pread};

use super::StoreError;

/// Mode of a new state directory: only for its owner.
const FOLDER_MODE: u32 = 0o700;

/// The identity of an open file: its file system and inode.
type Identity = ((u32, u32), u64);

/// The bytes at the beginning of a redb file that every commit changes: its header with both commit slots.
const HEADER: usize = 320;

/// A file, as it was last seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Major and minor number of its file system.
    device: (u32, u32),
    inode: u64,
    /// In bytes.
    length: u64,
    /// None if the last write failed, so that the content is unknown.
    header: Option<[u8; HEADER]>,
}

impl Known {
    /// The file at a path, if it is a regular file, with the header of an open file: its own if both are the same
    /// file.
    pub(super) fn of(path: &Path, open: &impl AsFd) -> Option<Self> {
        let header = header(open).ok()?;
        let found = Self::ask(CWD, path, AtFlags::empty()).ok()?;
        Some(Self { header, ..found })
    }

    /// An open file, with its header.
    pub(super) fn of_open(file: &impl AsFd) -> Option<Self> {
        let header = header(file).ok()?;
        let found = Self::without_header(file).ok()?;
        Some(Self { header, ..found })
    }

    /// An open file, without its header.
    fn without_header(file: &impl AsFd) -> Result<Self, Errno> {
        Self::ask(file.as_fd(), Path::new(""), AtFlags::EMPTY_PATH)
    }

    /// The times are not queried: since Linux 6.13 (`fill_mg_cmtime`), the first write after such a query gets a new
    /// timestamp, which costs one more block.
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

    /// The same file with unknown content, except that it does not shrink.
    pub(super) fn after_failure(self) -> Self {
        Self {
            header: None,
            ..self
        }
    }

    /// Whether a found file is this one and only we have written it: each write of ours changes the header, and
    /// another database in its place has another one.
    pub(super) fn is(&self, found: &Self) -> bool {
        let is_same_header = self.header.is_none() || self.header == found.header;
        self.identity() == found.identity() && found.length >= self.length && is_same_header
    }

    /// While it is open, no other file has the same.
    pub(super) fn identity(&self) -> Identity {
        (self.device, self.inode)
    }
}

/// None if the file is shorter.
fn header(file: &impl AsFd) -> Result<Option<[u8; HEADER]>, Errno> {
    let mut header = [0; HEADER];
    let read = pread(file, &mut header, 0)?;
    Ok((read == HEADER).then_some(header))
}

/// Opens a file to read its header without changing its access time, which would cost one more block (`O_NOATIME`,
/// open(2)). Only the file's owner and root may do that.
pub(super) fn open_to_look(path: &Path) -> Option<OwnedFd> {
    // With this flag, opening a FIFO does not wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match open(path, flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => open(path, flags, Mode::empty()).ok(),
        opened => opened.ok(),
    }
}

/// Creates the state directory if it is missing.
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
/// If it is not a regular file: opening it might block for ever.
pub(super) fn length(path: &Path) -> Result<Option<u64>, StoreError> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(Some(found.len())),
        Ok(_) => Err(StoreError::NoFile { path: path.into() }),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::at("look at", path)(source).into()),
    }
}

/// Locks the directory, so that no other daemon creates a file in it while the returned lock lives. Some file systems
/// cannot lock directories.
pub(super) fn lock_folder(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    let locked = flock(&folder, FlockOperation::LockExclusive);
    locked.is_ok().then_some(folder)
}

/// Writes the names of the directory's files to the disk (fsync(2)).
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(synced.map_err(FileError::at("synchronize", folder))?)
}

pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    // A read-only file system refuses to remove even what is not there.
    let is_there = fs::symlink_metadata(path).is_ok();
    match fs::remove_file(path) {
        Err(source) if is_there && source.kind() != io::ErrorKind::NotFound => {
            Err(FileError::at("remove", path)(source).into())
        }
        _ => Ok(()),
    }
}

/// A free path for a new file beside `path`, in an existing directory.
pub(super) fn prepare_new(path: &Path) -> Result<PathBuf, StoreError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let new = path.with_extension("redb.new");
    if new.is_dir() {
        let aside = path.with_extension("redb.new.replaced");
        tracing::warn!(path = %aside.display(), "a directory has the name of the new state file: it was renamed");
        fs::rename(&new, aside).map_err(FileError::at("rename", &new))?;
    }
    remove(&new)?;
    Ok(new)
}

/// Replaces the file at a path atomically. Another program's file with content is kept under another name.
///
/// `is_held` means that the known file is still open, and so locked by this process.
pub(super) fn put(
    new: &Path,
    path: &Path,
    was: Option<Identity>,
    is_held: bool,
) -> Result<(), StoreError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let is_kept = match open(path, flags, Mode::empty()) {
        Err(Errno::NOENT) => false,
        // A symbolic link, a socket, or a special file of the kernel.
        Err(_) => true,
        Ok(file) => match Known::without_header(&file) {
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
        keep(path, &kept).map_err(FileError::at("rename", path))?;
    }
    fs::rename(new, path).map_err(FileError::at("rename", new))?;
    match path.parent() {
        Some(folder) => sync_folder(folder),
        None => Ok(()),
    }
}

/// Gives the file at a path a second name, or renames it if it cannot have two, like a directory.
fn keep(path: &Path, kept: &Path) -> io::Result<()> {
    let _ = fs::remove_file(kept);
    fs::hard_link(path, kept).or_else(|_| fs::rename(path, kept))
}
