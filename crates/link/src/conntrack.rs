//! Tracked connections: forgetting them, and what passes through them, over ctnetlink (linux/netfilter/nfnetlink_conntrack.h).
//!
//! A UDP connection that was tracked while its port was published goes on being translated as
//! long as packets come, so it has to be forgotten when the port is withdrawn.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use netlink_packet_core::{DefaultNla, Emitable, NLA_F_NESTED};
use rustix::io::Errno;
use tidegate_model::Protocol;
use tidegate_model::links::Flow;
use tidegate_model::traffic::{Counts, Course, Passed};

use crate::error::Cause;
use crate::netlink::{DUMP, Request, Socket, attribute};

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET`.
const GET: u16 = 0x0101;
/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE`.
const DELETE: u16 = 0x0102;
// enum ctattr_type
const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_STATUS: u16 = 3;
const CTA_COUNTERS_ORIG: u16 = 9;
const CTA_COUNTERS_REPLY: u16 = 10;
const CTA_ID: u16 = 12;
const CTA_ZONE: u16 = 18;
const CTA_STATUS_MASK: u16 = 26;
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
// enum ctattr_counters
const CTA_COUNTERS_PACKETS: u16 = 1;
const CTA_COUNTERS_BYTES: u16 = 2;
/// enum ip_conntrack_status (linux/netfilter/nf_conntrack_common.h).
const IPS_DST_NAT: u32 = 1 << 5;
/// linux/socket.h.
const AF_UNSPEC: u8 = 0;
/// Length of `struct nfgenmsg`.
const HEADER: usize = 4;
/// How many are deleted with one datagram; the answers fit a socket's default buffer.
const BATCH: usize = 64;

/// Forgets every tracked connection of the flows, of both families in one walk over the kernel's table:
/// its size, not what is in it, is what the walk costs (some 11 ms for 262,144 buckets). A kernel that tracks
/// none has none to forget.
pub(crate) fn forget(socket: &mut Socket, flows: &[Flow]) -> Result<(), Cause> {
    let flows: HashSet<Flow> = flows.iter().copied().collect();
    if flows.is_empty() {
        return Ok(());
    }
    let doomed = |body: &[u8]| {
        let found = Tracked::decode(body)?;
        flows.contains(&found.flow()?).then(|| found.delete())
    };
    let list = match flows.iter().all(|flow| flow.translated) {
        true => get_translated(),
        false => get_all(),
    };
    match socket.dump(&list, doomed) {
        // A kernel says so to any request if it tracks no connections at all: nobody is there to answer.
        Err(cause) if is_unknown(&cause) => Ok(()),
        listed => delete(socket, &listed?),
    }
}

/// What passes through the tracked connections, by the course that they took.
pub(crate) fn traffic(socket: &mut Socket) -> Result<Vec<(Course, Passed)>, Cause> {
    let listed = socket.dump(&get_all(), |body| {
        let found = Tracked::decode(body)?;
        Some((found.course()?, found.passed()))
    });
    let mut sums: HashMap<Course, Passed> = HashMap::new();
    match listed {
        Err(cause) if is_unknown(&cause) => {}
        listed => listed?
            .into_iter()
            .for_each(|(course, passed)| *sums.entry(course).or_default() += passed),
    }
    Ok(sums.into_iter().collect())
}

fn is_unknown(cause: &Cause) -> bool {
    matches!(
        cause.refused_with(),
        Some(Errno::INVAL | Errno::OPNOTSUPP | Errno::PROTONOSUPPORT)
    )
}

fn delete(socket: &mut Socket, requests: &[Request]) -> Result<(), Cause> {
    for batch in requests.chunks(BATCH) {
        for answer in socket.exchange(batch)? {
            match answer {
                Err(refusal) if refusal.errno != Errno::NOENT => return Err(refusal.into()),
                _ => {}
            }
        }
    }
    Ok(())
}

/// A tracked connection, as its entry in the kernel's list says.
struct Tracked<'a> {
    family: u8,
    /// As the client sees it.
    original: &'a [u8],
    /// As the endpoint sees it, seen from the endpoint.
    reply: &'a [u8],
    /// enum ip_conntrack_status.
    status: u32,
    id: &'a [u8],
    zone: Option<&'a [u8]>,
    /// What went the original way, and the way of replies; none where the kernel does not count.
    counters: [Option<&'a [u8]>; 2],
}

impl<'a> Tracked<'a> {
    fn decode(body: &'a [u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<HEADER>()?;
        Some(Self {
            family: header[0],
            original: attribute(rest, CTA_TUPLE_ORIG)?,
            reply: attribute(rest, CTA_TUPLE_REPLY)?,
            status: u32::from_be_bytes(*attribute(rest, CTA_STATUS)?.first_chunk()?),
            id: attribute(rest, CTA_ID)?,
            zone: attribute(rest, CTA_ZONE),
            counters: [CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY].map(|kind| attribute(rest, kind)),
        })
    }

    /// The course that it took.
    fn course(&self) -> Option<Course> {
        Some(Course {
            protocol: protocol(self.original)?,
            at: address(self.original, [CTA_IP_V4_DST, CTA_IP_V6_DST])?,
            came_to: port(self.original, CTA_PROTO_DST_PORT)?,
            endpoint: source(self.reply)?,
            port: port(self.reply, CTA_PROTO_SRC_PORT)?,
        })
    }

    /// What passed through it.
    fn passed(&self) -> Passed {
        let [received, sent] = self.counters.map(|counters| Counts {
            packets: counter(counters, CTA_COUNTERS_PACKETS),
            bytes: counter(counters, CTA_COUNTERS_BYTES),
        });
        Passed {
            connections: 1,
            received,
            sent,
        }
    }

    /// The flow that it is one of.
    fn flow(&self) -> Option<Flow> {
        Some(Flow {
            protocol: protocol(self.original)?,
            came_to: port(self.original, CTA_PROTO_DST_PORT)?,
            endpoint: source(self.reply)?,
            port: port(self.reply, CTA_PROTO_SRC_PORT)?,
            translated: self.status & IPS_DST_NAT != 0,
        })
    }

    /// The request that deletes exactly this one: by its original direction and its identity.
    /// Without the former the kernel would delete every connection.
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

/// Asks for the connections with a destination that was translated. A kernel before 5.18 gives them all.
fn get_translated() -> Request {
    let bits = |kind| DefaultNla::new(kind, IPS_DST_NAT.to_be_bytes().to_vec());
    request(
        GET,
        DUMP,
        AF_UNSPEC,
        &[bits(CTA_STATUS), bits(CTA_STATUS_MASK)],
    )
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
    let number = attribute(attribute(tuple, CTA_TUPLE_PROTO)?, CTA_PROTO_NUM)?.first()?;
    let mut known = Protocol::ALL.into_iter();
    known.find(|protocol| protocol.number() == *number)
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

    use super::*;
    use crate::netlink::attributes;

    /// linux/socket.h.
    const AF_INET: u8 = 2;

    const FLOW: Flow = Flow {
        protocol: Protocol::Udp,
        came_to: 8053,
        endpoint: IpAddr::V4(Ipv4Addr::new(10, 77, 1, 2)),
        port: 53,
        translated: true,
    };

    fn nested(kind: u16, attributes: &[DefaultNla]) -> DefaultNla {
        DefaultNla::new(kind | NLA_F_NESTED, encode(attributes))
    }

    fn tuple(kind: u16, source: [u8; 4], source_port: u16, port: u16) -> DefaultNla {
        let value = |kind, value: &[u8]| DefaultNla::new(kind, value.to_vec());
        let ip = nested(CTA_TUPLE_IP, &[value(CTA_IP_V4_SRC, &source)]);
        let ports = [
            value(CTA_PROTO_NUM, &[17]),
            value(CTA_PROTO_SRC_PORT, &source_port.to_be_bytes()),
            value(CTA_PROTO_DST_PORT, &port.to_be_bytes()),
        ];
        nested(kind, &[ip, nested(CTA_TUPLE_PROTO, &ports)])
    }

    /// A client's port 40000 to the host's 8053, sent on to the endpoint's 53.
    fn entry(more: &[DefaultNla]) -> Vec<u8> {
        let mut attributes = vec![
            DefaultNla::new(CTA_STATUS, IPS_DST_NAT.to_be_bytes().to_vec()),
            tuple(CTA_TUPLE_ORIG, [192, 0, 2, 9], 40000, 8053),
            tuple(CTA_TUPLE_REPLY, [10, 77, 1, 2], 53, 40000),
        ];
        attributes.extend_from_slice(more);
        [vec![AF_INET, 0, 0, 0], encode(&attributes)].concat()
    }

    fn id() -> DefaultNla {
        DefaultNla::new(CTA_ID, vec![1, 2, 3, 4])
    }

    #[test]
    fn a_connection_is_of_the_flow_that_it_came_by() {
        let entry = entry(&[id()]);
        let tracked = Tracked::decode(&entry).unwrap();
        assert_eq!(tracked.flow(), Some(FLOW));
    }

    #[test]
    fn what_passes_is_what_the_kernel_counted() {
        let counter = |kind, value: u64| DefaultNla::new(kind, value.to_be_bytes().to_vec());
        let counters = |kind, packets, bytes| {
            let both = [
                counter(CTA_COUNTERS_PACKETS, packets),
                counter(CTA_COUNTERS_BYTES, bytes),
            ];
            nested(kind, &both)
        };
        let uncounted = entry(&[id()]);
        let passed = Tracked::decode(&uncounted).unwrap().passed();
        let mut expected = Passed {
            connections: 1,
            ..Passed::default()
        };
        assert_eq!(passed, expected);
        let counted = entry(&[
            id(),
            counters(CTA_COUNTERS_ORIG, 2, 1 << 40),
            counters(CTA_COUNTERS_REPLY, 3, 300),
        ]);
        let passed = Tracked::decode(&counted).unwrap().passed();
        let counts = |packets, bytes| Counts { packets, bytes };
        (expected.received, expected.sent) = (counts(2, 1 << 40), counts(3, 300));
        assert_eq!(passed, expected);
    }

    #[test]
    fn a_deletion_names_exactly_one_connection() {
        let zone = DefaultNla::new(CTA_ZONE, vec![0, 5]);
        for more in [vec![id()], vec![id(), zone]] {
            let entry = entry(&more);
            let tracked = Tracked::decode(&entry).unwrap();
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
        assert!(Tracked::decode(&entry(&[])).is_none());
        assert!(Tracked::decode(&[AF_INET, 0]).is_none());
    }
}
