//! Relaying what comes to published ports on `::1`.
//!
//! The kernel takes no packet from or to `::1` from a bridge, so that what a process of the host sends
//! there cannot be translated, as what it sends to 127.0.0.1 is. The sockets that hold such ports
//! ([`ports`](crate::ports)) take it instead, and a thread passes it on to the endpoints, byte by byte:
//! it reads nothing of it. A port costs no thread and no task, only an entry in an epoll(7) instance.

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

/// What the relay may take of the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// TCP connections at once; more are refused.
    pub(crate) connections: usize,
    /// UDP clients at once; what others send is dropped.
    pub(crate) clients: usize,
    /// How long a UDP client is remembered after it was last heard.
    pub(crate) idle: Duration,
}

impl Default for Limits {
    /// Enough for what processes of one host do on purpose.
    fn default() -> Self {
        Self {
            connections: 1024,
            clients: 1024,
            idle: Duration::from_secs(90),
        }
    }
}

/// How long the relay rests where the kernel gives it no more descriptors or memory.
const REST: Duration = Duration::from_millis(50);
/// How many ready ports are looked at in one go.
const BATCH: usize = 64;
/// Longest UDP datagram (RFC 768: its length has 16 bits).
const DATAGRAM: usize = 65_536;
/// The number of no port: the end.
const END: u64 = u64::MAX;

/// A thread that takes what comes, and one that passes it on. They end with this, and what is relayed
/// with them.
#[derive(Debug)]
pub(crate) struct Relay {
    shared: Arc<Shared>,
    end: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

/// A port that is relayed until this goes: then the port is free at once, and connections end.
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
    /// Locked for moments, never while something is waited for.
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    next: u64,
    ports: HashMap<u64, Port>,
    /// Where one datagram is at a time.
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

    /// Relays what a bound socket takes.
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
        // A counter that overflows is told of as well.
        let _ = rustix::io::write(&self.end, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for Relayed {
    /// Closing its socket takes it out of the epoll instance: no other descriptor leads to it.
    fn drop(&mut self) {
        self.shared.table().ports.remove(&self.id);
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one connection or datagram of a port that is ready.
    fn serve(self: &Arc<Self>, id: u64) -> io::Result<()> {
        let table = &mut *self.table();
        // One that was let go of meanwhile may still be told of.
        match table.ports.get_mut(&id) {
            None => Ok(()),
            Some(Port::Tcp(port)) => port.accept(&self.connections),
            Some(Port::Udp(port)) => port.receive(self, id, &mut table.buffer),
        }
    }

    /// The ports that are ready, at most [`BATCH`], once one is.
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

/// Takes what comes, until the end is told.
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

/// Refuses one of the descriptors that are kept back.
fn spare(socket: &impl AsRawFd) -> io::Result<()> {
    match Descriptors::now().keep(socket) {
        true => Err(Errno::MFILE.into()),
        false => Ok(()),
    }
}

/// Whether there is only nothing to take just now.
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
    )
}

#[cfg(test)]
mod tests;
