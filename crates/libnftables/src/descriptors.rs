//! A table of file descriptors for one thread.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use rustix::fs::{Dir, Mode, OFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, netlink, socket_with};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// `FD_SETSIZE` of glibc: the descriptors that `select()` can wait for are below it.
const FD_SETSIZE: RawFd = 1024;

/// Gives the calling thread a table of descriptors of its own that holds stdin, stdout and stderr
/// and nothing else.
///
/// # Safety
/// Afterwards, every other descriptor that the thread knows of is closed *for this thread*. The
/// caller must be at the beginning of its thread, own no descriptor, and not be handed one later.
pub(crate) unsafe fn isolate() -> io::Result<()> {
    // SAFETY: unsharing the table by itself leaves every descriptor valid; nothing on this thread
    // relies on other threads seeing what it opens or closes, as the caller vouches.
    unsafe { unshare_unsafe(UnshareFlags::FILES)? };
    for descriptor in open_descriptors()? {
        if descriptor > 2 {
            // SAFETY: the caller vouches that this thread owns no descriptor; those of other threads
            // are in another table now.
            unsafe { rustix::io::close(descriptor) };
        }
    }
    Ok(())
}

/// The descriptors in the calling thread's table, without the one that it takes to read them.
fn open_descriptors() -> io::Result<Vec<RawFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open("/proc/thread-self/fd", flags, Mode::empty())?;
    let own = folder.as_raw_fd();
    let mut descriptors = Vec::new();
    for entry in Dir::new(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        descriptors.extend(
            name.parse::<RawFd>()
                .ok()
                .filter(|descriptor| *descriptor != own),
        );
    }
    Ok(descriptors)
}

/// Opens and closes a socket such as libnftables opens: where that fails, the library would end the
/// process.
pub(crate) fn try_netlink() -> io::Result<()> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, Some(netlink::NETFILTER))?;
    if socket.as_raw_fd() >= FD_SETSIZE {
        return Err(io::Error::other(format!(
            "it got descriptor {}",
            socket.as_raw_fd()
        )));
    }
    Ok(())
}
