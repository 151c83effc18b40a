//! TCP connections to `::1`, each spliced with one to the endpoint.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream as Stream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{is_nothing, spare};

/// How long an endpoint may take to answer: one second longer than three attempts of the kernel (tcp(7),
/// `tcp_syn_retries`).
const ANSWER: Duration = Duration::from_secs(8);

/// A listening port and its connections, which end with it.
#[derive(Debug)]
pub(super) struct Port {
    listener: TcpListener,
    to: SocketAddr,
    /// None while there is no connection, as for most ports.
    connections: Option<JoinSet<()>>,
}

impl Port {
    pub(super) fn new(listener: TcpListener, to: SocketAddr) -> Self {
        Self {
            listener,
            to,
            connections: None,
        }
    }

    /// Accepts one connection. Refuses it if the limit is reached, or if descriptors are short.
    pub(super) fn accept(&mut self, permits: &Arc<Semaphore>) -> io::Result<()> {
        let connections = self.connections.get_or_insert_default();
        while connections.try_join_next().is_some() {}
        let client = match self.listener.accept() {
            Ok((client, _)) => client,
            Err(error) if is_nothing(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        let permit = Arc::clone(permits).try_acquire_owned();
        let (Ok(permit), Ok(())) = (permit, spare(&client)) else {
            tracing::debug!(to = %self.to, "too many connections through ::1: one is refused");
            reset(&client);
            return Ok(());
        };
        let to = self.to;
        connections.spawn(async move {
            if let Err(error) = splice(client, to).await {
                tracing::debug!(%error, %to, "a connection through ::1 ended");
            }
            drop(permit);
        });
        Ok(())
    }
}

async fn splice(client: TcpStream, to: SocketAddr) -> io::Result<()> {
    client.set_nonblocking(true)?;
    client.set_nodelay(true)?;
    let mut client = Stream::from_std(client)?;
    let connected = tokio::time::timeout(ANSWER, connect(to)).await;
    let mut endpoint = match connected.map_err(io::Error::from).flatten() {
        Ok(endpoint) => endpoint,
        Err(error) => {
            reset(&client);
            return Err(error);
        }
    };
    endpoint.set_nodelay(true)?;
    // Each direction ends separately, as without a relay.
    tokio::io::copy_bidirectional(&mut client, &mut endpoint)
        .await
        .inspect_err(|_| {
            reset(&client);
            reset(&endpoint);
        })
        .map(drop)
}

async fn connect(to: SocketAddr) -> io::Result<Stream> {
    let socket = match to {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    spare(&socket)?;
    socket.connect(to).await
}

/// Makes the close reset the connection, so that the other end does not take it for finished.
fn reset<'a>(stream: impl Into<SockRef<'a>>) {
    // Without it, the other end sees a normal end.
    let _ = stream.into().set_linger(Some(Duration::ZERO));
}
