//! Network namespaces: opening one by its path, and working inside it.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// `NSFS_MAGIC` of linux/magic.h.
const NSFS: u32 = 0x6e73_6673;
/// The namespace of the thread that opens it (namespaces(7)).
pub const CURRENT: &str = "/proc/thread-self/ns/net";

/// Which network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// That of the calling thread.
    #[default]
    Current,
    /// The one at this path, such as `/run/netns/NAME` or `/proc/PID/ns/net`.
    Path(PathBuf),
}

impl Location {
    /// The file of the namespace.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Current => Path::new(CURRENT),
            Self::Path(path) => path,
        }
    }
}

/// The identity of a file, and so of a namespace while it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The number of its device.
    pub dev: u64,
    /// Its inode on that device.
    pub ino: u64,
}

/// Why a namespace cannot be opened or entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetnsError {
    /// The path leads nowhere, or not any more.
    #[error("{0}")]
    Gone(Errno),
    /// The path does not lead to a network namespace.
    #[error("it is not a network namespace")]
    NotANetns,
    /// The kernel refuses it.
    #[error("{0}")]
    Refused(Errno),
    /// The system starts no thread.
    #[error("cannot start a thread: {0}")]
    NoThread(Errno),
}

impl From<Errno> for NetnsError {
    fn from(errno: Errno) -> Self {
        Self::Refused(errno)
    }
}

/// An open network namespace; it lives at least as long as this does.
#[derive(Debug)]
pub struct Netns {
    file: File,
    id: FileId,
}

impl Netns {
    /// Opens the namespace at a path. This can block for ever if another user controls the path.
    ///
    /// # Errors
    /// If the path does not lead to a namespace.
    pub fn open(path: &Path) -> Result<Self, NetnsError> {
        // Finds the file without opening it (`O_PATH`): the owner of a directory on the path may have put any file
        // there, and opening a FIFO or a device has side effects.
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let found = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::SRCH | Errno::NAMETOOLONG => {
                NetnsError::Gone(errno)
            }
            // A NUL in the path. Symbolic links in a circle may be put right: they say nothing about the namespace.
            Errno::INVAL => NetnsError::NotANetns,
            other => other.into(),
        })?;
        Self::open_found(&found)
    }

    /// Opens the namespace that was found at a path.
    ///
    /// # Errors
    /// If the file is not a namespace, or the kernel does not open it.
    pub fn open_found(found: &OwnedFd) -> Result<Self, NetnsError> {
        let file_system = u32::try_from(rustix::fs::fstatfs(found)?.f_type);
        if file_system != Ok(NSFS) {
            return Err(NetnsError::NotANetns);
        }
        // Opens the same namespace again, even if the path leads elsewhere by now.
        let found = format!("/proc/thread-self/fd/{}", found.as_raw_fd());
        let file = rustix::fs::open(found, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let status = rustix::fs::fstat(&file)?;
        Ok(Self {
            file: file.into(),
            id: FileId {
                dev: status.st_dev,
                ino: status.st_ino,
            },
        })
    }

    /// Opens the namespace of the calling thread.
    ///
    /// # Errors
    /// If the kernel refuses, for example because no descriptor is free.
    pub fn current() -> Result<Self, NetnsError> {
        Self::open(Path::new(CURRENT))
    }

    /// Its identity.
    #[must_use]
    pub fn id(&self) -> FileId {
        self.id
    }

    /// Runs the work inside the namespace on the calling thread, which returns to its own namespace however the work
    /// ends. A separate thread would cost more than the work of an attach.
    ///
    /// # Errors
    /// If the namespace cannot be entered.
    pub fn run_here<T>(&self, work: impl FnOnce() -> T) -> Result<T, NetnsError> {
        if self.is_current() {
            return Ok(work());
        }
        let home = Home(Self::current()?);
        self.enter()?;
        let done = work();
        drop(home);
        Ok(done)
    }

    /// Runs the work inside the namespace: on the calling thread if it is there, else on a new thread of the same name that
    /// ends with the work. The calling thread needs no way back, and never changes its namespace.
    ///
    /// # Errors
    /// If the namespace cannot be entered, or no thread starts.
    pub fn run_on_thread<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, NetnsError> {
        if self.is_current() {
            return Ok(work());
        }
        let mut builder = thread::Builder::new();
        if let Some(name) = thread::current().name() {
            builder = builder.name(name.to_owned());
        }
        let inside = || self.enter().map(|()| work());
        let ended = thread::scope(|scope| {
            let started = builder.spawn_scoped(scope, inside);
            started.map(thread::ScopedJoinHandle::join)
        });
        let ended = ended.map_err(no_thread)?;
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn is_current(&self) -> bool {
        rustix::fs::stat(CURRENT)
            .is_ok_and(|status| (status.st_dev, status.st_ino) == (self.id.dev, self.id.ino))
    }

    /// Moves the calling thread there.
    fn enter(&self) -> Result<(), NetnsError> {
        let moved = move_into_link_name_space(self.as_fd(), Some(LinkNameSpaceType::Network));
        moved.map_err(|errno| match errno {
            // A namespace of another type (setns(2)).
            Errno::INVAL => NetnsError::NotANetns,
            other => other.into(),
        })
    }
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn no_thread(error: io::Error) -> NetnsError {
    NetnsError::NoThread(Errno::from_io_error(&error).unwrap_or(Errno::AGAIN))
}

/// The namespace to which the thread returns when this is dropped, also by a panic.
struct Home(Netns);

impl Drop for Home {
    fn drop(&mut self) {
        // The kernel refuses this only if memory is short. The thread would do its next work in the wrong namespace,
        // so the process ends instead. The next start finds what was done.
        if let Err(error) = self.0.enter() {
            tracing::error!(%error, "a thread cannot leave a namespace of an endpoint");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::thread;

    use super::*;

    fn fault(path: impl AsRef<Path>) -> NetnsError {
        let netns = Netns::open(path.as_ref());
        netns.and_then(|netns| netns.run_here(|| ())).unwrap_err()
    }

    #[test]
    fn a_path_that_leads_to_no_network_namespace_differs_from_one_that_leads_nowhere() {
        use NetnsError::{Gone, NotANetns};
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stale");
        std::fs::write(&file, "").unwrap();
        assert_eq!(fault(&file), NotANetns);
        assert_eq!(fault(folder.path()), NotANetns);
        assert_eq!(fault(folder.path().join("none")), Gone(Errno::NOENT));
        assert_eq!(fault(file.join("below")), Gone(Errno::NOTDIR));
        assert_eq!(fault("/proc/self/ns/mnt"), NotANetns);
        assert_eq!(fault("/run/netns/a\0b"), NotANetns);
        let circle = folder.path().join("circle");
        std::os::unix::fs::symlink(&circle, &circle).unwrap();
        assert_eq!(fault(circle), NetnsError::Refused(Errno::LOOP));
    }

    #[test]
    fn a_fifo_does_not_block_and_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        // A writer waits until somebody opens it to read.
        let path = fifo.clone();
        let writer = thread::spawn(move || File::options().write(true).open(path).unwrap());
        for _ in 0..20 {
            assert_eq!(fault(&fifo), NetnsError::NotANetns);
            thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!writer.is_finished(), "it was opened");
        drop(File::open(&fifo).unwrap());
        writer.join().unwrap();
    }

    fn here() -> FileId {
        Netns::current().unwrap().id()
    }

    #[test]
    fn work_is_done_inside_and_the_thread_is_at_home_again_after_a_panic_too() {
        test_support::require_root_kernel!();
        let home = here();
        let lab = test_support::Netns::new();
        let other = Netns::open(&lab.path()).unwrap();
        assert_ne!(other.id(), home);
        assert_eq!(other.run_here(here).unwrap(), other.id());
        assert_eq!(here(), home);
        let panicked = catch_unwind(|| other.run_here(|| assert_eq!(here(), home)));
        assert!(panicked.is_err());
        assert_eq!(here(), home);
    }

    #[test]
    fn work_on_a_thread_of_its_own_is_done_inside_and_its_panic_is_passed_on() {
        test_support::require_root_kernel!();
        let (home, name) = (here(), thread::current().name().map(str::to_owned));
        let lab = test_support::Netns::new();
        let other = Netns::open(&lab.path()).unwrap();
        let inside = || (here(), thread::current().name().map(str::to_owned));
        assert_eq!(other.run_on_thread(inside).unwrap(), (other.id(), name));
        let panicked = catch_unwind(|| other.run_on_thread(|| assert_eq!(here(), home)));
        assert!(panicked.is_err());
        assert_eq!(here(), home);
    }

    #[test]
    fn the_threads_own_namespace_needs_no_privilege() {
        let netns = Netns::current().unwrap();
        assert_eq!(netns.run_here(here).unwrap(), netns.id());
        assert_eq!(netns.run_on_thread(here).unwrap(), netns.id());
    }
}
