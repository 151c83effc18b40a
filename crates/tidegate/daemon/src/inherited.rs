//! Closes descriptors that the parent process left open.
//!
//! Every child would inherit them. A child with 1,024 or more, such as nft or libnftables, aborts in its first
//! `select()` (FD_SETSIZE, select(2)). An open descriptor also keeps a pipe open, or a file system mounted.

use std::os::fd::{AsRawFd, RawFd};

use rustix::process::{Resource, getrlimit};

use crate::listen::HandedOver;

/// Those before it are the standard ones.
const FIRST: RawFd = 3;
/// If open descriptors cannot be listed, at most this many numbers are tried.
const TRIED: u64 = 1 << 20;

/// Closes every descriptor except the standard ones and the sockets from systemd.
///
/// Call this first in the program: it also closes descriptors that the program opened itself.
pub fn close(handed_over: Option<&HandedOver>) {
    let kept = handed_over.into_iter().flat_map(HandedOver::each);
    let kept: Vec<RawFd> = kept.map(AsRawFd::as_raw_fd).collect();
    let close = |fd: RawFd| {
        if fd >= FIRST && !kept.contains(&fd) {
            // One that is not open need not be closed.
            let _ = nix::unistd::close(fd);
        }
    };
    if let Some(open) = open() {
        open.into_iter().for_each(close);
        return;
    }
    // Without /proc, or since as many are open as the limit allows: then there is room from here on.
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(TRIED);
    let tried = RawFd::try_from(limit.min(TRIED)).unwrap_or(RawFd::MAX);
    (FIRST..tried).for_each(close);
    open().into_iter().flatten().for_each(close);
}

/// Those that are open (proc_pid_fd(5)), and the one by which they are listed, which is closed by then.
fn open() -> Option<Vec<RawFd>> {
    let listed = std::fs::read_dir("/proc/self/fd").ok()?;
    let number =
        |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    Some(listed.filter_map(number).collect())
}
