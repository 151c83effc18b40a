//! Who has a port of the host.

use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};

use tidegate_model::links::PortHold;

use super::listing::{self, Listening};

/// Who has a port, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A process listens on it.
    Process {
        name: String,
        pid: u32,
        at: SocketAddr,
    },
    /// A socket that no process can be found for: of another process namespace, or the kernel's.
    Socket(SocketAddr),
    /// The kernel says that somebody has it, and not who.
    Unknown,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { name, pid, at } => write!(f, "process {name} ({pid}) has {at}"),
            Self::Socket(at) => write!(f, "a socket of the host has {at}"),
            Self::Unknown => write!(f, "something on the host has it"),
        }
    }
}

/// Who keeps a port from being held, in the namespace of the calling thread.
pub(super) fn find(hold: &PortHold) -> Holder {
    let listed = listing::list(hold.protocol).unwrap_or_else(|error| {
        tracing::debug!(%error, "cannot list who has a port");
        Vec::new()
    });
    let Some(found) = listed.iter().find(|found| is_in_the_way(found, hold)) else {
        return Holder::Unknown;
    };
    let at = SocketAddr::new(found.address, found.port);
    match process_with(found.inode) {
        Some((pid, name)) => Holder::Process { name, pid, at },
        None => Holder::Socket(at),
    }
}

fn is_in_the_way(found: &Listening, hold: &PortHold) -> bool {
    // A socket of every IPv6 address may be one of every IPv4 address too.
    let covers = |all: IpAddr, one: IpAddr| {
        all.is_unspecified() && (all.is_ipv4() == one.is_ipv4() || all.is_ipv6())
    };
    let (theirs, ours) = (found.address, hold.address);
    found.port == hold.port && (theirs == ours || covers(theirs, ours) || covers(ours, theirs))
}

/// The process that has a socket: one of its descriptors leads to it (proc_pid_fd(5)).
fn process_with(inode: u32) -> Option<(u32, String)> {
    let socket = format!("socket:[{inode}]");
    let has_it = |pid: u32| {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        descriptors
            .flatten()
            .any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to.as_os_str() == socket.as_str()))
            .then_some(pid)
    };
    let mut processes = fs::read_dir("/proc").ok()?.flatten();
    let pid = processes.find_map(|entry| has_it(entry.file_name().to_str()?.parse().ok()?))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some((pid, name.trim().to_owned()))
}
