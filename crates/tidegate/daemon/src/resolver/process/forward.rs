//! Forwarded queries.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tidegate_resolver::{Question, Transport, UpstreamAnswer};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::framing::{read, write};
use super::state::ResolverState;

/// The number of attempts.
const TRIES: usize = 3;
/// Time limit for an answer. All attempts together take less than the 5 s after which the C library asks again
/// (resolv.conf(5), `timeout`).
const TIME_LIMIT: Duration = Duration::from_millis(1500);
/// The longest answer by UDP, in bytes.
const ROOM: usize = 64 * 1024;

/// Asks one server after the other, by the protocol of the query. Returns the first positive answer, or else a
/// negative one, or none.
pub(super) async fn ask(
    shared: &ResolverState,
    question: &Question,
    transport: Transport,
) -> Option<Vec<u8>> {
    let mut failure = None;
    let mut failed = Vec::new();
    for n in 0..TRIES {
        let Some(server) = shared.upstream(n) else {
            break;
        };
        if failed.contains(&server) {
            continue;
        }
        match timeout(TIME_LIMIT, ask_one(server, question, transport)).await {
            Ok(Ok(heard)) if !heard.is_failure => return Some(heard.bytes),
            Ok(Ok(heard)) => {
                failed.push(server);
                failure = Some(heard.bytes);
            }
            Ok(Err(error)) => tracing::debug!(%server, %error, "cannot forward a DNS query"),
            Err(_) => tracing::debug!(%server, "no answer in time"),
        }
    }
    failure.or_else(|| question.failed())
}

async fn ask_one(
    server: SocketAddr,
    question: &Question,
    transport: Transport,
) -> io::Result<UpstreamAnswer> {
    // The id must be unpredictable (RFC 5452 section 9.2), so it is random, not a counter.
    let [a, b, ..] = getrandom::u32()?.to_ne_bytes();
    let id = u16::from_ne_bytes([a, b]);
    match transport {
        Transport::Udp => ask_by_udp(server, question, id).await,
        Transport::Tcp => ask_by_tcp(server, question, id).await,
    }
}

/// Each query has a socket of its own with a random port. The kernel drops packets from other hosts than the server.
async fn ask_by_udp(
    server: SocketAddr,
    question: &Question,
    id: u16,
) -> io::Result<UpstreamAnswer> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(&question.with_id(id)).await?;
    let mut room = vec![0; ROOM];
    loop {
        let count = socket.recv(&mut room).await?;
        if let Some(answer) = question.accept(id, &room[..count]) {
            return Ok(answer);
        }
    }
}

async fn ask_by_tcp(
    server: SocketAddr,
    question: &Question,
    id: u16,
) -> io::Result<UpstreamAnswer> {
    let mut stream = TcpStream::connect(server).await?;
    write(&mut stream, &question.with_id(id)).await?;
    while let Some(bytes) = read(&mut stream).await? {
        if let Some(answer) = question.accept(id, &bytes) {
            return Ok(answer);
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}
