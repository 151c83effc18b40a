//! Finds the user of a connection over sock_diag(7) (linux/inet_diag.h).

use std::net::{IpAddr, SocketAddr};

use tidegate_sys::netlink::{self, Request, Socket};

use super::listing::{AF_INET, AF_INET6, BY_FAMILY};

/// `IPPROTO_TCP`.
const TCP: u8 = 6;
/// `TCP_ESTABLISHED`.
const ESTABLISHED: u8 = 1;
/// Offsets of the ports and the user in `struct inet_diag_msg`.
const PORTS: usize = 4;
const USER: usize = 64;

/// The user of this network namespace that has the other end of a TCP connection, as a user id of the caller's user
/// namespace. None if that end is on another host, or gone.
pub fn user_of_connection(theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let (theirs, ours) = (canonical(theirs), canonical(ours));
    let mut socket = Socket::open(netlink::Family::SockDiag).ok()?;
    decode(&socket.ask(request(theirs, ours)).ok()?, theirs, ours)
}

fn canonical(at: SocketAddr) -> SocketAddr {
    SocketAddr::new(at.ip().to_canonical(), at.port())
}

/// A request with its `struct inet_diag_req_v2` for one socket: family, protocol, extensions, padding, states, and
/// its `struct inet_diag_sockid`: both ports, both addresses, interface, no cookie.
fn request(theirs: SocketAddr, ours: SocketAddr) -> Request {
    let family = if theirs.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut body = vec![family, TCP, 0, 0];
    body.extend((1u32 << ESTABLISHED).to_ne_bytes());
    body.extend(ports(theirs, ours));
    for address in [theirs.ip(), ours.ip()] {
        let mut bytes = [0; 16];
        match address {
            IpAddr::V4(address) => bytes[..4].copy_from_slice(&address.octets()),
            IpAddr::V6(address) => bytes = address.octets(),
        }
        body.extend(bytes);
    }
    let interface = match theirs {
        SocketAddr::V6(theirs) => theirs.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    body.extend(interface.to_ne_bytes());
    body.extend([u8::MAX; 8]);
    Request::from_bytes(BY_FAMILY, 0, body)
}

fn ports(theirs: SocketAddr, ours: SocketAddr) -> [u8; 4] {
    let ([a, b], [c, d]) = (theirs.port().to_be_bytes(), ours.port().to_be_bytes());
    [a, b, c, d]
}

/// If there is no such connection, the kernel reports a listener.
fn decode(body: &[u8], theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let is_it =
        *body.get(1)? == ESTABLISHED && body.get(PORTS..)?.starts_with(&ports(theirs, ours));
    let user = u32::from_ne_bytes(*body.get(USER..)?.first_chunk()?);
    is_it.then_some(user)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_owner_of_a_connection_of_this_host_is_found_and_of_no_other() {
        for at in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(at).unwrap();
            let ours = listener.local_addr().unwrap();
            let client = TcpStream::connect(ours).unwrap();
            let (_stream, theirs) = listener.accept().unwrap();
            let own = rustix::process::geteuid().as_raw();
            assert_eq!(user_of_connection(theirs, ours), Some(own), "{at}");
            // A listener of that port is not a connection.
            assert_eq!(user_of_connection(ours, theirs_of_nobody(ours)), None);
            drop(client);
        }
    }

    fn theirs_of_nobody(like: SocketAddr) -> SocketAddr {
        SocketAddr::new(like.ip(), 1)
    }
}
