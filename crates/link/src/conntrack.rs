//! Forgetting tracked connections, over ctnetlink (linux/netfilter/nfnetlink_conntrack.h).
//!
//! A UDP connection that was tracked while its port was published goes on being translated as
//! long as packets come, so it has to be forgotten when the port is withdrawn.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{DefaultNla, Emitable, NLA_F_NESTED};
use rustix::io::Errno;
use tidegate_model::links::Flow;

use crate::error::Cause;
use crate::netlink::{DUMP, Request, Socket, attribute};

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET`.
const GET: u16 = 0x0101;
/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE`.
const DELETE: u16 = 0x0102;
// enum ctattr_type
const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_ID: u16 = 12;
const CTA_ZONE: u16 = 18;
const CTA_FILTER: u16 = 25;
// enum ctattr_tuple
const CTA_TUPLE_IP: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
// enum ctattr_ip
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V6_SRC: u16 = 3;
// enum ctattr_l4proto
const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTO_DST_PORT: u16 = 3;
// enum ctattr_filter, and the kernel's CTA_FILTER_F_CTA_IP_SRC
const CTA_FILTER_ORIG_FLAGS: u16 = 1;
const CTA_FILTER_REPLY_FLAGS: u16 = 2;
const BY_SOURCE: u32 = 1;
/// linux/socket.h.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// Length of `struct nfgenmsg`.
const HEADER: usize = 4;
/// How many are deleted with one datagram; the answers fit a socket's default buffer.
const BATCH: usize = 64;

/// Forgets every tracked connection of the flows. A kernel that tracks none has none to forget.
pub(crate) fn forget(socket: &mut Socket, flows: &[Flow]) -> Result<(), Cause> {
    let endpoints: BTreeSet<IpAddr> = flows.iter().map(|flow| flow.endpoint).collect();
    for endpoint in &endpoints {
        if let IpAddr::V4(ip) = endpoint {
            let lists = [get_sent_on_to(*ip), get_all(AF_INET)];
            forget_listed(socket, &lists, flows)?;
        }
    }
    match endpoints.iter().any(IpAddr::is_ipv6) {
        true => forget_listed(socket, &[get_all(AF_INET6)], flows),
        false => Ok(()),
    }
}

/// Forgets those connections of the flows that are in the first list that the kernel can make.
fn forget_listed(socket: &mut Socket, lists: &[Request], flows: &[Flow]) -> Result<(), Cause> {
    let doomed = |body: &[u8]| {
        let found = Tracked::decode(body)?;
        let is_doomed = flows.iter().any(|flow| found.is_of(flow));
        is_doomed.then(|| found.delete())
    };
    for list in lists {
        match socket.dump(list, doomed) {
            // A kernel that does not know the filter may refuse it. It says the same, though, to
            // any request if it tracks no connections at all: nobody is there to answer.
            Err(cause) if is_unknown(&cause) => {}
            listed => return delete(socket, &listed?),
        }
    }
    Ok(())
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
    id: &'a [u8],
    zone: Option<&'a [u8]>,
}

impl<'a> Tracked<'a> {
    fn decode(body: &'a [u8]) -> Option<Self> {
        let (header, rest) = body.split_first_chunk::<HEADER>()?;
        Some(Self {
            family: header[0],
            original: attribute(rest, CTA_TUPLE_ORIG)?,
            reply: attribute(rest, CTA_TUPLE_REPLY)?,
            id: attribute(rest, CTA_ID)?,
            zone: attribute(rest, CTA_ZONE),
        })
    }

    /// Whether it came to the flow's host port and was sent on to its endpoint.
    fn is_of(&self, flow: &Flow) -> bool {
        protocol(self.original) == Some(flow.protocol.number())
            && port(self.original, CTA_PROTO_DST_PORT) == Some(flow.host_port)
            && source(self.reply) == Some(flow.endpoint)
            && port(self.reply, CTA_PROTO_SRC_PORT) == Some(flow.port)
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

fn get_all(family: u8) -> Request {
    request(GET, DUMP, family, &[])
}

/// Asks for the connections that are sent on to the endpoint. A kernel before 5.8 gives them all.
/// There is no such request for IPv6: the kernel's filter for it is the wrong way round, and
/// leaves out the very connections that were asked for (`ctnetlink_filter_match_tuple`, up to
/// 6.18 at least).
fn get_sent_on_to(endpoint: Ipv4Addr) -> Request {
    let source = DefaultNla::new(CTA_IP_V4_SRC, endpoint.octets().to_vec());
    let reply = nested(CTA_TUPLE_REPLY, &[nested(CTA_TUPLE_IP, &[source])]);
    let flags = |kind, value: u32| DefaultNla::new(kind, value.to_ne_bytes().to_vec());
    let filter = nested(
        CTA_FILTER,
        &[
            flags(CTA_FILTER_ORIG_FLAGS, 0),
            flags(CTA_FILTER_REPLY_FLAGS, BY_SOURCE),
        ],
    );
    request(GET, DUMP, AF_INET, &[reply, filter])
}

/// A request with its `struct nfgenmsg`: family, version 0 and resource 0.
fn request(kind: u16, flags: u16, family: u8, attributes: &[DefaultNla]) -> Request {
    let mut body = vec![family, 0, 0, 0];
    body.extend(encode(attributes));
    Request::from_bytes(kind, flags, body)
}

fn nested(kind: u16, attributes: &[DefaultNla]) -> DefaultNla {
    DefaultNla::new(kind | NLA_F_NESTED, encode(attributes))
}

fn encode(attributes: &[DefaultNla]) -> Vec<u8> {
    let mut bytes = vec![0; attributes.buffer_len()];
    attributes.emit(&mut bytes);
    bytes
}

fn source(tuple: &[u8]) -> Option<IpAddr> {
    let ip = attribute(tuple, CTA_TUPLE_IP)?;
    let v4 = || <[u8; 4]>::try_from(attribute(ip, CTA_IP_V4_SRC)?).ok();
    let v6 = || <[u8; 16]>::try_from(attribute(ip, CTA_IP_V6_SRC)?).ok();
    v4().map(IpAddr::from).or_else(|| v6().map(IpAddr::from))
}

fn protocol(tuple: &[u8]) -> Option<u8> {
    attribute(attribute(tuple, CTA_TUPLE_PROTO)?, CTA_PROTO_NUM)?
        .first()
        .copied()
}

fn port(tuple: &[u8], kind: u16) -> Option<u16> {
    let port = attribute(attribute(tuple, CTA_TUPLE_PROTO)?, kind)?;
    Some(u16::from_be_bytes(*port.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use tidegate_model::Protocol;

    use super::*;
    use crate::netlink::attributes;

    const FLOW: Flow = Flow {
        protocol: Protocol::Udp,
        host_port: 8053,
        endpoint: IpAddr::V4(Ipv4Addr::new(10, 77, 1, 2)),
        port: 53,
    };

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
    fn a_connection_is_of_a_flow_only_if_everything_fits() {
        let entry = entry(&[id()]);
        let tracked = Tracked::decode(&entry).unwrap();
        assert!(tracked.is_of(&FLOW));
        for other in [
            Flow {
                protocol: Protocol::Tcp,
                ..FLOW
            },
            Flow {
                host_port: 53,
                ..FLOW
            },
            Flow { port: 8053, ..FLOW },
            Flow {
                endpoint: [192, 0, 2, 9].into(),
                ..FLOW
            },
        ] {
            assert!(!tracked.is_of(&other), "{other:?}");
        }
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
