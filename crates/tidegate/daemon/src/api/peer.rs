//! The peer of a connection, and whether it may use the API.
//!
//! The mode of the socket file admits its owner and its group (unix(7)). This checks again, in case the file was
//! opened to everybody by mistake.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;
use tokio::net::unix::UCred;

/// Knows who may connect to a socket.
#[derive(Clone, Debug)]
pub(super) struct PeerCheck {
    /// The socket whose group may connect besides root.
    socket: Option<PathBuf>,
}

/// A process at the other end, as it was when it connected (SO_PEERCRED, unix(7)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) user: u32,
    pub(super) group: u32,
    /// 0 if it is in another process namespace.
    pub(super) process: i32,
    pub(super) may_enter: bool,
}

impl PeerCheck {
    pub(super) fn new(socket: &Path) -> Self {
        let socket = Some(socket.into());
        Self { socket }
    }

    /// Nobody but root, and the daemon's own user.
    pub(super) fn root_alone() -> Self {
        Self { socket: None }
    }

    /// The user of the peer. An unknown peer is refused.
    pub(super) fn look(&self, stream: &UnixStream) -> Peer {
        let Ok(credentials) = stream.peer_cred() else {
            return Peer {
                user: u32::MAX,
                group: u32::MAX,
                process: 0,
                may_enter: false,
            };
        };
        let (user, group) = (credentials.uid(), credentials.gid());
        let own = rustix::process::geteuid().as_raw();
        let may_enter = user == 0 || user == own || self.is_member(&credentials);
        Peer {
            user,
            group,
            process: credentials.pid().unwrap_or(0),
            may_enter,
        }
    }

    /// Whether its group, or one of its supplementary groups, is that of the socket.
    fn is_member(&self, credentials: &UCred) -> bool {
        let socket = self.socket.as_ref().map(fs::symlink_metadata);
        let Some(Ok(socket)) = socket else {
            return false;
        };
        if credentials.gid() == socket.gid() {
            return true;
        }
        let status = credentials.pid().filter(|pid| *pid > 0);
        let status = status.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok());
        status.is_some_and(|status| groups(&status).any(|group| group == socket.gid()))
    }
}

/// The supplementary groups in a process's status (proc_pid_status(5)).
fn groups(status: &str) -> impl Iterator<Item = u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    let groups = line.unwrap_or_default().split_whitespace();
    groups.filter_map(|group| group.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supplementary_groups_are_read_and_nothing_else() {
        let status = "Name:\tx\nUid:\t1000\t1000\nGroups:\t4 24 1000 \nNgid:\t7\n";
        assert_eq!(groups(status).collect::<Vec<_>>(), [4, 24, 1000]);
        assert_eq!(groups("Name:\tGroups: 0\n").count(), 0);
    }
}
