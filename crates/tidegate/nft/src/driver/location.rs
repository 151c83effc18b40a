//! Network namespaces.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::error::Error;
use crate::kind::Kind;

/// The network namespace that a driver works in.
#[derive(Clone, Debug, Default)]
pub enum Location {
    /// That of the calling thread.
    #[default]
    Current,
    /// The one that a file names, such as `/run/netns/NAME` or `/proc/PID/ns/net`.
    Path(PathBuf),
    /// An open one.
    Fd(Arc<OwnedFd>),
}

impl Location {
    /// Opens it now, so that a missing one is an error of this call.
    pub(crate) fn open(self) -> Result<Namespace, Error> {
        let path = match self {
            Self::Fd(namespace) => return Namespace::new(namespace),
            Self::Path(path) => path,
            Self::Current => PathBuf::from(CURRENT),
        };
        match File::open(&path) {
            Ok(file) => Namespace::new(Arc::new(file.into())),
            Err(error) => {
                let reason = format!("cannot open network namespace {}: {error}", path.display());
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                Err(Error::new(
                    if missing { Kind::NotFound } else { Kind::Other },
                    reason,
                ))
            }
        }
    }
}

/// The namespace of the thread that opens it (namespaces(7)).
const CURRENT: &str = "/proc/thread-self/ns/net";

/// An open network namespace, in which programs are started.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    file: Arc<OwnedFd>,
    /// Device and inode of its nsfs file, which are its identity while it lives.
    id: (u64, u64),
}

impl Namespace {
    fn new(file: Arc<OwnedFd>) -> Result<Self, Error> {
        let status = rustix::fs::fstat(&file);
        let failed = |errno| {
            Error::new(
                Kind::Other,
                format!("cannot open the network namespace: {errno}"),
            )
        };
        let status = status.map_err(failed)?;
        let id = (status.st_dev, status.st_ino);
        Ok(Self { file, id })
    }

    /// Runs the work in the namespace: on the calling thread if it is there, else on a new thread that ends with the
    /// work, so that no other thread changes its namespace.
    pub(crate) fn run<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        if self.is_current() {
            return work();
        }
        let work = || self.enter().and_then(|()| work());
        let done = thread::scope(|scope| {
            let thread = thread::Builder::new().spawn_scoped(scope, work);
            let failed = |error| Error::refused_by_system("starting a thread", &error);
            Ok(thread.map_err(failed)?.join())
        })?;
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn is_current(&self) -> bool {
        rustix::fs::stat(CURRENT).is_ok_and(|status| self.id == (status.st_dev, status.st_ino))
    }

    /// Moves the calling thread there, for good.
    fn enter(&self) -> Result<(), Error> {
        let moved = move_into_link_name_space(self.file.as_fd(), Some(LinkNameSpaceType::Network));
        moved.map_err(|errno| {
            let kind = match errno {
                rustix::io::Errno::PERM => Kind::Permission,
                rustix::io::Errno::INVAL => Kind::Invalid,
                _ => Kind::Other,
            };
            Error::new(kind, format!("cannot enter the network namespace: {errno}"))
        })
    }
}
