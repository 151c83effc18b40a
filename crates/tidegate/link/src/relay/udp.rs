//! UDP datagrams to `::1`: each client gets a socket of its own, by which the endpoint's answers return.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

use socket2::SockRef;
use tokio::net::UdpSocket as Endpoint;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;

use super::{Shared, Table, is_nothing, spare};

/// A port and its recent clients.
#[derive(Debug)]
pub(super) struct Port {
    socket: UdpSocket,
    to: SocketAddr,
    clients: HashMap<SocketAddr, Client>,
}

#[derive(Debug)]
struct Client {
    endpoint: Arc<Endpoint>,
    heard: Instant,
    answers: AbortHandle,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.answers.abort();
    }
}

impl Port {
    pub(super) fn new(socket: UdpSocket, to: SocketAddr) -> Self {
        Self {
            socket,
            to,
            clients: HashMap::new(),
        }
    }

    /// Receives one datagram and passes it on. Drops it if the endpoint cannot take it now, or if the limit of
    /// clients is reached.
    pub(super) fn receive(
        &mut self,
        shared: &Arc<Shared>,
        id: u64,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        let (length, from) = match self.socket.recv_from(buffer) {
            Ok(received) => received,
            Err(error) if is_nothing(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        if !self.clients.contains_key(&from) {
            let Some(client) = Client::new(shared, id, from, self.to)? else {
                tracing::debug!(to = %self.to, "too many clients through ::1: a datagram is dropped");
                return Ok(());
            };
            self.clients.insert(from, client);
        }
        if let Some(client) = self.clients.get_mut(&from) {
            client.heard = Instant::now();
            // UDP does not guarantee delivery.
            let _ = SockRef::from(&*client.endpoint).send(&buffer[..length]);
        }
        Ok(())
    }

    /// Passes one answer on to a client.
    fn answer(
        &mut self,
        endpoint: &Endpoint,
        client: SocketAddr,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        let length = endpoint.try_recv(buffer)?;
        if let Some(client) = self.clients.get_mut(&client) {
            client.heard = Instant::now();
        }
        // As above.
        let _ = self.socket.send_to(&buffer[..length], client);
        Ok(())
    }
}

impl Client {
    /// None if the limit is reached, or if descriptors are short.
    fn new(
        shared: &Arc<Shared>,
        id: u64,
        from: SocketAddr,
        to: SocketAddr,
    ) -> io::Result<Option<Self>> {
        let Ok(permit) = Arc::clone(&shared.clients).try_acquire_owned() else {
            return Ok(None);
        };
        let any: SocketAddr = match to {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        if spare(&socket).is_err() {
            return Ok(None);
        }
        socket.set_nonblocking(true)?;
        socket.connect(to)?;
        let endpoint = Arc::new(Endpoint::from_std(socket)?);
        let answers = tokio::spawn(answers(Arc::clone(shared), id, from, Arc::clone(&endpoint)));
        Ok(Some(Self {
            endpoint,
            heard: Instant::now(),
            answers: answers.abort_handle(),
            _permit: permit,
        }))
    }
}

/// Passes datagrams of the endpoint to a client, until the endpoint refuses, or both are silent.
async fn answers(shared: Arc<Shared>, id: u64, client: SocketAddr, endpoint: Arc<Endpoint>) {
    let mut left = shared.limits.idle;
    loop {
        match tokio::time::timeout(left, endpoint.readable()).await {
            Err(_) => match shared.silence(id, client) {
                Some(heard) if heard < shared.limits.idle => left = shared.limits.idle - heard,
                _ => break,
            },
            Ok(ready) => {
                let answered = ready.and_then(|()| shared.answer(id, &endpoint, client));
                if answered.is_err_and(|error| !is_nothing(&error)) {
                    break;
                }
                left = shared.limits.idle;
            }
        }
    }
    shared.forget(id, client);
}

impl Shared {
    fn answer(&self, id: u64, endpoint: &Endpoint, client: SocketAddr) -> io::Result<()> {
        let table = &mut *self.table();
        let port = port(table, id).ok_or(io::ErrorKind::NotConnected)?;
        port.0.answer(endpoint, client, port.1)
    }

    /// Time since the last datagram from a client or to it; none if the client is gone.
    fn silence(&self, id: u64, client: SocketAddr) -> Option<std::time::Duration> {
        let table = &mut *self.table();
        let client = port(table, id)?.0.clients.get(&client)?;
        Some(client.heard.elapsed())
    }

    fn forget(&self, id: u64, client: SocketAddr) {
        let table = &mut *self.table();
        if let Some((port, _)) = port(table, id) {
            port.clients.remove(&client);
        }
    }
}

fn port(table: &mut Table, id: u64) -> Option<(&mut Port, &mut [u8])> {
    match table.ports.get_mut(&id)? {
        super::Port::Udp(port) => Some((port, &mut table.buffer)),
        super::Port::Tcp(_) => None,
    }
}
