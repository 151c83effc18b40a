//! One daemon for each network namespace: a second one, with another state folder, would take
//! the first one's table and links for leftovers and remove them.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::net::unix::UCred;

/// An abstract socket belongs to a network namespace (unix(7)), and goes with the last process
/// that has it open, however that ends.
const NAME: &str = "tidegated";

/// How long what a daemon that is gone had begun may take to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// The claim on the network namespace, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Claim {
    listener: Option<UnixListener>,
}

/// Why the namespace cannot be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another daemon has it.
    #[error("another tidegated{} runs in this network namespace", process(.pid))]
    Taken {
        /// Its process, where the kernel tells.
        pid: Option<i32>,
    },
    /// What a daemon that is gone had begun does not end.
    #[error("an nft of the tidegated that ran before (process {pid}) still runs")]
    Unfinished {
        /// The process that is gone.
        pid: i32,
    },
    /// It is not known whether another daemon has it.
    #[error("cannot tell whether another tidegated runs in this network namespace")]
    Unknown {
        /// Why.
        source: io::Error,
    },
}

impl ClaimError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Taken { .. } => {
                "stop it first, or run this one in a namespace of its own with `ip netns exec`"
            }
            Self::Unfinished { .. } => "end it, or wait until it has ended",
            Self::Unknown { .. } => "run tidegated where it may use unix sockets",
        };
        Some(hint.to_owned())
    }
}

fn process(pid: &Option<i32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

impl Claim {
    /// Claims the network namespace that the caller's thread is in.
    ///
    /// # Errors
    /// When another daemon has it. A process of another user that only squats on the name is
    /// none: it could not touch the namespace's links.
    pub(crate) fn take() -> Result<Self, ClaimError> {
        let unknown = |source| ClaimError::Unknown { source };
        let address = SocketAddr::from_abstract_name(NAME).map_err(unknown)?;
        let since = Instant::now();
        loop {
            match UnixListener::bind_addr(&address) {
                Ok(listener) => {
                    let listener = Some(listener);
                    return Ok(Self { listener });
                }
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
                Err(e) => return Err(unknown(e)),
            }
            let Some(pid) = gone_holder()? else {
                return Ok(Self { listener: None });
            };
            if since.elapsed() > PATIENCE {
                return Err(ClaimError::Unfinished { pid });
            }
            sleep(PAUSE);
        }
    }

    /// Lets every process that is started from here on hold the claim too. Should this one be
    /// killed while an nft is at work for it, the next daemon waits until that has ended: what it
    /// still did would otherwise come on top of the next one's table.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason to.
    pub(crate) fn share_with_children(&self) -> Result<(), ClaimError> {
        let shared = self
            .listener
            .as_ref()
            .map(|listener| fcntl_setfd(listener, FdFlags::empty()));
        let shared = shared.unwrap_or(Ok(()));
        shared.map_err(|e| ClaimError::Unknown { source: e.into() })
    }
}

/// Looks who holds the name: the process that took it if that is gone and only its children hold
/// it, nobody if another user has it.
fn gone_holder() -> Result<Option<i32>, ClaimError> {
    let holder = match holder() {
        Ok(holder) => holder,
        // It went away meanwhile: to be tried again.
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => return Ok(Some(0)),
        // Nobody takes the connections, so that at some time no more fit.
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
            return Err(ClaimError::Taken { pid: None });
        }
        Err(source) => return Err(ClaimError::Unknown { source }),
    };
    if holder.uid() != rustix::process::geteuid().as_raw() {
        let user = holder.uid();
        tracing::warn!(
            user,
            "a process of another user has the abstract socket {NAME:?}"
        );
        return Ok(None);
    }
    // 0: it is in another process namespace (pid_namespaces(7)).
    match holder.pid().filter(|pid| *pid > 0) {
        Some(pid) if !is_alive(pid) => Ok(Some(pid)),
        pid => Err(ClaimError::Taken { pid }),
    }
}

/// Who listens on the name. Does not wait for an answer.
fn holder() -> io::Result<UCred> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(
        &socket,
        &SocketAddrUnix::new_abstract_name(NAME.as_bytes())?,
    )?;
    // Of the wrappers of SO_PEERCRED, tokio's is the safe one that knows a process id of 0.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let _entered = runtime.enter();
    tokio::net::UnixStream::from_std(UnixStream::from(socket))?.peer_cred()
}

/// Whether a process runs. One that has ended and is not waited for has no program any more.
fn is_alive(pid: i32) -> bool {
    !matches!(
        std::fs::read_link(format!("/proc/{pid}/exe")),
        Err(e) if Errno::from_io_error(&e) == Some(Errno::NOENT)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_test_support::{Netns, require_root_kernel};

    #[test]
    fn a_namespace_has_one_daemon_and_another_namespace_another() {
        require_root_kernel!();
        let (one, other) = (Netns::new(), Netns::new());
        let claim = one.run(|| Claim::take().unwrap());
        let refused = one.run(|| Claim::take().unwrap_err()).to_string();
        let us = std::process::id();
        assert_eq!(
            refused,
            format!("another tidegated (process {us}) runs in this network namespace")
        );
        other.run(|| Claim::take().unwrap());
        drop(claim);
        one.run(|| Claim::take().unwrap());
    }
}
