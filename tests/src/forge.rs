//! Packets that say what their sender likes: raw sockets (raw(7), ipv6(7)), whose headers are made here.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::net::{RecvFlags, recvfrom};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use test_support::{Netns, bound};

use crate::frames;

/// How long something may take that is expected to come: far longer than it does.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(250);

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// `IPPROTO_RAW` of linux/in.h: the header is part of what is sent, in both families.
const RAW: i32 = 255;

/// The flag of a TCP segment that resets a connection (RFC 9293 section 3.1).
pub const RST: u8 = 0x04;
/// That of one that acknowledges.
pub const ACK: u8 = 0x10;

/// Sends a datagram from any address.
///
/// # Panics
/// When the kernel does not send it.
pub fn send_udp(netns: &Netns, from: SocketAddr, to: SocketAddr, payload: impl AsRef<[u8]>) {
    send(netns, to.ip(), &udp([from, to], payload));
}

/// Sends a TCP segment with these flags and no data.
///
/// # Panics
/// When the kernel does not send it.
pub fn send_tcp(netns: &Netns, from: SocketAddr, to: SocketAddr, flags: u8) {
    send(netns, to.ip(), &tcp([from, to], flags, ""));
}

/// A datagram from any address to another, with its headers.
///
/// # Panics
/// When the addresses are of two families.
pub fn udp([from, to]: [SocketAddr; 2], payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = (8 + payload.len()) as u16;
    let ports = [from.port(), to.port(), length, 0];
    let header: Vec<u8> = ports.into_iter().flat_map(u16::to_be_bytes).collect();
    let datagram = [&header, payload].concat();
    let sum = checksum(from.ip(), to.ip(), UDP, &datagram);
    packet(from.ip(), to.ip(), UDP, &with_checksum(datagram, 6, sum))
}

/// A TCP segment from any address to another, with its headers.
///
/// # Panics
/// When the addresses are of two families.
pub fn tcp([from, to]: [SocketAddr; 2], flags: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let ports = [from.port(), to.port()];
    let mut segment: Vec<u8> = ports.into_iter().flat_map(u16::to_be_bytes).collect();
    // Sequence and acknowledgement, the header's length in words, flags, window, checksum, urgent pointer.
    segment.extend([0, 0, 0, 7, 0, 0, 0, 9, 5 << 4, flags, 4, 0, 0, 0, 0, 0]);
    segment.extend(payload.as_ref());
    let sum = checksum(from.ip(), to.ip(), TCP, &segment);
    packet(from.ip(), to.ip(), TCP, &with_checksum(segment, 16, sum))
}

/// An ICMPv6 message of any type from any address to another, with code 0 and its headers.
///
/// # Panics
/// When the addresses are not both of IPv6.
pub fn icmpv6([from, to]: [IpAddr; 2], kind: u8, body: &[u8]) -> Vec<u8> {
    let message = [&[kind, 0, 0, 0], body].concat();
    let sum = checksum(from, to, ICMPV6, &message);
    packet(from, to, ICMPV6, &with_checksum(message, 2, sum))
}

/// A packet of IPv4 that the next router sends no further.
pub fn of_one_hop(mut packet: Vec<u8>) -> Vec<u8> {
    packet[8] = 1;
    packet[10..12].fill(0);
    let sum = sum_of(&packet[..20]);
    with_checksum(packet, 10, sum)
}

/// Puts the header of its family before what is sent.
fn packet(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16;
    let header = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let [high, low] = (20 + length).to_be_bytes();
            let first = [0x45, 0, high, low, 0, 7, 0, 0, 64, protocol, 0, 0];
            let header = [&first[..], &from.octets(), &to.octets()].concat();
            let sum = sum_of(&header);
            with_checksum(header, 10, sum)
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let [high, low] = length.to_be_bytes();
            let first = [0x60, 0, 0, 0, high, low, protocol, 64];
            [&first[..], &from.octets(), &to.octets()].concat()
        }
        _ => panic!("{from} and {to} are of two families"),
    };
    [&header, payload].concat()
}

fn send(netns: &Netns, to: IpAddr, packet: &[u8]) {
    let sent = netns.run(|| raw(to)?.send_to(packet, &SockAddr::from(SocketAddr::new(to, 0))));
    sent.unwrap_or_else(|error| panic!("what is for {to} cannot be sent: {error}"));
}

fn raw(to: IpAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(SocketAddr::new(to, 0));
    Socket::new(domain, Type::RAW, Some(RAW.into()))
}

fn with_checksum(mut payload: Vec<u8>, at: usize, sum: u16) -> Vec<u8> {
    payload[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    payload
}

/// The sum of RFC 1071 over the pseudo header and the payload, whose own sum is 0.
fn checksum(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> u16 {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let length = (payload.len() as u16).to_be_bytes();
    let all = [
        &octets(from),
        &octets(to),
        &[0, protocol][..],
        &length,
        payload,
    ]
    .concat();
    sum_of(&all)
}

/// The sum of RFC 1071.
fn sum_of(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|word| {
        let low = word.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([word[0], low]))
    });
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !(((folded & 0xffff) + (folded >> 16)) as u16)
}

/// A UDP socket that hears what arrives.
#[derive(Debug)]
pub struct Ear(UdpSocket);

impl Ear {
    /// Opens one.
    ///
    /// # Panics
    /// When the port is taken.
    pub fn open(netns: &Netns, at: SocketAddr) -> Self {
        let bind = || {
            let socket = Socket::new(Domain::for_address(at), Type::DGRAM, None)?;
            if at.is_ipv6() {
                socket.set_only_v6(true)?;
            }
            socket.bind(&at.into())?;
            Ok::<UdpSocket, io::Error>(socket.into())
        };
        let socket = netns.run(|| bound(bind));
        let bound = socket.set_read_timeout(Some(TIME_LIMIT));
        bound.expect("a socket can be given a timeout");
        Self(socket)
    }

    /// What arrives next, and from where, while something is sent again and again: a host that does not know its
    /// neighbours yet loses packets.
    ///
    /// # Panics
    /// When nothing comes.
    pub fn next_of(&self, send: impl Fn()) -> (String, SocketAddr) {
        let since = Instant::now();
        while since.elapsed() < TIME_LIMIT {
            send();
            let mut byte = [0];
            let again = self.0.set_read_timeout(Some(AGAIN));
            again.expect("a socket can be given a timeout");
            if self.0.peek(&mut byte).is_ok() {
                break;
            }
        }
        self.next()
    }

    /// What arrives next, and from where.
    ///
    /// # Panics
    /// When nothing comes.
    pub fn next(&self) -> (String, SocketAddr) {
        let mut bytes = [0; 2048];
        let (length, from) = self.0.recv_from(&mut bytes).expect("something arrives");
        (String::from_utf8_lossy(&bytes[..length]).into_owned(), from)
    }
}

/// A raw socket. It receives every packet of its protocol that arrives in a namespace, for any port.
#[derive(Debug)]
pub struct Wiretap(Socket);

impl Wiretap {
    /// Opens one for the TCP segments of IPv4 or IPv6.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn open(netns: &Netns, is_ipv4: bool) -> Self {
        let domain = if is_ipv4 { Domain::IPV4 } else { Domain::IPV6 };
        Self::of(netns, domain, Protocol::TCP)
    }

    /// Opens those for TCP and UDP over IPv4 and IPv6: they see what gets as far as a program could hear it.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn open_all(netns: &Netns) -> Vec<Self> {
        let domains = [Domain::IPV4, Domain::IPV6].into_iter();
        let of_domain =
            |domain| [Protocol::TCP, Protocol::UDP].map(|of| Self::of(netns, domain, of));
        domains.flat_map(of_domain).collect()
    }

    /// Opens one for the frames of every interface (packet(7)): those that are sent too, and those that are dropped after.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn open_frames(netns: &Netns) -> Self {
        /// `ETH_P_ALL` of linux/if_ether.h.
        const EVERY: u16 = 3;
        Self::of(netns, Domain::PACKET, i32::from(EVERY.to_be()).into())
    }

    fn of(netns: &Netns, domain: Domain, protocol: Protocol) -> Self {
        let open = || {
            let socket = Socket::new(domain, Type::RAW, Some(protocol))?;
            set_socket_recv_buffer_size_force(&socket, 1 << 22)?;
            socket.set_read_timeout(Some(TIME_LIMIT))?;
            Ok::<Socket, io::Error>(socket)
        };
        Self(netns.run(open).expect("a raw socket can be opened"))
    }

    /// The packets that arrived since the last call, with the headers that the socket adds.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn waiting(&self) -> Vec<Vec<u8>> {
        let mut bytes = [0; 2048];
        let mut all = Vec::new();
        loop {
            match recvfrom(&self.0, &mut bytes, RecvFlags::DONTWAIT) {
                Ok((length, _, _)) => all.push(bytes[..length].to_vec()),
                Err(Errno::AGAIN) => return all,
                Err(error) => panic!("a raw socket cannot be read: {error}"),
            }
        }
    }

    /// Whom the next segment to a port is from; those to other ports are passed over.
    ///
    /// # Panics
    /// When none comes.
    pub fn next_to(&self, port: u16) -> IpAddr {
        let mut bytes = [0; 2048];
        loop {
            let heard = recvfrom(&self.0, &mut bytes, RecvFlags::empty());
            let (length, _, from) = heard.expect("something arrives");
            let from = from.and_then(|from| SocketAddr::try_from(from).ok());
            let from = from.expect("a raw socket tells addresses").ip();
            // IPv4 comes with its header (raw(7)), IPv6 without.
            let header = if from.is_ipv4() {
                usize::from(bytes[0] & 15) * 4
            } else {
                0
            };
            let segment = &bytes[header..length];
            if segment[2..4] == port.to_be_bytes() {
                return from;
            }
        }
    }
}

/// The Ethernet address of an interface.
///
/// # Panics
/// When there is no such interface.
pub fn mac_of(netns: &Netns, interface: &str) -> [u8; 6] {
    let shown = netns.sh(&format!("ip -br link show dev {interface}"));
    let mac = shown.split_whitespace().nth(2);
    frames::mac(mac.expect("an Ethernet address"))
}

/// A frame with a packet of IPv4 or IPv6, behind tags of VLANs by their type and number.
pub fn frame([from_mac, to_mac]: [[u8; 6]; 2], tags: &[(u16, u16)], packet: &[u8]) -> Vec<u8> {
    let kind = match packet.first() {
        Some(0x60..0x70) => 0x86dd,
        _ => 0x0800,
    };
    let tags = tags.iter().flat_map(|(kind, vlan)| [*kind, *vlan]);
    let tags: Vec<u8> = tags.chain([kind]).flat_map(u16::to_be_bytes).collect();
    [&to_mac[..], &from_mac, &tags, packet].concat()
}

/// A frame with a router advertisement (RFC 4861, section 4.2) to all nodes: a router for half an hour, and a prefix of
/// 64 bits from which to make addresses.
pub fn router_advertisement(from_mac: [u8; 6], router: Ipv6Addr, prefix: Ipv6Addr) -> Vec<u8> {
    const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let [high, low] = 1800_u16.to_be_bytes();
    let mut message = vec![134, 0, 0, 0, 64, 0, high, low, 0, 0, 0, 0, 0, 0, 0, 0];
    // The router's Ethernet address; the prefix, on the link and for addresses, an hour long.
    message.extend([1, 1]);
    message.extend(from_mac);
    message.extend([3, 4, 64, 0xc0, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0, 0]);
    message.extend(prefix.octets());
    let sum = checksum(router.into(), ALL_NODES.into(), ICMPV6, &message);
    let message = with_checksum(message, 2, sum);
    let [high, low] = (message.len() as u16).to_be_bytes();
    let header = [0x60, 0, 0, 0, high, low, ICMPV6, 255];
    let to_mac = [0x33, 0x33, 0, 0, 0, 1];
    let ethernet = [&to_mac[..], &from_mac, &[0x86, 0xdd]].concat();
    let addresses = [router.octets(), ALL_NODES.octets()];
    [&ethernet, &header[..], addresses.as_flattened(), &message].concat()
}
