//! One daemon for each network namespace: a second one, with another state folder, would take
//! the first one's table and links for leftovers and remove them.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, UCred, connect, socket_with,
};

/// An abstract socket belongs to a network namespace (unix(7)), and goes with its process
/// however that ends.
const NAME: &str = "tidegated";

/// The claim on the network namespace, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Claim {
    _listener: Option<UnixListener>,
}

/// Why the namespace cannot be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another daemon has it.
    #[error("another tidegated{} runs in this network namespace", process(.pid))]
    Taken {
        /// Its process, where the kernel tells.
        pid: Option<u32>,
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
        match self {
            Self::Taken { .. } => Some(
                "stop it first, or run this one in a namespace of its own with `ip netns exec`"
                    .into(),
            ),
            Self::Unknown { .. } => None,
        }
    }
}

fn process(pid: &Option<u32>) -> String {
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
        match UnixListener::bind_addr(&address) {
            Ok(listener) => Ok(Self {
                _listener: Some(listener),
            }),
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => Self::against_holder(),
            Err(e) => Err(unknown(e)),
        }
    }

    fn against_holder() -> Result<Self, ClaimError> {
        let unknown = |source| ClaimError::Unknown { source };
        let holder = match holder() {
            // Nobody takes the connections, so that at some time no more fit.
            Err(Errno::AGAIN) => return Err(ClaimError::Taken { pid: None }),
            asked => asked.map_err(|e| unknown(e.into()))?,
        };
        if holder.uid == rustix::process::geteuid() {
            let pid = u32::try_from(holder.pid.as_raw_nonzero().get()).ok();
            return Err(ClaimError::Taken { pid });
        }
        tracing::warn!(
            user = holder.uid.as_raw(),
            "another user's process has our abstract socket"
        );
        Ok(Self { _listener: None })
    }
}

/// Who listens on the name. Does not wait for an answer.
fn holder() -> Result<UCred, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(
        &socket,
        &SocketAddrUnix::new_abstract_name(NAME.as_bytes())?,
    )?;
    socket_peercred(&socket)
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
