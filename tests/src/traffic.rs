//! What goes over the wires: servers that tell who they are and whom they see, and clients that
//! ask them.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use test_support::{Netns, bound};

use crate::sctp;

/// How long an answer may take that is expected to come: far longer than it does.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// How long to wait for an answer that is expected not to come. Waiting too short a time could
/// only hide a fault, and what is let through answers within a millisecond.
const SILENCE: Duration = Duration::from_millis(700);
/// How often a server looks whether it is to end.
const TICK: Duration = Duration::from_millis(50);

/// What a server told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The server's name.
    pub server: String,
    /// The address that it saw.
    pub saw: IpAddr,
}

/// A TCP and a UDP server on one port of a namespace, on every address of both families. It ends
/// with its guard.
#[derive(Debug)]
pub struct Server {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that tells `name`.
    ///
    /// # Panics
    /// When the port is taken.
    pub fn start(netns: &Netns, name: &str, port: u16) -> Self {
        let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        let (tcp, udp) = netns.run(|| {
            let tcp = bound(|| TcpListener::bind(any));
            (tcp, bound(|| UdpSocket::bind(any)))
        });
        let is_over = Arc::new(AtomicBool::new(false));
        let (tcp_over, udp_over) = (Arc::clone(&is_over), Arc::clone(&is_over));
        let (tcp_name, udp_name) = (name.to_owned(), name.to_owned());
        let threads = vec![
            std::thread::spawn(move || serve_tcp(&tcp, &tcp_name, &tcp_over)),
            std::thread::spawn(move || serve_udp(&udp, &udp_name, &udp_over)),
        ];
        Self { is_over, threads }
    }
}

impl Server {
    /// Starts an SCTP server that tells `name`, at these addresses.
    ///
    /// # Panics
    /// When an address is taken, or the kernel lacks SCTP.
    pub fn start_sctp(netns: &Netns, name: &str, at: &[SocketAddr]) -> Self {
        let listen = |at: &SocketAddr| bound(|| sctp::listen(*at));
        let listeners: Vec<TcpListener> = netns.run(|| at.iter().map(listen).collect());
        let is_over = Arc::new(AtomicBool::new(false));
        let serve = |listener: TcpListener| {
            let (name, is_over) = (name.to_owned(), Arc::clone(&is_over));
            std::thread::spawn(move || serve_tcp(&listener, &name, &is_over))
        };
        let threads = listeners.into_iter().map(serve).collect();
        Self { is_over, threads }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A server that panicked has printed why, and its client has failed.
            let _ = thread.join();
        }
    }
}

/// Each connection is told who it reached and whom the server sees, then what it sends.
fn serve_tcp(listener: &TcpListener, name: &str, is_over: &Arc<AtomicBool>) {
    listener
        .set_nonblocking(true)
        .expect("a socket can be set not to block");
    while !is_over.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, peer)) => {
                let (name, is_over) = (name.to_owned(), Arc::clone(is_over));
                std::thread::spawn(move || echo(stream, &name, peer, &is_over));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn echo(mut stream: TcpStream, name: &str, peer: SocketAddr, is_over: &AtomicBool) {
    let prepared = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_read_timeout(Some(TICK)));
    if prepared
        .and_then(|()| writeln!(stream, "{name} {}", peer.ip()))
        .is_err()
    {
        return;
    }
    let mut bytes = [0; 512];
    while !is_over.load(Ordering::Relaxed) {
        match stream.read(&mut bytes) {
            Ok(0) => return,
            Ok(n) if stream.write_all(&bytes[..n]).is_err() => return,
            Ok(_) => {}
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) => {}
            Err(_) => return,
        }
    }
}

fn serve_udp(socket: &UdpSocket, name: &str, is_over: &AtomicBool) {
    socket
        .set_read_timeout(Some(TICK))
        .expect("a socket can be given a timeout");
    let mut bytes = [0; 512];
    while !is_over.load(Ordering::Relaxed) {
        if let Ok((_, peer)) = socket.recv_from(&mut bytes) {
            // A client that gets no answer reports it.
            let _ = socket.send_to(format!("{name} {}\n", peer.ip()).as_bytes(), peer);
        }
    }
}

/// Asks a TCP server who it is.
///
/// # Errors
/// When nothing answers.
pub fn ask_tcp(from: &Netns, to: SocketAddr) -> io::Result<Reply> {
    from.run(|| ask_tcp_for(to, TIME_LIMIT))
}

/// Asks a UDP server who it is.
///
/// # Errors
/// When nothing answers.
pub fn ask_udp(from: &Netns, to: SocketAddr) -> io::Result<Reply> {
    from.run(|| ask_udp_for(to, TIME_LIMIT))
}

/// Asks an SCTP server who it is.
///
/// # Errors
/// When nothing answers.
pub fn ask_sctp(from: &Netns, to: SocketAddr) -> io::Result<Reply> {
    from.run(|| ask_sctp_for(to, TIME_LIMIT))
}

/// Whether nothing answers at an SCTP port.
pub fn is_closed_sctp(from: &Netns, to: SocketAddr) -> bool {
    from.run(|| ask_sctp_for(to, SILENCE)).is_err()
}

/// Whether nothing answers at a TCP port.
pub fn is_closed_tcp(from: &Netns, to: SocketAddr) -> bool {
    from.run(|| ask_tcp_for(to, SILENCE)).is_err()
}

/// Whether nothing answers at a UDP port.
pub fn is_closed_udp(from: &Netns, to: SocketAddr) -> bool {
    from.run(|| ask_udp_for(to, SILENCE)).is_err()
}

/// A TCP connection that stays open.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connection {
    /// Opens one.
    ///
    /// # Panics
    /// When nothing answers.
    pub fn open(from: &Netns, to: SocketAddr) -> Self {
        let mut stream = from
            .run(|| TcpStream::connect_timeout(&to, TIME_LIMIT))
            .expect("the port answers");
        stream
            .set_read_timeout(Some(TIME_LIMIT))
            .expect("a socket can be given a timeout");
        read_reply(&mut stream).expect("the server tells who it is");
        Self(stream)
    }

    /// Sends something and waits for its echo.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn echo(&mut self, text: &str) -> io::Result<String> {
        self.echo_for(text, TIME_LIMIT)
    }

    /// As [`echo`](Self::echo), where it is expected that none comes.
    ///
    /// # Errors
    /// When the connection is broken, or silent.
    pub fn echo_within_a_moment(&mut self, text: &str) -> io::Result<String> {
        self.echo_for(text, SILENCE)
    }

    fn echo_for(&mut self, text: &str, patience: Duration) -> io::Result<String> {
        self.0.set_read_timeout(Some(patience))?;
        self.0.write_all(text.as_bytes())?;
        let mut bytes = vec![0; text.len()];
        self.0.read_exact(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn ask_tcp_for(to: SocketAddr, patience: Duration) -> io::Result<Reply> {
    hear_out(TcpStream::connect_timeout(&to, patience)?, patience)
}

fn ask_sctp_for(to: SocketAddr, patience: Duration) -> io::Result<Reply> {
    hear_out(sctp::connect(to, patience)?, patience)
}

fn hear_out(mut stream: TcpStream, patience: Duration) -> io::Result<Reply> {
    stream.set_read_timeout(Some(patience))?;
    read_reply(&mut stream)
}

fn read_reply(stream: &mut TcpStream) -> io::Result<Reply> {
    let mut line = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte)? == 1 && byte != *b"\n" {
        line.extend(byte);
    }
    parse(&line)
}

fn ask_udp_for(to: SocketAddr, patience: Duration) -> io::Result<Reply> {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)?;
    // Only answers from there count: a reply from the wrong address is none.
    socket.connect(to)?;
    socket.set_read_timeout(Some(patience))?;
    socket.send(b"?")?;
    let mut bytes = [0; 512];
    let length = socket.recv(&mut bytes)?;
    parse(bytes[..length].trim_ascii_end())
}

fn parse(line: &[u8]) -> io::Result<Reply> {
    let text = String::from_utf8_lossy(line);
    let malformed = || io::Error::other(format!("malformed reply {text:?}"));
    let (server, saw) = text.split_once(' ').ok_or_else(malformed)?;
    let saw: IpAddr = saw.parse().map_err(|_| malformed())?;
    Ok(Reply {
        server: server.to_owned(),
        saw: saw.to_canonical(),
    })
}
