//! Relays traffic to published ports on `::1`.
//!
//! The kernel drops packets from or to `::1` on a bridge. So packets of the host to `::1` cannot be translated,
//! unlike those to 127.0.0.1. Instead, the sockets that hold such ports ([`ports`](crate::ports)) receive them, and a
//! thread copies the bytes to the endpoints without interpreting them. A port needs no thread and no task, only an
//! entry in an epoll(7) instance.

mod tcp;
mod udp;

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use socket2::Socket;
use tidegate_model::Protocol;
use tokio::sync::Semaphore;

use crate::descriptors::Descriptors;
use crate::error::Cause;

/// Limits of the relay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most TCP connections at once; further ones are refused.
    pub(crate) connections: usize,
    /// The most UDP clients at once; datagrams of others are dropped.
    pub(crate) clients: usize,
    /// How long a UDP client is kept after its last datagram.
    pub(crate) idle: Duration,
}

impl Default for Limits {
    /// Enough for legitimate use by processes of one host.
    fn default() -> Self {
        Self {
            connections: 1024,
            clients: 1024,
            idle: Duration::from_secs(90),
        }
    }
}

/// Pause of the relay when the kernel is out of descriptors or memory.
const REST: Duration = Duration::from_millis(50);
/// The most ready ports of one turn.
const BATCH: usize = 64;
/// Longest UDP datagram (RFC 768: its length has 16 bits).
const DATAGRAM: usize = 65_536;
/// A number that no port has: it means "end".
const END: u64 = u64::MAX;

/// The threads that accept and that copy. They end when this is dropped, and the relayed connections with them.
#[derive(Debug)]
pub(crate) struct Relay {
    shared: Arc<Shared>,
    end: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

/// A relayed port. When this is dropped, the port is free at once, and its connections end.
#[derive(Debug)]
pub(crate) struct Relayed {
    id: u64,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    epoll: OwnedFd,
    limits: Limits,
    connections: Arc<Semaphore>,
    clients: Arc<Semaphore>,
    /// Locked only briefly, never while waiting.
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    next: u64,
    ports: HashMap<u64, Port>,
    /// Buffer for one datagram.
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum Port {
    Tcp(tcp::Port),
    Udp(Box<udp::Port>),
}

impl Relay {
    /// Starts the thread, in the network namespace of the caller.
    pub(crate) fn start(limits: Limits) -> Result<Self, Cause> {
        let shared = Arc::new(Shared {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            limits,
            connections: Arc::new(Semaphore::new(limits.connections)),
            clients: Arc::new(Semaphore::new(limits.clients)),
            table: Mutex::new(Table {
                next: 0,
                ports: HashMap::new(),
                buffer: vec![0; DATAGRAM],
            }),
        });
        let end = eventfd(0, EventfdFlags::CLOEXEC)?;
        epoll::add(&shared.epoll, &end, EventData::new_u64(END), EventFlags::IN)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("relay")
            .enable_all()
            .build()?;
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("relay-accept".into());
        let thread = thread.spawn(move || {
            let _context = runtime.enter();
            run(&theirs);
        })?;
        Ok(Self {
            shared,
            end,
            thread: Some(thread),
        })
    }

    /// Relays the traffic of a bound socket.
    pub(crate) fn add(
        &self,
        socket: Socket,
        protocol: Protocol,
        to: SocketAddr,
    ) -> io::Result<Relayed> {
        socket.set_nonblocking(true)?;
        let mut table = self.shared.table();
        let id = table.next;
        let (data, flags) = (EventData::new_u64(id), EventFlags::IN);
        epoll::add(&self.shared.epoll, &socket, data, flags)?;
        let port = match protocol {
            Protocol::Udp => Port::Udp(Box::new(udp::Port::new(UdpSocket::from(socket), to))),
            _ => Port::Tcp(tcp::Port::new(TcpListener::from(socket), to)),
        };
        table.next += 1;
        table.ports.insert(id, port);
        Ok(Relayed {
            id,
            shared: Arc::clone(&self.shared),
        })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // An overflowing counter is readable as well.
        let _ = rustix::io::write(&self.end, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has reported it.
            let _ = thread.join();
        }
    }
}

impl Drop for Relayed {
    /// Closing the socket removes it from the epoll instance: it has no other descriptor.
    fn drop(&mut self) {
        self.shared.table().ports.remove(&self.id);
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts one connection or datagram of a ready port.
    fn serve(self: &Arc<Self>, id: u64) -> io::Result<()> {
        let table = &mut *self.table();
        // A port that was released meanwhile may still be reported.
        match table.ports.get_mut(&id) {
            None => Ok(()),
            Some(Port::Tcp(port)) => port.accept(&self.connections),
            Some(Port::Udp(port)) => port.receive(self, id, &mut table.buffer),
        }
    }

    /// Waits until a port is ready, and returns at most [`BATCH`] ready ports.
    fn ready(&self) -> io::Result<Vec<u64>> {
        let mut events = Vec::with_capacity(BATCH);
        let spare = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&self.epoll, spare, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(events.iter().map(|event| event.data.u64()).collect())
    }
}

/// Accepts connections and datagrams until it is told to end.
fn run(shared: &Arc<Shared>) {
    let mut is_failing = false;
    loop {
        let ready = shared.ready();
        if ready.as_ref().is_ok_and(|ready| ready.contains(&END)) {
            return;
        }
        let served = ready.and_then(|ready| ready.into_iter().try_for_each(|id| shared.serve(id)));
        if let Err(error) = &served {
            if !is_failing {
                tracing::warn!(%error, "cannot relay connections to ::1 at the moment");
            }
            std::thread::sleep(REST);
        }
        is_failing = served.is_err();
    }
}

/// Closes a descriptor that is one of the reserved ones.
fn spare(socket: &impl AsRawFd) -> io::Result<()> {
    match Descriptors::now().keep(socket) {
        true => Err(Errno::MFILE.into()),
        false => Ok(()),
    }
}

/// Whether the error only means that nothing is pending.
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
    )
}

#[cfg(test)]
mod tests;
