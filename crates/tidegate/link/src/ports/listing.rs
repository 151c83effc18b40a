//! Sockets that listen, over sock_diag(7) (linux/inet_diag.h).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustix::io::Errno;
use tidegate_model::Protocol;
use tidegate_sys::netlink::{self, DUMP, Request, Socket};

use crate::error::Cause;

/// `SOCK_DIAG_BY_FAMILY`.
pub(super) const BY_FAMILY: u16 = 20;
/// linux/socket.h.
pub(super) const AF_INET: u8 = 2;
pub(super) const AF_INET6: u8 = 10;
/// `TCPF_LISTEN`, which SCTP uses too, and the pseudo-state of a TCP socket that is bound and does
/// nothing (`TCPF_BOUND_INACTIVE`; kernels before 6.8 do not know it).
const LISTENING: u32 = (1 << 10) | (1 << 13);
/// Any state: a UDP socket has no listening one.
const ANY: u32 = u32::MAX;
/// Length of `struct inet_diag_sockid`.
const SOCKET_ID: usize = 48;

/// A socket that waits for packets to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listening {
    pub(super) protocol: Protocol,
    /// Unspecified for every address; that of IPv6 may be for IPv4 too.
    pub(super) address: IpAddr,
    pub(super) port: u16,
    /// Used to find the process that has the socket; 0 if no process has it any more.
    pub(super) inode: u32,
}

/// The sockets of a protocol in the namespace of the calling thread. Empty if the kernel cannot list the protocol,
/// usually because it lacks it.
pub(super) fn list(protocol: Protocol) -> Result<Vec<Listening>, Cause> {
    let mut socket = Socket::open(netlink::Family::SockDiag)?;
    let mut found = Vec::new();
    for family in [AF_INET, AF_INET6] {
        match socket.dump(&request(family, protocol), |body| decode(body, protocol)) {
            Err(error) if is_unknown(&error) => {}
            listed => found.extend(listed?),
        }
    }
    Ok(found)
}

fn is_unknown(error: &netlink::Error) -> bool {
    matches!(
        error.errno(),
        Some(Errno::NOENT | Errno::INVAL | Errno::OPNOTSUPP)
    )
}

/// A request with its `struct inet_diag_req_v2`.
fn request(family: u8, protocol: Protocol) -> Request {
    let states = if protocol == Protocol::Udp {
        ANY
    } else {
        LISTENING
    };
    let mut body = vec![family, protocol.number(), 0, 0];
    body.extend(states.to_ne_bytes());
    body.resize(body.len() + SOCKET_ID, 0);
    Request::from_bytes(BY_FAMILY, DUMP, body)
}

/// Reads a `struct inet_diag_msg`: family, state, timer, retransmissions, socket id, expiry, the
/// lengths of two queues, user id, inode.
fn decode(body: &[u8], protocol: Protocol) -> Option<Listening> {
    let family = *body.first()?;
    let port = u16::from_be_bytes(*body.get(4..)?.first_chunk()?);
    let source = body.get(8..)?;
    let address = match family {
        AF_INET => Ipv4Addr::from(*source.first_chunk::<4>()?).into(),
        AF_INET6 => Ipv6Addr::from(*source.first_chunk::<16>()?).into(),
        _ => return None,
    };
    let inode = u32::from_ne_bytes(*body.get(4 + SOCKET_ID + 16..)?.first_chunk()?);
    Some(Listening {
        protocol,
        address,
        port,
        inode,
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn what_listens_in_the_callers_namespace_is_listed() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("[::1]:0").unwrap();
        for (protocol, at) in [
            (Protocol::Tcp, tcp.local_addr().unwrap()),
            (Protocol::Udp, udp.local_addr().unwrap()),
        ] {
            let listed = list(protocol).unwrap();
            let found = listed
                .iter()
                .find(|found| (found.address, found.port) == (at.ip(), at.port()))
                .unwrap();
            assert_eq!(found.protocol, protocol);
            assert_ne!(found.inode, 0);
        }
    }
}
