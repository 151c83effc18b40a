//! Unix sockets with abstract names (unix(7)), over sock_diag(7) (linux/unix_diag.h).

use tidegate_sys::netlink::{self, DUMP, Request, Socket, attribute};

use crate::error::LinkError;

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// linux/socket.h.
const AF_UNIX: u8 = 1;
/// `TCPF_LISTEN`, which unix sockets use too.
const LISTENING: u32 = 1 << 10;
/// `UDIAG_SHOW_NAME`, and `UDIAG_SHOW_UID`, which kernels before 5.3 do not know.
const SHOW: u32 = 0x01 | 0x40;
/// Length of `struct unix_diag_req` and of `struct unix_diag_msg`.
const REQUEST: usize = 24;
const MESSAGE: usize = 16;
/// Where in `struct unix_diag_msg` the inode is.
const INODE: usize = 4;
/// `UNIX_DIAG_NAME` and `UNIX_DIAG_UID`.
const NAME: u16 = 0;
const UID: u16 = 7;

/// A socket that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedListener {
    /// Its name, without the zero byte that begins it.
    pub name: Vec<u8>,
    /// Used to find the processes that have the socket ([`owners`](crate::owners)).
    pub inode: u32,
    /// The owner, as a user id of the caller's user namespace; none if the kernel does not report it.
    pub user: Option<u32>,
}

/// The sockets that listen under abstract names in the network namespace of the calling thread.
///
/// # Errors
/// If the kernel does not answer, usually because it lacks unix_diag.
pub fn named_listeners() -> Result<Vec<NamedListener>, LinkError> {
    let list = || Socket::open(netlink::Family::SockDiag)?.dump(&request(), decode);
    list()
        .map_err(|cause: netlink::Error| LinkError::new("list the unix sockets that listen", cause))
}

/// A request with its `struct unix_diag_req`: family, protocol, padding, states, inode, what to show, cookie.
fn request() -> Request {
    let mut body = vec![AF_UNIX, 0, 0, 0];
    body.extend(LISTENING.to_ne_bytes());
    body.extend(0u32.to_ne_bytes());
    body.extend(SHOW.to_ne_bytes());
    body.resize(REQUEST, 0);
    Request::from_bytes(BY_FAMILY, DUMP, body)
}

fn decode(body: &[u8]) -> Option<NamedListener> {
    let attributes = body.get(MESSAGE..)?;
    let name = attribute(attributes, NAME)?.strip_prefix(&[0])?.to_vec();
    let user = attribute(attributes, UID).and_then(|value| value.first_chunk());
    Some(NamedListener {
        name,
        inode: u32::from_ne_bytes(*body.get(INODE..)?.first_chunk()?),
        user: user.map(|value| u32::from_ne_bytes(*value)),
    })
}

#[cfg(test)]
mod tests {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};

    use super::*;

    #[test]
    fn listeners_with_abstract_names_are_listed() {
        let name = format!("tidegate-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let _listener = UnixListener::bind_addr(&address).unwrap();
        let listed = named_listeners().unwrap();
        let found = listed.iter().find(|found| found.name == name.as_bytes());
        let own = rustix::process::geteuid().as_raw();
        let found = found.unwrap();
        assert!(found.user.is_none_or(|user| user == own));
        let pids: Vec<u32> = crate::owners(found.inode).map(|owner| owner.pid).collect();
        assert_eq!(pids, [std::process::id()]);
        assert_eq!(crate::owns(pids[0], found.inode + 1), Some(false));
    }
}
