//! The descriptor of the library's netlink socket.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use rustix::net::{AddressFamily, SocketFlags, SocketType, netlink, socket_with};

/// `FD_SETSIZE` of glibc: the descriptors that `select()` can wait for are below it.
const FD_SETSIZE: RawFd = 1024;

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
