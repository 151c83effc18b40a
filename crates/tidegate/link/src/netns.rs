//! Network namespaces: opening one by its path, and working inside it.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tidegate_model::{NetnsId, NetnsRef};

use crate::error::{Cause, NetnsFault, OpenFault};

/// `NSFS_MAGIC` of linux/magic.h.
const NSFS: u32 = 0x6e73_6673;
/// The namespace of the thread that opens it (namespaces(7)).
pub(crate) const CURRENT: &str = "/proc/thread-self/ns/net";

/// An open network namespace; it lives at least as long as this does.
#[derive(Debug)]
pub(crate) struct Netns {
    file: File,
    id: NetnsId,
}

impl Netns {
    /// Opens the namespace at a path. This can block for ever if another user controls the path
    /// ([`OpenNamespaces`](crate::OpenNamespaces)).
    pub(crate) fn open(path: &Path) -> Result<Self, OpenFault> {
        // Finds the file without opening it (`O_PATH`): the owner of a directory on the path may have put any file
        // there, and opening a FIFO or a device has side effects.
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let found = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::SRCH | Errno::NAMETOOLONG => {
                NetnsFault::Gone.into()
            }
            // A NUL in the path. Symbolic links in a circle may be put right: they say nothing about the namespace.
            Errno::INVAL => NetnsFault::NotANetns.into(),
            other => OpenFault::from(other),
        })?;
        Self::open_found(&found)
    }

    /// Opens the namespace that was found at a path.
    pub(crate) fn open_found(found: &OwnedFd) -> Result<Self, OpenFault> {
        let file_system = u32::try_from(rustix::fs::fstatfs(found)?.f_type);
        if file_system != Ok(NSFS) {
            return Err(NetnsFault::NotANetns.into());
        }
        // Opens the same namespace again, even if the path leads elsewhere by now.
        let found = format!("/proc/thread-self/fd/{}", found.as_raw_fd());
        let file = rustix::fs::open(found, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let status = rustix::fs::fstat(&file)?;
        Ok(Self {
            file: file.into(),
            id: NetnsId {
                dev: status.st_dev,
                ino: status.st_ino,
                cookie: None,
            },
        })
    }

    /// Whether it is the recorded namespace, or another one.
    pub(crate) fn is_recorded(&self, recorded: &NetnsRef) -> Result<(), NetnsFault> {
        match self.id.has_file_of(&recorded.id) {
            true => Ok(()),
            false => Err(NetnsFault::Replaced),
        }
    }

    /// Opens the namespace of the calling thread.
    pub(crate) fn current() -> Result<Self, Cause> {
        Ok(Self::open(Path::new(CURRENT))?)
    }

    /// Its identity, without a cookie.
    pub(crate) fn id(&self) -> NetnsId {
        self.id
    }

    /// Runs the work inside the namespace on the calling thread, which returns to its own namespace however the work
    /// ends. A separate thread would cost more than the work of an attach.
    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> Result<T, Cause> {
        if self.is_current() {
            return Ok(work());
        }
        let home = Home(Self::current()?);
        enter(self).map_err(entry_refused)?;
        let done = work();
        drop(home);
        Ok(done)
    }

    fn is_current(&self) -> bool {
        rustix::fs::stat(CURRENT)
            .is_ok_and(|status| (status.st_dev, status.st_ino) == (self.id.dev, self.id.ino))
    }
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn enter(netns: &Netns) -> Result<(), Errno> {
    move_into_link_name_space(netns.as_fd(), Some(LinkNameSpaceType::Network))
}

/// The namespace to which the thread returns when this is dropped, also by a panic.
struct Home(Netns);

impl Drop for Home {
    fn drop(&mut self) {
        // The kernel refuses this only if memory is short. The thread would do its next work in the wrong namespace,
        // so the process ends instead. The next start finds what was done.
        if let Err(error) = enter(&self.0) {
            tracing::error!(%error, "a thread cannot leave a namespace of an endpoint");
            std::process::abort();
        }
    }
}

/// setns(2) says EINVAL for a namespace of another type.
fn entry_refused(errno: Errno) -> Cause {
    match errno {
        Errno::INVAL => NetnsFault::NotANetns.into(),
        other => Cause::from(other),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::thread;

    use super::*;

    fn fault(path: impl AsRef<Path>) -> crate::ErrorKind {
        let netns = Netns::open(path.as_ref()).map_err(Cause::from);
        netns.and_then(|n| n.run(|| ())).unwrap_err().kind()
    }

    #[test]
    fn a_path_that_leads_to_no_network_namespace_is_told_from_one_that_leads_nowhere() {
        use crate::ErrorKind::Netns as Kind;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stale");
        std::fs::write(&file, "").unwrap();
        assert_eq!(fault(&file), Kind(NetnsFault::NotANetns));
        assert_eq!(fault(folder.path()), Kind(NetnsFault::NotANetns));
        assert_eq!(fault(folder.path().join("none")), Kind(NetnsFault::Gone));
        assert_eq!(fault(file.join("below")), Kind(NetnsFault::Gone));
        assert_eq!(fault("/proc/self/ns/mnt"), Kind(NetnsFault::NotANetns));
        assert_eq!(fault("/run/netns/a\0b"), Kind(NetnsFault::NotANetns));
        let circle = folder.path().join("circle");
        std::os::unix::fs::symlink(&circle, &circle).unwrap();
        assert_eq!(fault(circle), crate::ErrorKind::Other);
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
            assert_eq!(fault(&fifo), crate::ErrorKind::Netns(NetnsFault::NotANetns));
            thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!writer.is_finished(), "it was opened");
        drop(File::open(&fifo).unwrap());
        writer.join().unwrap();
    }

    fn here() -> NetnsId {
        Netns::current().unwrap().id()
    }

    #[test]
    fn work_is_done_inside_and_the_thread_is_at_home_again_after_a_panic_too() {
        test_support::require_root_kernel!();
        let home = here();
        let lab = test_support::Netns::new();
        let other = Netns::open(&lab.path()).unwrap();
        assert_ne!(other.id(), home);
        assert_eq!(other.run(here).unwrap(), other.id());
        assert_eq!(here(), home);
        let panicked = catch_unwind(|| other.run(|| assert_eq!(here(), home)));
        assert!(panicked.is_err());
        assert_eq!(here(), home);
    }

    #[test]
    fn the_threads_own_namespace_needs_no_privilege() {
        let netns = Netns::current().unwrap();
        assert_eq!(netns.run(here).unwrap(), netns.id());
    }
}
