//! The sockets at which questions arrive.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

use quinn_udp::UdpSocketState;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

/// How many connections wait to be taken.
const BACKLOG: i32 = 128;
/// Alternative ports if the configured one is in use: not assigned by IANA, below those of bindresvport(3), and
/// privileged. Queries are redirected there even while no daemon runs, and no other program must answer them.
const OTHERS: RangeInclusive<u16> = 288..=307;

/// How long a port that is taken is tried.
const TIME_LIMIT: Duration = Duration::from_millis(500);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Sockets on every address of the host, all at one port: by UDP and TCP, for IPv4, and for IPv6 where
/// the kernel has it.
#[derive(Debug)]
pub(crate) struct Sockets {
    port: u16,
    families: Vec<[OwnedFd; 2]>,
}

impl Sockets {
    /// Binds them at a port; where that is taken at another, privileged one, since there are names to be answered.
    ///
    /// # Errors
    /// When none of them is free, the daemon may not take privileged ports, or there can be no sockets.
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

    /// A daemon that was killed may be gone, and its sockets not yet.
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

    /// As they are passed on: UDP and TCP of IPv4, then of IPv6.
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
        // Connections of the last daemon that still end do not keep the port (socket(7)).
        socket.set_reuse_address(true)?;
    }
    if kind == Type::DGRAM {
        // Each datagram tells from the first on where it arrived, whoever reads it: this sets the socket's options.
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
