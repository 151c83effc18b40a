//! Network namespaces.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

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
    /// Opens a path now, so that the caller hears of one that is not there.
    pub(crate) fn resolve(self) -> Result<Self, Error> {
        let Self::Path(path) = self else {
            return Ok(self);
        };
        match File::open(&path) {
            Ok(file) => Ok(Self::Fd(Arc::new(file.into()))),
            Err(error) => {
                let reason = format!("network namespace {}: {error}", path.display());
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                Err(Error::new(
                    if missing { Kind::NotFound } else { Kind::Other },
                    reason,
                ))
            }
        }
    }

    /// Moves the calling thread there, for good.
    pub(crate) fn enter(&self) -> Result<(), Error> {
        let Self::Fd(namespace) = self else {
            return Ok(());
        };
        let moved = move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network));
        moved.map_err(|errno| {
            let kind = match errno {
                rustix::io::Errno::PERM => Kind::Permission,
                rustix::io::Errno::INVAL => Kind::Invalid,
                _ => Kind::Other,
            };
            Error::new(kind, format!("entering the network namespace: {errno}"))
        })
    }
}
