//! Packets between namespaces.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use test_support::Netns;

/// How long a packet is waited for before a test is given up.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Sends a byte over TCP to an address in a namespace, and back.
pub(crate) fn echo(from: &Netns, to: &Netns, address: IpAddr) {
    let listener = to.run(|| TcpListener::bind((address, 0))).unwrap();
    let target = listener.local_addr().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            stream.write_all(&byte).unwrap();
        });
        let mut stream = from.run(|| connect(target));
        stream.write_all(b"!").unwrap();
        let mut answer = [0];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"!");
    });
}

/// A TCP port on every address of the namespace of the thread that starts it, those too that
/// come later. The kernel accepts connections by itself.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) fn start() -> Self {
        Self(TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap())
    }

    /// Connects to it from the calling thread's namespace.
    pub(crate) fn connect(&self, address: IpAddr) {
        let port = self.0.local_addr().unwrap().port();
        connect(SocketAddr::new(address, port));
    }
}

fn connect(target: SocketAddr) -> TcpStream {
    TcpStream::connect_timeout(&target, TIME_LIMIT)
        .unwrap_or_else(|error| panic!("connect to {target}: {error}"))
}

/// How often TCP in the namespace waited in vain for an answer (`TcpExtTCPTimeouts`): some packet
/// was lost, or was kept because an address could not be resolved.
pub(crate) fn timeouts(netns: &Netns) -> u64 {
    let table = netns.run(|| std::fs::read_to_string("/proc/thread-self/net/netstat").unwrap());
    let mut lines = table
        .lines()
        .filter_map(|line| line.strip_prefix("TcpExt:"));
    let names = lines.next().unwrap().split_whitespace();
    let values = lines.next().unwrap().split_whitespace();
    let mut columns = names.zip(values);
    let (_, value) = columns.find(|(name, _)| *name == "TCPTimeouts").unwrap();
    value.parse().unwrap()
}
