//! The DNS sockets.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

use quinn_udp::UdpSocketState;
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use socket2::{Domain, Protocol, Socket, Type};

/// The backlog of the TCP sockets.
const BACKLOG: i32 = 512;
/// Alternative ports if the configured one is in use: not assigned by IANA, below those of bindresvport(3), and
/// privileged. Queries are redirected there even while no daemon runs, and no other program must answer them.
const OTHERS: RangeInclusive<u16> = 288..=307;

/// Memory for queries that came and were not read yet, in bytes: a few thousand short ones.
const RECEIVE_BUFFER: usize = 2 * 1024 * 1024;

/// How long to try a port that is in use.
const TIME_LIMIT: Duration = Duration::from_millis(500);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Sockets on every address of the host, all with one port: UDP and TCP, for IPv4, and for IPv6 if the kernel has it.
#[derive(Debug)]
pub(crate) struct Sockets {
    port: u16,
    families: Vec<[OwnedFd; 2]>,
}

impl Sockets {
    /// Binds them to a port. If it is in use, binds them to another privileged port.
    ///
    /// # Errors
    /// If none of them is free, the daemon may not bind privileged ports, or the kernel refuses the sockets.
    pub(crate) fn bind(port: u16) -> io::Result<Self> {
        match Self::bind_patiently(port) {
            Err(error) if is_taken(&error) => {
                let sockets = Self::bind_elsewhere(error)?;
                tracing::warn!(
                    "port {port} is taken: the DNS server uses port {} until the next start",
                    sockets.port
                );
                Ok(sockets)
            }
            bound => bound,
        }
    }

    /// The sockets of a killed daemon may still exist for a moment.
    fn bind_patiently(port: u16) -> io::Result<Self> {
        let since = Instant::now();
        loop {
            match Self::bind_at(port) {
                Err(error) if is_taken(&error) && since.elapsed() < TIME_LIMIT => sleep(PAUSE),
                bound => return bound,
            }
        }
    }

    fn bind_elsewhere(mut taken: io::Error) -> io::Result<Self> {
        for port in OTHERS {
            match Self::bind_at(port) {
                Err(error) if is_taken(&error) => taken = error,
                bound => return bound,
            }
        }
        Err(taken)
    }

    fn bind_at(port: u16) -> io::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let (udp, tcp) = (socket(any, Type::DGRAM)?, socket(any, Type::STREAM)?);
        let mut families = vec![[udp.into(), tcp.into()]];
        let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        match socket(any, Type::DGRAM) {
            Ok(udp) => families.push([udp.into(), socket(any, Type::STREAM)?.into()]),
            // Then no network has IPv6 either.
            Err(error) if is_unknown_family(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(Self { port, families })
    }

    /// The port, 1 to 65535.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The order in which they are passed: UDP and TCP of IPv4, then of IPv6.
    pub(crate) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        self.families.iter().flatten().map(AsFd::as_fd).collect()
    }
}

/// A socket that waits for nothing.
fn socket(address: SocketAddr, kind: Type) -> io::Result<Socket> {
    let protocol = match kind {
        Type::DGRAM => Protocol::UDP,
        _ => Protocol::TCP,
    };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // Closing connections of the last daemon do not block the port (socket(7)).
        socket.set_reuse_address(true)?;
    }
    if kind == Type::DGRAM {
        // Needs CAP_NET_ADMIN. Without it there is the usual memory, and clients ask again more often.
        let _ = set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER);
        // Sets options of the socket, so that each datagram comes with its destination from the first one on.
        UdpSocketState::new((&socket).into())?;
    }
    socket.bind(&address.into())?;
    if kind == Type::STREAM {
        socket.listen(BACKLOG)?;
    }
    Ok(socket)
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

fn is_unknown_family(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::AFNOSUPPORT)
}
