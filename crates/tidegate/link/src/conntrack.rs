//! Tracked connections over ctnetlink (linux/netfilter/nfnetlink_conntrack.h): deletes them and counts their traffic.
//!
//! The kernel handles every packet of a connection like its first one. So a connection may still lead to a port that
//! was withdrawn, or to an address that has another holder, or bypass a port that was published later. Entries that
//! the table would now handle in another way must be deleted. The caller decides which ones.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use netlink_packet_core::{DefaultNla, Emitable, NLA_F_NESTED};
use rustix::io::Errno;
use tidegate_model::Protocol;
use tidegate_model::tracked::{Ends, Fate, Tracked};
use tidegate_model::traffic::{ConnectionKey, Counts, TrafficCounts};
use tidegate_sys::Netns;
use tidegate_sys::netlink::{self, DUMP, Request, Socket, attribute};

use crate::Connections;
use crate::error::{Cause, ErrorKind, LinkError};
use crate::nearby::Nearby;

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET`.
const GET: u16 = 0x0101;
/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE`.
pub(crate) const DELETE: u16 = 0x0102;
// enum ctattr_type
const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_STATUS: u16 = 3;
const CTA_PROTOINFO: u16 = 4;
const CTA_COUNTERS_ORIG: u16 = 9;
const CTA_COUNTERS_REPLY: u16 = 10;
const CTA_ID: u16 = 12;
const CTA_ZONE: u16 = 18;
// enum ctattr_tuple
const CTA_TUPLE_IP: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
// enum ctattr_ip
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V4_DST: u16 = 2;
const CTA_IP_V6_SRC: u16 = 3;
const CTA_IP_V6_DST: u16 = 4;
// enum ctattr_l4proto
const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTO_DST_PORT: u16 = 3;
// enum ctattr_protoinfo
const CTA_PROTOINFO_TCP: u16 = 1;
const CTA_PROTOINFO_SCTP: u16 = 3;
// enum ctattr_protoinfo_tcp and enum ctattr_protoinfo_sctp
const CTA_PROTOINFO_STATE: u16 = 1;
// enum tcp_conntrack (linux/netfilter/nf_conntrack_tcp.h)
const TCP_ESTABLISHED: u8 = 3;
/// One end has closed the connection.
const TCP_FIN_WAIT: u8 = 4;
/// The other end has confirmed that, and may still send.
const TCP_CLOSE_WAIT: u8 = 5;
/// enum sctp_conntrack (linux/netfilter/nf_conntrack_sctp.h).
const SCTP_ESTABLISHED: u8 = 4;
// enum ctattr_counters
const CTA_COUNTERS_PACKETS: u16 = 1;
const CTA_COUNTERS_BYTES: u16 = 2;
// enum ip_conntrack_status (linux/netfilter/nf_conntrack_common.h)
const IPS_EXPECTED: u32 = 1 << 0;
const IPS_ASSURED: u32 = 1 << 2;
const IPS_SRC_NAT: u32 = 1 << 4;
const IPS_DST_NAT: u32 = 1 << 5;
/// linux/socket.h.
const AF_UNSPEC: u8 = 0;
/// Length of `struct nfgenmsg`.
const HEADER: usize = 4;

/// The kernel's tracked connections. Sockets are opened when they are first needed, and kept.
pub(crate) struct Conntrack {
    home: Arc<Netns>,
    sockets: Option<Sockets>,
}

struct Sockets {
    netfilter: Socket,
    route: Socket,
}

impl Conntrack {
    /// Those of a namespace.
    pub(crate) const fn new(home: Arc<Netns>) -> Self {
        Self {
            home,
            sockets: None,
        }
    }

    /// Runs `work` with the sockets; does nothing if the kernel tracks no connections. After a failure the sockets
    /// may hold unread answers, so the next call opens new ones.
    fn with<T: Default>(
        &mut self,
        work: impl FnOnce(&mut Sockets) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        let mut sockets = match self.sockets.take() {
            Some(sockets) => sockets,
            None => {
                let open = || self.home.run_here(Sockets::open)?;
                match open() {
                    Err(cause) if cause.kind() == ErrorKind::Unsupported => return Ok(T::default()),
                    opened => opened?,
                }
            }
        };
        let done = work(&mut sockets);
        self.sockets = done.is_ok().then_some(sockets);
        done
    }
}

impl Sockets {
    fn open() -> Result<Self, Cause> {
        Ok(Self {
            netfilter: Socket::open(netlink::Family::Netfilter)?,
            route: Socket::open(netlink::Family::Route)?,
        })
    }
}

impl Connections for Conntrack {
    fn forget(&mut self, fate: &dyn Fn(&Tracked) -> Fate) -> Result<usize, LinkError> {
        self.with(|sockets| forget(sockets, fate))
            .map_err(|cause| LinkError::new("forget tracked connections", cause))
    }

    fn traffic(&mut self) -> Result<Vec<(ConnectionKey, TrafficCounts)>, LinkError> {
        self.with(|sockets| traffic(&mut sockets.netfilter))
            .map_err(|cause| LinkError::new("list the tracked connections", cause))
    }
}

/// The cost of a walk depends on the size of the kernel's table, not on its content (some 11 ms for 262,144 buckets).
fn forget(sockets: &mut Sockets, fate: &dyn Fn(&Tracked) -> Fate) -> Result<usize, Cause> {
    let look = |body: &[u8]| {
        let entry = Entry::decode(body)?;
        match fate(&entry.tracked()?) {
            Fate::Keep => None,
            fate => Some((fate, entry.delete())),
        }
    };
    let found = match sockets.netfilter.dump(&get_all(), look) {
        // The kernel's answer to every request if it tracks no connections.
        Err(error) if is_unknown(&error) => return Ok(0),
        listed => listed?,
    };
    let mut nearby = None;
    let mut doomed = Vec::new();
    for (fate, request) in found {
        let is_doomed = match fate {
            Fate::Keep => false,
            Fate::Forget => true,
            Fate::ForgetIfHosts(ip) => look_around(&mut nearby, sockets)?.is_hosts(ip),
            Fate::ForgetUnlessNear(ip, links) => {
                !look_around(&mut nearby, sockets)?.is_near(ip, &links)
            }
        };
        if is_doomed {
            doomed.push(request);
        }
    }
    delete(&mut sockets.netfilter, &doomed)?;
    Ok(doomed.len())
}

/// Looks at the routes the first time.
fn look_around<'a>(
    nearby: &'a mut Option<Nearby>,
    sockets: &mut Sockets,
) -> Result<&'a Nearby, Cause> {
    Ok(match nearby {
        Some(nearby) => nearby,
        none => none.insert(Nearby::look(&mut sockets.route)?),
    })
}

/// What passes through the tracked connections, by the course that they took.
fn traffic(socket: &mut Socket) -> Result<Vec<(ConnectionKey, TrafficCounts)>, Cause> {
    let listed = socket.dump(&get_all(), course);
    let mut sums: HashMap<ConnectionKey, TrafficCounts> = HashMap::new();
    match listed {
        Err(error) if is_unknown(&error) => {}
        listed => listed?
            .into_iter()
            .for_each(|(course, passed)| *sums.entry(course).or_default() += passed),
    }
    Ok(sums.into_iter().collect())
}

/// What passed through the connection of a message, by the course that it took; none for a protocol without ports.
pub(crate) fn course(body: &[u8]) -> Option<(ConnectionKey, TrafficCounts)> {
    let found = Entry::decode(body)?;
    Some((found.course()?, found.passed()))
}

fn is_unknown(error: &netlink::Error) -> bool {
    matches!(
        error.errno(),
        Some(Errno::INVAL | Errno::OPNOTSUPP | Errno::PROTONOSUPPORT)
    )
}

fn delete(socket: &mut Socket, requests: &[Request]) -> Result<(), Cause> {
    for answer in socket.exchange(requests)? {
        match answer {
            Err(refusal) if refusal.errno != Errno::NOENT => return Err(refusal.into()),
            _ => {}
        }
    }
    Ok(())
}

/// A tracked connection, as its entry in the kernel's list says.
struct Entry<'a> {
    family: u8,
    /// As the client sees it.
    original: &'a [u8],
    /// As the endpoint sees it, seen from the endpoint.
    reply: &'a [u8],
    /// enum ip_conntrack_status.
    status: u32,
    /// What TCP and SCTP have of their own.
    of_protocol: Option<&'a [u8]>,
    id: &'a [u8],
    zone: Option<&'a [u8]>,
    /// Counters of the original and the reply direction; none if the kernel does not count.
    counters: [Option<&'a [u8]>; 2],
}

impl<'a> Entry<'a> {
    fn decode(body: &'a [u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<HEADER>()?;
        Some(Self {
            family: header[0],
            original: attribute(rest, CTA_TUPLE_ORIG)?,
            reply: attribute(rest, CTA_TUPLE_REPLY)?,
            status: u32::from_be_bytes(*attribute(rest, CTA_STATUS)?.first_chunk()?),
            of_protocol: attribute(rest, CTA_PROTOINFO),
            id: attribute(rest, CTA_ID)?,
            zone: attribute(rest, CTA_ZONE),
            counters: [CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY].map(|kind| attribute(rest, kind)),
        })
    }

    /// The course that it took.
    fn course(&self) -> Option<ConnectionKey> {
        Some(ConnectionKey {
            protocol: protocol(self.original)?,
            at: address(self.original, [CTA_IP_V4_DST, CTA_IP_V6_DST])?,
            came_to: port(self.original, CTA_PROTO_DST_PORT)?,
            endpoint: source(self.reply)?,
            port: port(self.reply, CTA_PROTO_SRC_PORT)?,
        })
    }

    /// What passed through it.
    fn passed(&self) -> TrafficCounts {
        let [received, sent] = self.counters.map(|counters| Counts {
            packets: counter(counters, CTA_COUNTERS_PACKETS),
            bytes: counter(counters, CTA_COUNTERS_BYTES),
        });
        TrafficCounts {
            connections: 1,
            open: u64::from(self.is_open()),
            received,
            sent,
        }
    }

    /// Whether it was accepted, and not closed from both ends. The kernel tracks a connection of TCP for two minutes
    /// after its end, and one without an answer as long. UDP has neither: there it is as open as it is tracked.
    fn is_open(&self) -> bool {
        let state = |kind| {
            let of_protocol = attribute(self.of_protocol?, kind)?;
            attribute(of_protocol, CTA_PROTOINFO_STATE)?
                .first()
                .copied()
        };
        match (state(CTA_PROTOINFO_TCP), state(CTA_PROTOINFO_SCTP)) {
            (Some(state), _) => {
                matches!(state, TCP_ESTABLISHED | TCP_FIN_WAIT | TCP_CLOSE_WAIT)
            }
            (None, Some(state)) => state == SCTP_ESTABLISHED,
            (None, None) => true,
        }
    }

    /// The parts by which the caller decides. Protocols without ports have port 0.
    fn tracked(&self) -> Option<Tracked> {
        let ends = |tuple| {
            Some(Ends {
                source: source(tuple)?,
                source_port: port(tuple, CTA_PROTO_SRC_PORT).unwrap_or(0),
                destination: address(tuple, [CTA_IP_V4_DST, CTA_IP_V6_DST])?,
                destination_port: port(tuple, CTA_PROTO_DST_PORT).unwrap_or(0),
            })
        };
        Some(Tracked {
            protocol: protocol_number(self.original)?,
            original: ends(self.original)?,
            reply: ends(self.reply)?,
            source_translated: self.status & IPS_SRC_NAT != 0,
            destination_translated: self.status & IPS_DST_NAT != 0,
            assured: self.status & IPS_ASSURED != 0,
            expected: self.status & IPS_EXPECTED != 0,
        })
    }

    /// The request that deletes exactly this entry, by original direction and id. Without the direction, the kernel
    /// would delete every connection.
    fn delete(&self) -> Request {
        let original = DefaultNla::new(CTA_TUPLE_ORIG | NLA_F_NESTED, self.original.to_vec());
        let mut attributes = vec![original, DefaultNla::new(CTA_ID, self.id.to_vec())];
        let zone = self
            .zone
            .map(|zone| DefaultNla::new(CTA_ZONE, zone.to_vec()));
        attributes.extend(zone);
        request(DELETE, 0, self.family, &attributes)
    }
}

fn get_all() -> Request {
    request(GET, DUMP, AF_UNSPEC, &[])
}

/// A request with its `struct nfgenmsg`: family, version 0 and resource 0.
fn request(kind: u16, flags: u16, family: u8, attributes: &[DefaultNla]) -> Request {
    let mut body = vec![family, 0, 0, 0];
    body.extend(encode(attributes));
    Request::from_bytes(kind, flags, body)
}

fn encode(attributes: &[DefaultNla]) -> Vec<u8> {
    let mut bytes = vec![0; attributes.buffer_len()];
    attributes.emit(&mut bytes);
    bytes
}

fn source(tuple: &[u8]) -> Option<IpAddr> {
    address(tuple, [CTA_IP_V4_SRC, CTA_IP_V6_SRC])
}

/// The address of a tuple, by its kinds for IPv4 and IPv6.
fn address(tuple: &[u8], [ipv4, ipv6]: [u16; 2]) -> Option<IpAddr> {
    let ip = attribute(tuple, CTA_TUPLE_IP)?;
    let v4 = || <[u8; 4]>::try_from(attribute(ip, ipv4)?).ok();
    let v6 = || <[u8; 16]>::try_from(attribute(ip, ipv6)?).ok();
    v4().map(IpAddr::from).or_else(|| v6().map(IpAddr::from))
}

fn protocol(tuple: &[u8]) -> Option<Protocol> {
    let number = protocol_number(tuple)?;
    let mut known = Protocol::ALL.into_iter();
    known.find(|protocol| protocol.number() == number)
}

fn protocol_number(tuple: &[u8]) -> Option<u8> {
    let number = attribute(attribute(tuple, CTA_TUPLE_PROTO)?, CTA_PROTO_NUM)?;
    number.first().copied()
}

/// One of a connection's counters; 0 where there is none.
fn counter(counters: Option<&[u8]>, kind: u16) -> u64 {
    let value = || attribute(counters?, kind)?.first_chunk();
    value().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn port(tuple: &[u8], kind: u16) -> Option<u16> {
    let port = attribute(attribute(tuple, CTA_TUPLE_PROTO)?, kind)?;
    Some(u16::from_be_bytes(*port.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tidegate_sys::netlink::attributes;

    use super::*;

    /// linux/socket.h.
    const AF_INET: u8 = 2;

    const ENDPOINT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 1, 2));
    const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));
    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn nested(kind: u16, attributes: &[DefaultNla]) -> DefaultNla {
        DefaultNla::new(kind | NLA_F_NESTED, encode(attributes))
    }

    fn octets(ip: IpAddr) -> Vec<u8> {
        match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        }
    }

    fn tuple(kind: u16, ends: Ends) -> DefaultNla {
        let value = |kind, value: &[u8]| DefaultNla::new(kind, value.to_vec());
        let addresses = [
            value(CTA_IP_V4_SRC, &octets(ends.source)),
            value(CTA_IP_V4_DST, &octets(ends.destination)),
        ];
        let ip = nested(CTA_TUPLE_IP, &addresses);
        let ports = [
            value(CTA_PROTO_NUM, &[17]),
            value(CTA_PROTO_SRC_PORT, &ends.source_port.to_be_bytes()),
            value(CTA_PROTO_DST_PORT, &ends.destination_port.to_be_bytes()),
        ];
        nested(kind, &[ip, nested(CTA_TUPLE_PROTO, &ports)])
    }

    const fn ends(
        source: IpAddr,
        source_port: u16,
        destination: IpAddr,
        destination_port: u16,
    ) -> Ends {
        Ends {
            source,
            source_port,
            destination,
            destination_port,
        }
    }

    const TRACKED: Tracked = Tracked {
        protocol: 17,
        original: ends(CLIENT, 40000, HOST, 8053),
        reply: ends(ENDPOINT, 53, CLIENT, 40000),
        source_translated: false,
        destination_translated: true,
        assured: false,
        expected: false,
    };

    /// A client's port 40000 to the host's 8053, sent on to the endpoint's 53.
    fn entry(more: &[DefaultNla]) -> Vec<u8> {
        let mut attributes = vec![
            DefaultNla::new(CTA_STATUS, IPS_DST_NAT.to_be_bytes().to_vec()),
            tuple(CTA_TUPLE_ORIG, TRACKED.original),
            tuple(CTA_TUPLE_REPLY, TRACKED.reply),
        ];
        attributes.extend_from_slice(more);
        [vec![AF_INET, 0, 0, 0], encode(&attributes)].concat()
    }

    fn id() -> DefaultNla {
        DefaultNla::new(CTA_ID, vec![1, 2, 3, 4])
    }

    #[test]
    fn a_connection_is_read_whole() {
        let entry = entry(&[id()]);
        let tracked = Entry::decode(&entry).unwrap().tracked();
        assert_eq!(tracked, Some(TRACKED));
    }

    #[test]
    fn the_traffic_is_what_the_kernel_counted() {
        let counter = |kind, value: u64| DefaultNla::new(kind, value.to_be_bytes().to_vec());
        let counters = |kind, packets, bytes| {
            let both = [
                counter(CTA_COUNTERS_PACKETS, packets),
                counter(CTA_COUNTERS_BYTES, bytes),
            ];
            nested(kind, &both)
        };
        let uncounted = entry(&[id()]);
        let passed = Entry::decode(&uncounted).unwrap().passed();
        let mut expected = TrafficCounts {
            connections: 1,
            open: 1,
            ..TrafficCounts::default()
        };
        assert_eq!(passed, expected);
        let counted = entry(&[
            id(),
            counters(CTA_COUNTERS_ORIG, 2, 1 << 40),
            counters(CTA_COUNTERS_REPLY, 3, 300),
        ]);
        let passed = Entry::decode(&counted).unwrap().passed();
        let counts = |packets, bytes| Counts { packets, bytes };
        (expected.received, expected.sent) = (counts(2, 1 << 40), counts(3, 300));
        assert_eq!(passed, expected);
    }

    #[test]
    fn a_connection_is_open_from_its_acceptance_until_both_ends_closed_it() {
        let is_open = |protocol, state: u8| {
            let state = DefaultNla::new(CTA_PROTOINFO_STATE, vec![state]);
            let info = nested(CTA_PROTOINFO, &[nested(protocol, &[state])]);
            let entry = entry(&[id(), info]);
            Entry::decode(&entry).unwrap().passed().open == 1
        };
        // SYN_SENT to TIME_WAIT, CLOSE and SYN_SENT2 of enum tcp_conntrack.
        let open: Vec<u8> = (0..10)
            .filter(|state| is_open(CTA_PROTOINFO_TCP, *state))
            .collect();
        assert_eq!(open, [TCP_ESTABLISHED, TCP_FIN_WAIT, TCP_CLOSE_WAIT]);
        let open: Vec<u8> = (0..9)
            .filter(|state| is_open(CTA_PROTOINFO_SCTP, *state))
            .collect();
        assert_eq!(open, [SCTP_ESTABLISHED]);
    }

    #[test]
    fn a_deletion_names_exactly_one_connection() {
        let zone = DefaultNla::new(CTA_ZONE, vec![0, 5]);
        for more in [vec![id()], vec![id(), zone]] {
            let entry = entry(&more);
            let tracked = Entry::decode(&entry).unwrap();
            let deletion = tracked.delete();
            let kinds: Vec<u16> = attributes(&deletion.body()[HEADER..])
                .map(|(kind, _)| kind)
                .collect();
            let wanted = [CTA_TUPLE_ORIG, CTA_ID, CTA_ZONE];
            assert_eq!(kinds, wanted[..=more.len()]);
        }
    }

    #[test]
    fn an_entry_that_could_not_be_named_exactly_is_let_be() {
        assert!(Entry::decode(&entry(&[])).is_none());
        assert!(Entry::decode(&[AF_INET, 0]).is_none());
    }
}
