use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use socket2::{Domain, Type};

use super::*;

const TIME_LIMIT: Duration = Duration::from_secs(20);

/// A socket bound to a free port of `::1`, and its address.
fn bound(kind: Type) -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV6, kind, None).unwrap();
    let any: SocketAddr = "[::1]:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    if kind == Type::STREAM {
        socket.listen(16).unwrap();
    }
    let at = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, at)
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&to, TIME_LIMIT).unwrap();
    stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    stream
}

/// What a connection ends with: nothing more, or an error.
fn ending(stream: &mut TcpStream) -> Result<usize, ErrorKind> {
    stream.read(&mut [0; 8]).map_err(|error| error.kind())
}

/// Whether a new connection is reset, be it while it is made or right after.
fn is_refused(at: SocketAddr) -> bool {
    let read = TcpStream::connect_timeout(&at, TIME_LIMIT).and_then(|mut client| {
        client.set_read_timeout(Some(TIME_LIMIT))?;
        client.read(&mut [0; 8])
    });
    read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
}

/// A relay from a port of `::1` to a server, and the server's other end of each connection.
fn to_server(relay: &Relay) -> (Relayed, SocketAddr, TcpListener) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let (socket, at) = bound(Type::STREAM);
    let to = server.local_addr().unwrap();
    let relayed = relay.add(socket, Protocol::Tcp, to).unwrap();
    (relayed, at, server)
}

#[test]
fn each_direction_of_a_connection_is_passed_on_and_ends_by_itself() {
    let relay = Relay::start(Limits::default()).unwrap();
    let (_relayed, at, server) = to_server(&relay);
    let mut client = connect(at);
    let (mut endpoint, _) = server.accept().unwrap();
    let question = vec![b'?'; 300_000];
    let asking = std::thread::spawn(move || {
        client.write_all(&question).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        client
    });
    let mut heard = Vec::new();
    endpoint.read_to_end(&mut heard).unwrap();
    assert_eq!(heard.len(), 300_000);
    // The way back is open still.
    endpoint.write_all(b"answer").unwrap();
    drop(endpoint);
    let mut answer = String::new();
    asking.join().unwrap().read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
}

#[test]
fn a_client_is_reset_where_the_endpoint_does_not_answer_or_breaks_off() {
    let relay = Relay::start(Limits::default()).unwrap();
    let (_relayed, at, server) = to_server(&relay);
    let mut client = connect(at);
    let (endpoint, _) = server.accept().unwrap();
    let endpoint = Socket::from(endpoint);
    endpoint.set_linger(Some(Duration::ZERO)).unwrap();
    drop(endpoint);
    assert_eq!(ending(&mut client), Err(ErrorKind::ConnectionReset));
    drop(server);
    assert!(is_refused(at));
}

#[test]
fn more_connections_than_may_be_are_refused_until_one_ends() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let relay = Relay::start(limits).unwrap();
    let (_relayed, at, server) = to_server(&relay);
    let first = connect(at);
    let (mut endpoint, _) = server.accept().unwrap();
    assert!(is_refused(at));
    drop(first);
    assert_eq!(ending(&mut endpoint), Ok(0));
    drop(endpoint);
    server.set_nonblocking(true).unwrap();
    let since = std::time::Instant::now();
    loop {
        let _client = TcpStream::connect_timeout(&at, TIME_LIMIT);
        std::thread::sleep(Duration::from_millis(5));
        if server.accept().is_ok() {
            break;
        }
        assert!(since.elapsed() < TIME_LIMIT, "it is refused for ever");
    }
}

#[test]
fn a_port_that_is_let_go_of_is_free_at_once_and_its_connections_end() {
    let relay = Relay::start(Limits::default()).unwrap();
    for kind in [Type::STREAM, Type::DGRAM] {
        let (mut socket, at) = bound(kind);
        let protocol = if kind == Type::DGRAM {
            Protocol::Udp
        } else {
            Protocol::Tcp
        };
        for _ in 0..200 {
            let relayed = relay.add(socket, protocol, at).unwrap();
            drop(relayed);
            socket = Socket::new(Domain::IPV6, kind, None).unwrap();
            socket.set_reuse_address(kind == Type::STREAM).unwrap();
            socket.bind(&at.into()).unwrap();
            if kind == Type::STREAM {
                socket.listen(16).unwrap();
            }
        }
    }
    let (relayed, at, server) = to_server(&relay);
    let mut client = connect(at);
    let (mut endpoint, _) = server.accept().unwrap();
    drop(relayed);
    assert!(matches!(
        ending(&mut client),
        Ok(0) | Err(ErrorKind::ConnectionReset)
    ));
    assert_eq!(ending(&mut endpoint), Ok(0));
    TcpStream::connect(at).unwrap_err();
}

fn client() -> UdpSocket {
    let socket = UdpSocket::bind("[::1]:0").unwrap();
    socket.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    socket
}

fn received(socket: &UdpSocket) -> (String, SocketAddr) {
    let mut bytes = [0; 64];
    let (length, from) = socket.recv_from(&mut bytes).unwrap();
    (String::from_utf8_lossy(&bytes[..length]).into_owned(), from)
}

/// As [`to_server`], for UDP.
fn to_udp_server(relay: &Relay) -> (Relayed, SocketAddr, UdpSocket) {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    let (socket, at) = bound(Type::DGRAM);
    let to = server.local_addr().unwrap();
    let relayed = relay.add(socket, Protocol::Udp, to).unwrap();
    (relayed, at, server)
}

#[test]
fn each_udp_client_gets_the_answers_to_what_it_sent() {
    let relay = Relay::start(Limits::default()).unwrap();
    let (_relayed, at, server) = to_udp_server(&relay);
    let clients = [client(), client()];
    let mut seen = Vec::new();
    for (name, client) in ["one", "two"].into_iter().zip(&clients) {
        client.send_to(name.as_bytes(), at).unwrap();
        seen.push(received(&server));
    }
    assert_eq!((&*seen[0].0, &*seen[1].0), ("one", "two"));
    for (text, from) in seen.iter().rev() {
        server.send_to(text.as_bytes(), from).unwrap();
    }
    for (name, client) in ["one", "two"].into_iter().zip(&clients) {
        assert_eq!(received(client), (name.to_owned(), at));
    }
    // A client keeps its socket: the endpoint sees one and the same.
    clients[0].send_to(b"more", at).unwrap();
    assert_eq!(received(&server), ("more".to_owned(), seen[0].1));
}

#[test]
fn a_udp_client_that_is_not_heard_makes_way_for_another() {
    let limits = Limits {
        clients: 1,
        idle: Duration::from_millis(30),
        ..Limits::default()
    };
    let relay = Relay::start(limits).unwrap();
    let (_relayed, at, server) = to_udp_server(&relay);
    let (first, second) = (client(), client());
    first.send_to(b"first", at).unwrap();
    assert_eq!(received(&server).0, "first");
    server
        .set_read_timeout(Some(Duration::from_millis(10)))
        .unwrap();
    let since = std::time::Instant::now();
    loop {
        second.send_to(b"second", at).unwrap();
        let mut bytes = [0; 64];
        if let Ok(length) = server.recv(&mut bytes) {
            assert_eq!(&bytes[..length], b"second");
            break;
        }
        assert!(since.elapsed() < TIME_LIMIT, "there is never room");
    }
}

#[test]
fn an_endpoint_that_refuses_a_datagram_is_asked_again_by_the_next() {
    let relay = Relay::start(Limits::default()).unwrap();
    let (_relayed, at, server) = to_udp_server(&relay);
    let to = server.local_addr().unwrap();
    drop(server);
    let client = client();
    client.send_to(b"lost", at).unwrap();
    let server = UdpSocket::bind(to).unwrap();
    server
        .set_read_timeout(Some(Duration::from_millis(10)))
        .unwrap();
    let since = std::time::Instant::now();
    while server.recv(&mut [0; 64]).is_err() {
        assert!(
            since.elapsed() < TIME_LIMIT,
            "nothing is passed on any more"
        );
        client.send_to(b"again", at).unwrap();
    }
}
