//! Ethernet frames as they are on the wire, sent and heard by packet sockets (packet(7)), for which python3 is asked:
//! binding one takes a call that no safe Rust library makes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use test_support::Netns;

/// Ends every frame that a test sends and wants to find again, but for those that [`END`] ends.
pub const MARK: &[u8] = b"tide-mark";
/// In the last frame that an ear waits for.
pub const END: &[u8] = b"tide-over";

const HEAR: &str = r#"
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind((sys.argv[1], 0))
s.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA
print("ready", flush=True)
until = time.monotonic() + 20
while time.monotonic() < until:
    s.settimeout(max(0.01, until - time.monotonic()))
    try: frame, extra, _, address = s.recvmsg(65536, 256)
    except TimeoutError: break
    except socket.timeout: break
    if address[2] == 4: continue  # PACKET_OUTGOING
    if b"tide-mark" in frame: print(frame.hex(), flush=True)
    if b"tide-over" in frame:
        print("over", flush=True)
        until = min(until, time.monotonic() + 0.3)
"#;

const SEND: &str = r#"
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for line in sys.stdin: s.send(bytes.fromhex(line))
"#;

const FLOOD: &str = r#"
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for n in range(int(sys.argv[2])):
    s.send(b"\xff" * 6 + b"\x02\x99" + n.to_bytes(4, "big") + b"\x88\xb5" + bytes(46))
"#;

/// Sends frames by an interface of a namespace.
///
/// # Panics
/// When one cannot be sent.
pub fn send(from: &Netns, ifname: &str, frames: &[Vec<u8>]) {
    use std::fmt::Write as _;
    let mut lines = String::new();
    for frame in frames {
        for byte in frame {
            let _ = write!(lines, "{byte:02x}");
        }
        lines.push('\n');
    }
    let mut command = from.command("python3");
    command.args(["-c", SEND, ifname]);
    let output = fed(command, &lines);
    assert!(output.success(), "frames are sent");
}

/// Sends so many broadcasts, each under another Ethernet address, by an interface of a namespace.
///
/// # Panics
/// When one cannot be sent.
pub fn flood(from: &Netns, ifname: &str, count: usize) {
    let mut command = from.command("python3");
    command.args(["-c", FLOOD, ifname, &count.to_string()]);
    assert!(fed(command, "").success(), "frames are sent");
}

fn fed(mut command: std::process::Command, lines: &str) -> std::process::ExitStatus {
    use std::io::Write as _;
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .expect("python3 can be started");
    let mut stdin = child.stdin.take().expect("it was piped");
    stdin.write_all(lines.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait().expect("a child can be waited for")
}

/// Hears what comes in by an interface.
#[derive(Debug)]
pub struct Ear {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Ear {
    /// Begins to hear.
    ///
    /// # Panics
    /// When it cannot.
    pub fn open(netns: &Netns, ifname: &str) -> Self {
        let mut command = netns.command("python3");
        command
            .args(["-c", HEAR, ifname])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("it was piped"));
        let mut line = String::new();
        let read = lines.read_line(&mut line);
        assert!(read.is_ok() && line.trim() == "ready", "{line}");
        Self { child, lines }
    }

    /// The frames with [`MARK`] that came until a moment after one with [`END`] did, in hexadecimal digits, and whether
    /// that came at all.
    pub fn heard(mut self) -> (Vec<String>, bool) {
        let mut lines: Vec<String> = self.lines.by_ref().lines().map_while(Result::ok).collect();
        // It ends by itself.
        let _ = self.child.wait();
        let before = lines.len();
        lines.retain(|line| line != "over");
        let is_over = lines.len() < before;
        (lines, is_over)
    }
}

/// An Ethernet address as bytes.
///
/// # Panics
/// When it is none.
pub fn mac(text: &str) -> [u8; 6] {
    let bytes: Vec<u8> = text
        .split(':')
        .map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal digits"))
        .collect();
    bytes.try_into().expect("six bytes")
}

/// A frame: addresses, type, and what it carries, with [`MARK`] behind.
pub fn ethernet(to: [u8; 6], from: [u8; 6], kind: u16, body: &[u8]) -> Vec<u8> {
    [&to[..], &from, &kind.to_be_bytes(), body, MARK, &[0; 46]].concat()
}

/// ARP (RFC 826): `op` 1 asks, 2 answers.
pub fn arp(op: u8, sender: ([u8; 6], [u8; 4]), target: ([u8; 6], [u8; 4])) -> Vec<u8> {
    let head = [0, 1, 8, 0, 6, 4, 0, op];
    [&head[..], &sender.0, &sender.1, &target.0, &target.1].concat()
}

/// A UDP datagram to port 9 in IPv4, without a UDP checksum, that goes on with [`MARK`].
pub fn ipv4(from: [u8; 4], to: [u8; 4]) -> Vec<u8> {
    let length = u8::try_from(8 + MARK.len()).expect("some bytes");
    let udp = [&[0, 9, 0, 9, 0, length, 0, 0], MARK].concat();
    let mut packet = packet(from, to, 17, &udp);
    // What makes a frame of it puts the mark there.
    packet.truncate(28);
    packet
}

/// An error message about a TCP segment that never came (RFC 792, port unreachable), with [`MARK`] in what it quotes.
pub fn error(
    from: [u8; 4],
    to: [u8; 4],
    segment_from: ([u8; 4], u16),
    segment_to: ([u8; 4], u16),
) -> Vec<u8> {
    let ports = [segment_from.1, segment_to.1].map(u16::to_be_bytes);
    // Behind the checksum, which is translated with the address.
    let segment = [ports.as_flattened(), &[0; 16], MARK, &[0; 7]].concat();
    let quoted = packet(segment_from.0, segment_to.0, 6, &segment);
    let mut message = [&[3, 3, 0, 0, 0, 0, 0, 0][..], &quoted].concat();
    let sum = checksum(&message).to_be_bytes();
    message[2..4].copy_from_slice(&sum);
    packet(from, to, 1, &message)
}

fn packet(from: [u8; 4], to: [u8; 4], protocol: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + body.len()).expect("a short body");
    let [a, b] = length.to_be_bytes();
    let head = [0x45, 0, a, b, 0, 0, 0, 0, 64, protocol, 0, 0];
    let mut packet = [&head[..], &from, &to].concat();
    let sum = checksum(&packet).to_be_bytes();
    packet[10..12].copy_from_slice(&sum);
    [packet, body.to_vec()].concat()
}

/// A packet of IPv6 with that next header.
pub fn ipv6(from: [u8; 16], to: [u8; 16], next: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("a short body");
    let [a, b] = length.to_be_bytes();
    [&[0x60, 0, 0, 0, a, b, next, 255][..], &from, &to, body].concat()
}

/// Neighbour discovery (RFC 4861): `kind` 135 asks for `target`, 136 says that it is at `mac`.
pub fn discovery(
    kind: u8,
    from: [u8; 16],
    to: [u8; 16],
    target: [u8; 16],
    mac: [u8; 6],
) -> Vec<u8> {
    let flags = if kind == 136 { 0x20 } else { 0 };
    let option = if kind == 136 { 2 } else { 1 };
    let head = [kind, 0, 0, 0, flags, 0, 0, 0];
    let body = [&head[..], &target, &[option, 1], &mac].concat();
    ipv6(from, to, 58, &summed(from, to, body))
}

/// Asks who listens to a group, in a millisecond at most (MLD, RFC 2710): to any of them where the group is `::`.
pub fn listener_query(from: [u8; 16], to: [u8; 16], group: [u8; 16]) -> Vec<u8> {
    let body = [&[130, 0, 0, 0, 0, 1, 0, 0][..], &group].concat();
    let message = summed(from, to, body);
    // Behind options for every hop: a router alert.
    let options = [58, 0, 5, 2, 0, 0, 1, 0];
    ipv6(from, to, 0, &[&options[..], &message].concat())
}

/// A message of ICMPv6 with its checksum.
fn summed(from: [u8; 16], to: [u8; 16], mut message: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short body");
    let length = length.to_be_bytes();
    let pseudo = [&from[..], &to, &length, &[0, 0, 0, 58], &message].concat();
    message[2..4].copy_from_slice(&checksum(&pseudo).to_be_bytes());
    message
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let pairs = bytes.chunks(2);
    let words =
        pairs.map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |b| u32::from(*b)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}
