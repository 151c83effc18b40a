//! SCTP over the wires, one-to-one style (sctp(7)), where the kernel has it.
//!
//! A server is bound to one address: what is bound to all of them tells its peer each one, and a peer
//! on the other side of an address translation would then use those that do not lead to it.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// `IPPROTO_SCTP` of linux/in.h.
const SCTP: i32 = 132;

/// Whether the kernel has SCTP.
pub fn is_there() -> bool {
    open(Domain::IPV4).is_ok()
}

fn open(domain: Domain) -> io::Result<Socket> {
    Socket::new(domain, Type::STREAM, Some(SCTP.into()))
}

/// A socket that listens, to be used as one of TCP is.
pub(crate) fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = open(Domain::for_address(at))?;
    socket.bind(&at.into())?;
    socket.listen(128)?;
    Ok(socket.into())
}

/// A connection, to be used as one of TCP is.
pub(crate) fn connect(to: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
    let socket = open(Domain::for_address(to))?;
    socket.connect_timeout(&to.into(), patience)?;
    Ok(socket.into())
}
