//! One server and one query: sends the query, again if need be, and waits for the answer.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tidegate_resolver::{Question, Transport, UpstreamAnswer};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use super::framing::{read, write};

/// The longest answer by UDP, in bytes.
const ROOM: usize = 64 * 1024;

/// How a server is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// By what.
    pub(super) transport: Transport,
    /// How often a datagram is sent.
    pub(super) attempts: u8,
    /// After which time it is sent again.
    pub(super) pause: Duration,
}

/// Asks a server until it answers, however long that takes.
///
/// # Errors
/// If the server cannot be asked.
pub(super) async fn ask_one(
    server: SocketAddr,
    question: &Question,
    manner: Manner,
) -> io::Result<UpstreamAnswer> {
    // The id must be unpredictable (RFC 5452 section 9.2), so it is random, not a counter.
    let [a, b, ..] = getrandom::u32()?.to_ne_bytes();
    let id = u16::from_ne_bytes([a, b]);
    if manner.transport == Transport::Tcp {
        return by_tcp(server, question, id).await;
    }
    let heard = by_udp(server, question, id, manner).await?;
    if !heard.is_cut {
        return Ok(heard);
    }
    // The client may be one that does not ask by TCP. It may do so if the server is not there by TCP.
    Ok(by_tcp(server, question, id).await.unwrap_or(heard))
}

/// Each query has a socket of its own with a random port. The kernel drops packets from other hosts than the server.
async fn by_udp(
    server: SocketAddr,
    question: &Question,
    id: u16,
    manner: Manner,
) -> io::Result<UpstreamAnswer> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    let sent = question.with_id(id);
    for _ in 1..manner.attempts {
        socket.send(&sent).await?;
        let end = Instant::now() + manner.pause;
        if let Ok(heard) = timeout_at(end, hear(&socket, question, id)).await {
            return heard;
        }
    }
    socket.send(&sent).await?;
    hear(&socket, question, id).await
}

/// Waits for the answer.
async fn hear(socket: &UdpSocket, question: &Question, id: u16) -> io::Result<UpstreamAnswer> {
    loop {
        socket.readable().await?;
        let mut room = vec![0; ROOM];
        let count = match socket.try_recv(&mut room) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            received => received?,
        };
        if let Some(answer) = question.accept(id, &room[..count]) {
            return Ok(answer);
        }
    }
}

async fn by_tcp(server: SocketAddr, question: &Question, id: u16) -> io::Result<UpstreamAnswer> {
    let mut stream = TcpStream::connect(server).await?;
    write(&mut stream, &question.with_id(id)).await?;
    while let Some(bytes) = read(&mut stream).await? {
        if let Some(answer) = question.accept(id, &bytes) {
            return Ok(answer);
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}
