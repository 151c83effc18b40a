//! The processes that have a socket.

use std::fs;
use std::io::ErrorKind;

/// A process that has a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its id.
    pub pid: u32,
    /// The name of its program, as `ps` shows it; empty once it has ended.
    pub name: String,
}

/// The visible processes that have a socket with this inode (proc_pid_fd(5)).
pub fn owners(inode: u32) -> impl Iterator<Item = Owner> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(move |pid| owns(*pid, inode) == Some(true))
        .map(|pid| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            let name = name.trim().to_owned();
            Owner { pid, name }
        })
}

/// Whether a process has a descriptor of a socket; none if that is not visible, because it needs the right to trace
/// the process (ptrace(2)).
pub fn owns(pid: u32, inode: u32) -> Option<bool> {
    let socket = format!("socket:[{inode}]");
    for descriptor in fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten() {
        match fs::read_link(descriptor.path()) {
            Ok(target) if target.as_os_str() == socket.as_str() => return Some(true),
            // It was closed meanwhile.
            Err(error) if error.kind() != ErrorKind::NotFound => return None,
            _ => {}
        }
    }
    Some(false)
}
