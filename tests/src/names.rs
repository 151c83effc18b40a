//! What is asked for names: clients that ask, and a server of the world's names.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::{A, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use test_support::{Netns, bound};

/// How long an answer may take that is expected to come: far longer than it does.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// How long to wait for one that is expected not to come. Too short a time could only hide a fault.
const SILENCE: Duration = Duration::from_millis(700);
/// How often a server looks whether it is to end.
const TICK: Duration = Duration::from_millis(50);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its code (RFC 1035 section 4.1.1), in words, as `No Error`.
    pub code: String,
    /// Whether there is more than fitted (TC).
    pub is_truncated: bool,
    /// What it says, sorted.
    pub data: Vec<String>,
}

impl Answer {
    /// One that says something.
    pub fn of(data: &[&str]) -> Self {
        Self {
            data: data.iter().map(ToString::to_string).collect(),
            ..Self::nothing("No Error")
        }
    }

    /// One that says nothing, with its code.
    pub fn nothing(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            is_truncated: false,
            data: Vec::new(),
        }
    }
}

/// Asks by UDP; none if there is only silence.
pub fn ask_udp(from: &Netns, server: IpAddr, name: &str, kind: &str) -> Option<Answer> {
    from.run(|| by_udp((server, 53).into(), &question(name, kind), TIME_LIMIT))
        .ok()
        .map(|answer| read(&answer))
}

/// Asks by TCP; none if the server says nothing and ends the connection.
pub fn ask_tcp(from: &Netns, server: IpAddr, name: &str, kind: &str) -> Option<Answer> {
    from.run(|| by_tcp((server, 53).into(), &question(name, kind), TIME_LIMIT))
        .ok()
        .map(|answer| read(&answer))
}

/// Asks for the addresses of many names at once, by UDP from one port. Returns the answers, and fewer than questions if
/// some do not come.
///
/// # Panics
/// When a question cannot be sent.
pub fn ask_at_once(from: &Netns, server: IpAddr, names: &[String]) -> Vec<Answer> {
    from.run(|| {
        let socket = connected((server, 53).into()).expect("a socket can be connected");
        make_room(&socket).expect("tests run as root");
        for name in names {
            let sent = socket.send(&question(name, "A"));
            sent.expect("a question can be sent");
        }
        let mut bytes = vec![0; 64 * 1024];
        let mut next = || {
            let length = socket.recv(&mut bytes).ok()?;
            Some(read(&bytes[..length]))
        };
        names.iter().map_while(|_| next()).collect()
    })
}

/// Whether nothing is answered by UDP, and nothing by TCP, at a port.
pub fn is_silent(from: &Netns, server: SocketAddr, name: &str) -> bool {
    let question = question(name, "A");
    from.run(|| {
        by_udp(server, &question, SILENCE).is_err() && by_tcp(server, &question, SILENCE).is_err()
    })
}

/// A question, as bytes.
///
/// # Panics
/// When it is none.
pub fn question(name: &str, kind: &str) -> Vec<u8> {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    let mut name: Name = name.parse().expect("tests ask for names");
    name.set_fqdn(true);
    let kind: RecordType = kind.parse().expect("tests ask for known records");
    message.add_query(Query::query(name, kind));
    message.to_vec().expect("a question can be written")
}

fn read(answer: &[u8]) -> Answer {
    let message = Message::from_vec(answer).expect("an answer can be read");
    assert_eq!(message.metadata.id, 4711, "it is of another question");
    let data = message.answers.iter().map(|record| record.data.to_string());
    let mut data: Vec<String> = data.collect();
    data.sort();
    Answer {
        code: message.metadata.response_code.to_string(),
        is_truncated: message.metadata.truncation,
        data,
    }
}

/// A socket for questions to a server. Only answers from there count: one from the wrong address is none.
fn connected(server: SocketAddr) -> io::Result<UdpSocket> {
    let any = if server.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(TIME_LIMIT))?;
    Ok(socket)
}

/// Asks for the addresses of many names at once, each by a TCP connection of its own. Returns the answers, and fewer than
/// questions if connections are ended without one.
///
/// # Panics
/// When a connection cannot be opened.
pub fn ask_at_once_by_tcp(from: &Netns, server: IpAddr, names: &[String]) -> Vec<Answer> {
    from.run(|| {
        let open = |name: &String| {
            let at = SocketAddr::new(server, 53);
            let stream = TcpStream::connect_timeout(&at, TIME_LIMIT);
            let mut stream = stream.expect("a connection can be opened");
            // It may be closed already.
            let _ = write_framed(&mut stream, &question(name, "A"));
            stream
        };
        let streams: Vec<TcpStream> = names.iter().map(open).collect();
        let hear = |mut stream: TcpStream| {
            stream.set_read_timeout(Some(TIME_LIMIT)).ok()?;
            Some(read(&read_framed(&mut stream).ok()?))
        };
        streams.into_iter().filter_map(hear).collect()
    })
}

/// Has a socket keep thousands of datagrams for a reader that is late.
fn make_room(socket: &UdpSocket) -> io::Result<()> {
    Ok(set_socket_recv_buffer_size_force(socket, 4 * 1024 * 1024)?)
}

fn by_udp(server: SocketAddr, question: &[u8], patience: Duration) -> io::Result<Vec<u8>> {
    let socket = connected(server)?;
    socket.set_read_timeout(Some(patience))?;
    socket.send(question)?;
    let mut bytes = vec![0; 64 * 1024];
    let length = socket.recv(&mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

fn by_tcp(server: SocketAddr, question: &[u8], patience: Duration) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, patience)?;
    stream.set_read_timeout(Some(patience))?;
    write_framed(&mut stream, question)?;
    read_framed(&mut stream)
}

fn write_framed(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat())
}

fn read_framed(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}

/// A server of the world's names, by UDP and TCP on one port of a namespace. Every name has the
/// address that it is started with, and a text of 3,000 bytes. Names that begin with `cut.` have it 40 times, which the
/// server only tells by TCP. It ends with its guard.
#[derive(Debug)]
pub struct World {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl World {
    /// Starts one.
    ///
    /// # Panics
    /// When the port is taken.
    pub fn start(netns: &Netns, at: SocketAddr, address: [u8; 4]) -> Self {
        Self::late(netns, at, address, Duration::ZERO)
    }

    /// Starts one whose answers by UDP come that late.
    ///
    /// # Panics
    /// When the port is taken.
    pub fn late(netns: &Netns, at: SocketAddr, address: [u8; 4], delay: Duration) -> Self {
        let (udp, tcp) = netns.run(|| {
            let udp = bound(|| UdpSocket::bind(at));
            make_room(&udp).expect("tests run as root");
            (udp, bound(|| TcpListener::bind(at)))
        });
        udp.set_read_timeout(Some(TICK))
            .expect("a socket can be given a timeout");
        tcp.set_nonblocking(true)
            .expect("a socket can be set not to block");
        let is_over = Arc::new(AtomicBool::new(false));
        let (udp_over, tcp_over) = (Arc::clone(&is_over), Arc::clone(&is_over));
        let threads = vec![
            std::thread::spawn(move || serve_udp(&udp, address, delay, &udp_over)),
            std::thread::spawn(move || serve_tcp(&tcp, address, &tcp_over)),
        ];
        Self { is_over, threads }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A server that panicked has printed why, and its client has failed.
            let _ = thread.join();
        }
    }
}

fn serve_udp(socket: &UdpSocket, address: [u8; 4], delay: Duration, is_over: &AtomicBool) {
    let mut bytes = [0; 4096];
    let mut waiting = VecDeque::new();
    while !is_over.load(Ordering::Relaxed) {
        if let Ok((length, peer)) = socket.recv_from(&mut bytes) {
            let answer = answer(&bytes[..length], address, true);
            waiting.push_back((Instant::now() + delay, answer, peer));
        }
        let is_due = |due: &mut (Instant, _, _)| due.0 <= Instant::now();
        while let Some((_, answer, peer)) = waiting.pop_front_if(is_due) {
            // A client that is gone does not wait for the answer.
            let _ = socket.send_to(&answer, peer);
        }
    }
}

fn serve_tcp(listener: &TcpListener, address: [u8; 4], is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        let Ok((mut stream, _)) = listener.accept() else {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        };
        let prepared = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_read_timeout(Some(TIME_LIMIT)));
        let question = prepared.and_then(|()| read_framed(&mut stream));
        if let Ok(question) = question {
            // As above.
            let _ = write_framed(&mut stream, &answer(&question, address, false));
        }
    }
}

fn answer(question: &[u8], [a, b, c, d]: [u8; 4], is_udp: bool) -> Vec<u8> {
    let question = Message::from_vec(question).expect("a question can be read");
    let query = question.queries.first().expect("a question asks");
    let data = match query.query_type() {
        RecordType::TXT => RData::TXT(TXT::new(vec!["x".repeat(250); 12])),
        _ => RData::A(A::new(a, b, c, d)),
    };
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    let is_long = query.name().iter().next() == Some(b"cut");
    answer.metadata.truncation = is_long && is_udp;
    let count = match (is_long, is_udp) {
        (true, true) => 0,
        (true, false) => 40,
        (false, _) => 1,
    };
    let record = Record::from_rdata(query.name().clone(), 60, data);
    answer.add_answers(std::iter::repeat_n(record, count));
    answer.to_vec().expect("an answer can be written")
}
