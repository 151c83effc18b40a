//! The socket that holds one port.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustix::io::Errno;
use socket2::{Domain, SockFilter, Socket, Type};
use tidegate_model::Protocol;
use tidegate_model::links::PortHold;

use crate::descriptors::MORE_DESCRIPTORS;
use crate::error::ErrorKind;

/// A classic BPF program of one instruction, `ret #0` (linux/filter.h): no packet reaches the socket. While the table
/// is missing, a client gets no answer and retries. Without the filter it would be refused, or connect to a socket
/// that nobody reads.
const NOTHING: [SockFilter; 1] = [RET_NOTHING];
const RET_NOTHING: SockFilter = SockFilter::new(0x06, 0, 0, 0);

/// Only packets to `::1` reach the socket: the program compares the four words of the destination, 24 bytes into the
/// IPv6 header (RFC 8200, section 3).
const LOOPBACK: [SockFilter; 10] = [
    word_at(24),
    unless(0, 7),
    word_at(28),
    unless(0, 5),
    word_at(32),
    unless(0, 3),
    word_at(36),
    unless(1, 1),
    // BPF_RET | BPF_K, the whole packet.
    SockFilter::new(0x06, 0, 0, u32::MAX),
    RET_NOTHING,
];

/// `BPF_LD | BPF_W | BPF_ABS` at an offset into the network header (`SKF_NET_OFF`, linux/filter.h).
const fn word_at(offset: u32) -> SockFilter {
    const NETWORK_HEADER: u32 = 0xfff0_0000;
    SockFilter::new(0x20, 0, 0, NETWORK_HEADER + offset)
}

/// `BPF_JMP | BPF_JEQ | BPF_K`: continues if the word is equal, else skips that many instructions.
const fn unless(word: u32, skipped: u8) -> SockFilter {
    SockFilter::new(0x15, 0, skipped, word)
}

/// How many connections can wait for the relay.
const BACKLOG: i32 = 128;

/// The filter that the socket needs, if any. UDP needs none: datagrams wait unread, and no client takes that for an
/// answer.
pub(super) fn filter(hold: &PortHold) -> Option<&'static [SockFilter]> {
    match (hold.relay, hold.protocol) {
        (Some(_), _) => Some(&LOOPBACK),
        (None, Protocol::Udp) => None,
        (None, _) => Some(&NOTHING),
    }
}

/// A socket of the port's protocol and family, not bound yet; none if the kernel lacks one of them.
pub(super) fn open(hold: &PortHold) -> io::Result<Option<Socket>> {
    let domain = match hold.address {
        IpAddr::V4(_) => Domain::IPV4,
        IpAddr::V6(_) => Domain::IPV6,
    };
    let kind = match hold.protocol {
        Protocol::Udp => Type::DGRAM,
        _ => Type::STREAM,
    };
    let protocol = i32::from(hold.protocol.number()).into();
    match Socket::new(domain, kind, Some(protocol)) {
        Err(error) if is_lacking(&error) => Ok(None),
        opened => opened.map(Some),
    }
}

/// Binds the port.
pub(super) fn bind(socket: &Socket, hold: &PortHold, filtered: bool) -> io::Result<()> {
    let is_datagram = hold.protocol == Protocol::Udp;
    match hold.address {
        // A port of an address that the host does not have yet can be held too (ip(7), IP_FREEBIND).
        IpAddr::V4(_) => socket.set_freebind_v4(true)?,
        IpAddr::V6(_) => {
            socket.set_only_v6(true)?;
            socket.set_freebind_v6(true)?;
        }
    }
    if hold.protocol == Protocol::Tcp {
        // Connections of a previous holder may linger (TIME_WAIT). The option does not help against a socket that
        // still listens, nor another program against ours (`inet_csk_bind_conflict`).
        socket.set_reuse_address(true)?;
    }
    if let Some(filter) = filter(hold).filter(|_| filtered) {
        socket.attach_filter(filter)?;
    }
    if is_datagram && hold.relay.is_none() {
        // The smallest buffer that the kernel allows: nobody reads it.
        socket.set_recv_buffer_size(0)?;
    }
    socket.bind(&SocketAddr::new(hold.address, hold.port).into())?;
    if !is_datagram {
        socket.listen(BACKLOG)?;
    }
    Ok(())
}

/// Whether the error means that the port is in use.
pub(super) fn is_in_use(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::ADDRINUSE)
}

/// The hint for a port that cannot be held although it is not in use.
pub(super) fn hint(kind: ErrorKind, hold: &PortHold) -> Option<String> {
    match kind {
        ErrorKind::Permission => Some(format!(
            "port {} is privileged: give tidegated the capability CAP_NET_BIND_SERVICE",
            hold.port
        )),
        ErrorKind::NoDescriptor => Some(format!(
            "a published port takes an open file for each of IPv4 and IPv6: {MORE_DESCRIPTORS}"
        )),
        _ => None,
    }
}

fn is_lacking(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::PROTONOSUPPORT | Errno::SOCKTNOSUPPORT | Errno::AFNOSUPPORT)
    )
}
