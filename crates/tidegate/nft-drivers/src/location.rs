//! The network namespace in which a driver starts its programs.

use std::sync::Arc;

use rustix::io::Errno;
use tidegate_nft::{Error, Kind};
use tidegate_sys::{Location, Netns, NetnsError};

/// Opens a namespace now, so that a missing one is an error of this call.
pub(crate) fn open(location: &Location) -> Result<Arc<Netns>, Error> {
    let path = location.path();
    Netns::open(path).map(Arc::new).map_err(|error| {
        let reason = format!("cannot open network namespace {}: {error}", path.display());
        Error::new(kind_of(error), reason)
    })
}

/// Runs the work in a namespace, on another thread if the calling thread is not there.
pub(crate) fn run<T: Send>(
    netns: &Netns,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let done = netns.run_on_thread(work);
    done.map_err(|error| match error {
        NetnsError::NoThread(errno) => Error::refused_by_system("starting a thread", &errno.into()),
        error => {
            let reason = format!("cannot enter the network namespace: {error}");
            Error::new(kind_of(error), reason)
        }
    })?
}

fn kind_of(error: NetnsError) -> Kind {
    match error {
        NetnsError::Gone(_) => Kind::NotFound,
        NetnsError::NotANetns => Kind::Invalid,
        NetnsError::Refused(Errno::PERM) => Kind::Permission,
        NetnsError::Refused(_) | NetnsError::NoThread(_) => Kind::Other,
    }
}
