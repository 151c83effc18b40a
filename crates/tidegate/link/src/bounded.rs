//! Calls that may never end: access to a path on a file system that does not answer (FUSE without its program, NFS
//! without its server).
//!
//! No flag of open(2) ends such a wait. So a separate thread makes the call, and the caller abandons it when the time
//! is up. The kernel releases the thread when the file system is mounted again or gone. The number of such threads is
//! limited, in all and for each directory, so that one path that hangs does not block the others. A path that hangs
//! is not tried again while it leads to the same file. So there is still a thread for it when it is replaced.

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, StatxFlags, openat2, statx};

/// Time limit of one call. A disk that spins up, or a busy server, takes less.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);
/// The most threads at once.
const THREADS: usize = 64;
/// The most threads for one directory. If all of them are late, no further path there is tried.
const IN_ONE_FOLDER: usize = 4;
/// Stack size of a thread in bytes: it makes a few system calls.
const STACK: usize = 256 * 1024;

/// The file system did not answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its file system did not answer within {TIME_LIMIT:?}")]
pub struct Hangs;

static PLACES: Slots = Slots {
    taken: Mutex::new(None),
    freed: Condvar::new(),
};

/// Runs `work` on a path that may lead to any file system, and returns its result if it ends in time. `work` gets a
/// path to the file that was found, even if the original path leads elsewhere by then.
///
/// # Errors
/// If it takes longer than [`TIME_LIMIT`]. Then the work continues without a caller, and its result is dropped.
pub fn with_time_limit<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(&Path) -> T + Send + 'static,
) -> Result<T, Hangs> {
    if let Some(found) = at_home(path) {
        let found = format!("/proc/thread-self/fd/{}", found.as_raw_fd());
        return Ok(work(Path::new(&found)));
    }
    let end = Instant::now() + TIME_LIMIT;
    begin(path, end, work)?.wait(end)
}

/// Opens a path on a file system that the daemon needs anyway, without a thread.
fn at_home(path: &Path) -> Option<OwnedFd> {
    static HOME: OnceLock<[Option<Device>; 2]> = OnceLock::new();
    let found = found(path, OFlags::empty())?;
    let home = HOME.get_or_init(|| {
        ["/", "/run"].map(|path| device(self::found(Path::new(path), OFlags::empty())?.as_fd()))
    });
    let here = device(found.as_fd());
    (here.is_some() && home.contains(&here)).then_some(found)
}

/// A file system, by its device: major and minor number.
pub(crate) type Device = (u32, u32);

/// That of an open file, without asking anybody (statx(2), `AT_STATX_DONT_SYNC`).
pub(crate) fn device(file: BorrowedFd<'_>) -> Option<Device> {
    let found = statx(file, "", ASK_NOBODY, StatxFlags::TYPE).ok()?;
    Some((found.stx_dev_major, found.stx_dev_minor))
}

/// An `O_PATH` descriptor for a path, if the kernel has every component in its cache. This asks no file system
/// (openat2(2), `RESOLVE_CACHED`).
pub(crate) fn found(path: &Path, flags: OFlags) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC | flags;
    openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED).ok()
}

const ASK_NOBODY: AtFlags = AtFlags::EMPTY_PATH.union(AtFlags::STATX_DONT_SYNC);

/// Work that has begun.
pub(crate) struct Begun<T>(mpsc::Receiver<T>);

impl<T> Begun<T> {
    /// The result, if the work ends in time.
    pub(crate) fn wait(&self, end: Instant) -> Result<T, Hangs> {
        let left = end.saturating_duration_since(Instant::now());
        self.0.recv_timeout(left).map_err(|_| Hangs)
    }
}

/// Begins the work, once there is a thread for it.
pub(crate) fn begin<T: Send + 'static>(
    path: &Path,
    end: Instant,
    work: impl FnOnce(&Path) -> T + Send + 'static,
) -> Result<Begun<T>, Hangs> {
    let place = PLACES.take(path, end)?;
    let (done, outcome) = mpsc::sync_channel(1);
    let path = path.to_owned();
    let thread = thread::Builder::new()
        .name("abroad".into())
        .stack_size(STACK);
    let spawned = thread.spawn(move || {
        let came = work(&path);
        drop(place);
        // The caller may have given up.
        let _ = done.send(came);
    });
    match spawned {
        Ok(_) => Ok(Begun(outcome)),
        Err(error) => {
            tracing::warn!(%error, "cannot start a thread to open a path");
            Err(Hangs)
        }
    }
}

/// The running calls, by directory.
struct Slots {
    taken: Mutex<Option<HashMap<PathBuf, Vec<Look>>>>,
    freed: Condvar,
}

/// A look that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    path: PathBuf,
    file: Option<FileMark>,
    since: Instant,
}

impl Look {
    fn is_late(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= TIME_LIMIT
    }

    /// Whether both access the same file.
    fn is_as(&self, other: &Self) -> bool {
        self.file.is_some() && self.file == other.file && self.path == other.path
    }
}

/// Identifies the file at a path (not following a symbolic link): device, inode and the time of its last change. A
/// replacement differs.
type FileMark = (u32, u32, u64, i64, u32);

/// That at a path, if the kernel has it in its memory.
fn file_mark(path: &Path) -> Option<FileMark> {
    let file = found(path, OFlags::NOFOLLOW)?;
    let wanted = StatxFlags::INO | StatxFlags::CTIME;
    let found = statx(&file, "", ASK_NOBODY, wanted).ok()?;
    let changed = found.stx_ctime;
    Some((
        found.stx_dev_major,
        found.stx_dev_minor,
        found.stx_ino,
        changed.tv_sec,
        changed.tv_nsec,
    ))
}

/// One of the limited threads; dropping this frees it.
struct Slot {
    places: &'static Slots,
    folder: PathBuf,
    look: Look,
}

impl Slots {
    /// Waits for a free thread for a path. Fails if a call for the same file is late already, or too many in the
    /// directory are.
    fn take(&'static self, path: &Path, end: Instant) -> Result<Slot, Hangs> {
        let folder = path.parent().unwrap_or(path).to_owned();
        let mut look = Look {
            path: path.to_owned(),
            file: file_mark(path),
            since: Instant::now(),
        };
        let mut taken = self.taken();
        loop {
            let now = Instant::now();
            let all = taken.get_or_insert_default();
            let here = all.get(&folder).map_or(&[][..], Vec::as_slice);
            let late = || here.iter().filter(|other| other.is_late(now));
            if late().any(|other| other.is_as(&look)) || late().count() >= IN_ONE_FOLDER {
                return Err(Hangs);
            }
            let has_room = here.len() < IN_ONE_FOLDER;
            if has_room && all.values().map(Vec::len).sum::<usize>() < THREADS {
                look.since = now;
                all.entry(folder.clone()).or_default().push(look.clone());
                return Ok(Slot {
                    places: self,
                    folder,
                    look,
                });
            }
            let left = end.saturating_duration_since(now);
            if left.is_zero() {
                return Err(Hangs);
            }
            let waited = self.freed.wait_timeout(taken, left);
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn taken(&self) -> MutexGuard<'_, Option<HashMap<PathBuf, Vec<Look>>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        let all = taken.get_or_insert_default();
        if let Some(here) = all.get_mut(&self.folder) {
            if let Some(own) = here.iter().position(|look| *look == self.look) {
                here.swap_remove(own);
            }
            if here.is_empty() {
                all.remove(&self.folder);
            }
        }
        self.places.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SMALL: Slots = Slots {
        taken: Mutex::new(None),
        freed: Condvar::new(),
    };

    #[test]
    fn work_that_does_not_end_is_left_behind_and_what_ends_is_reported() {
        let (_hold, held) = mpsc::channel::<()>();
        let begun = begin(
            Path::new("/one/hangs"),
            Instant::now() + TIME_LIMIT,
            move |_| {
                // Ends with the test.
                let _ = held.recv();
            },
        );
        let soon = Instant::now() + Duration::from_millis(20);
        assert_eq!(begun.map(|begun| begun.wait(soon)), Ok(Err(Hangs)));
        assert_eq!(
            with_time_limit(Path::new("/one/answers"), |path| path.exists()),
            Ok(false)
        );
    }

    #[test]
    fn a_folder_that_hangs_is_not_tried_again_and_keeps_nobody_from_others() {
        let end = || Instant::now() + Duration::from_millis(10);
        let mut late = Vec::new();
        for n in 0..IN_ONE_FOLDER {
            late.push(
                SMALL
                    .take(Path::new(&format!("/dead/{n}")), end())
                    .map_err(drop)
                    .unwrap(),
            );
        }
        let earlier = Instant::now().checked_sub(TIME_LIMIT).unwrap();
        for place in &mut late {
            place.look.since = earlier;
        }
        let looks = late.iter().map(|place| place.look.clone()).collect();
        let dead = Path::new("/dead").to_owned();
        SMALL.taken().get_or_insert_default().insert(dead, looks);
        assert!(SMALL.take(Path::new("/dead/more"), end()).is_err());
        assert!(SMALL.take(Path::new("/alive/one"), end()).is_ok());
        drop(late);
        assert!(SMALL.take(Path::new("/dead/more"), end()).is_ok());
        assert_eq!(SMALL.taken().as_ref().map(HashMap::len), Some(0));
    }

    #[test]
    fn a_file_that_hangs_is_looked_at_once_and_again_when_it_is_replaced() {
        static OTHERS: Slots = Slots {
            taken: Mutex::new(None),
            freed: Condvar::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("file"), folder.path().join("new"));
        let end = || Instant::now() + Duration::from_millis(10);
        std::fs::write(&path, "one").unwrap();
        let Some(mark) = file_mark(&path) else {
            // A kernel before 5.12.
            return;
        };
        let mut late = OTHERS.take(&path, end()).map_err(drop).unwrap();
        assert_eq!(late.look.file, Some(mark));
        assert!(OTHERS.take(&path, end()).is_ok(), "it is not late");
        late.look.since = Instant::now().checked_sub(TIME_LIMIT).unwrap();
        let looks = vec![late.look.clone()];
        let of = folder.path().to_owned();
        OTHERS.taken().get_or_insert_default().insert(of, looks);
        assert!(OTHERS.take(&path, end()).is_err());
        assert!(OTHERS.take(&new, end()).is_ok());
        std::fs::write(&new, "other").unwrap();
        std::fs::rename(&new, &path).unwrap();
        assert!(OTHERS.take(&path, end()).is_ok());
        drop(late);
        assert_eq!(OTHERS.taken().as_ref().map(HashMap::len), Some(0));
    }
}
