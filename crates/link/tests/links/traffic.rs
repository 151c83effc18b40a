//! Packets between namespaces.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use tidegate_test_support::Netns;

/// How long a packet is waited for before a test is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

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

fn connect(target: SocketAddr) -> TcpStream {
    TcpStream::connect_timeout(&target, PATIENCE)
        .unwrap_or_else(|error| panic!("connect to {target}: {error}"))
}

/// TCP segments that the namespace had to send again: some packet was lost, or came late.
pub(crate) fn retransmitted(netns: &Netns) -> u64 {
    let table = netns.run(|| std::fs::read_to_string("/proc/thread-self/net/snmp").unwrap());
    let mut lines = table.lines().filter_map(|line| line.strip_prefix("Tcp:"));
    let names = lines.next().unwrap().split_whitespace();
    let values = lines.next().unwrap().split_whitespace();
    let mut columns = names.zip(values);
    let (_, value) = columns.find(|(name, _)| *name == "RetransSegs").unwrap();
    value.parse().unwrap()
}
