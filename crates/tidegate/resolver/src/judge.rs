//! Decides what to do with a query.

use std::net::IpAddr;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, Record, RecordType};

use crate::own_domain;
use crate::respond::{address, bare, datagram_limit, encode, pointer, response};
use crate::zone::View;
use crate::{Question, Zone};

/// Bytes of a header (RFC 1035 section 4.1.1).
const HEADER: usize = 12;

/// By what a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A datagram: the answer must fit one.
    Udp,
    /// A connection.
    Tcp,
}

/// A question as it came.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who asks.
    pub from: IpAddr,
    /// At which address.
    pub to: IpAddr,
    /// The incoming interface; none for TCP, where the connection proves the source address.
    pub by: Option<&'a str>,
    /// By what.
    pub transport: Transport,
    /// The question.
    pub bytes: &'a [u8],
}

/// The decision about a query.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Ignore it: it is not a query, or the sender may not ask. So forged queries cause no answers to the forged
    /// address.
    Ignore,
    /// This is answered.
    Answer(Vec<u8>),
    /// Answer this.
    Refuse(Vec<u8>),
    /// Others are to be asked.
    Forward(Box<Question>),
}

/// Decides about any bytes.
pub fn judge(zone: &Zone, asked: Asked<'_>) -> Verdict {
    let Some(view) = zone.view(asked.from, asked.to, asked.by) else {
        return Verdict::Ignore;
    };
    let Ok(request) = Message::from_vec(asked.bytes) else {
        return malformed(asked.bytes).map_or(Verdict::Ignore, Verdict::Answer);
    };
    if request.metadata.message_type != MessageType::Query {
        return Verdict::Ignore;
    }
    let limit = match asked.transport {
        Transport::Udp => datagram_limit(&request),
        Transport::Tcp => usize::from(u16::MAX),
    };
    let request = DnsQuery {
        view,
        limit,
        bytes: asked.bytes,
        message: &request,
    };
    request.judge().unwrap_or(Verdict::Ignore)
}

/// The answer "format error" with the header of the query (RFC 1035 section 4.1.1). None if the bytes have no header
/// or are an answer.
fn malformed(bytes: &[u8]) -> Option<Vec<u8>> {
    const IS_ANSWER: u8 = 0x80;
    const OPCODE_AND_RD: u8 = 0x79;
    const FORMAT_ERROR: u8 = 1;
    let [a, b, flags, ..] = *bytes else {
        return None;
    };
    (bytes.len() >= HEADER && flags & IS_ANSWER == 0).then_some(())?;
    let mut answer = vec![0; HEADER];
    answer[..4].copy_from_slice(&[a, b, IS_ANSWER | flags & OPCODE_AND_RD, FORMAT_ERROR]);
    Some(answer)
}

/// A query of a permitted client.
struct DnsQuery<'a> {
    view: View<'a>,
    message: &'a Message,
    bytes: &'a [u8],
    limit: usize,
}

impl DnsQuery<'_> {
    /// None if no answer fits.
    fn judge(&self) -> Option<Verdict> {
        let metadata = &self.message.metadata;
        if metadata.op_code != OpCode::Query {
            return self.refuse(ResponseCode::NotImp);
        }
        let [query] = self.message.queries.as_slice() else {
            return self.refuse(ResponseCode::FormErr);
        };
        if self
            .message
            .edns
            .as_ref()
            .is_some_and(|edns| edns.version() > 0)
        {
            return self.refuse(ResponseCode::BADVERS);
        }
        let is_transfer = matches!(query.query_type(), RecordType::AXFR | RecordType::IXFR);
        if query.query_class() != DNSClass::IN || is_transfer {
            return self.refuse(ResponseCode::Refused);
        }
        if let Some(address) = asks_for_name_of(query) {
            return self.name_of(query, address);
        }
        let addresses = |name: String| {
            let name = own_domain::within(&name).unwrap_or(&name);
            let of_endpoints = self.view.addresses(name);
            of_endpoints.or_else(|| self.view.host(name))
        };
        match text(query.name()).and_then(addresses) {
            Some(addresses) => self.addresses(query, addresses),
            None if is_private(query) => self.answer(ResponseCode::NXDomain, Vec::new()),
            None => self.forward(query),
        }
    }

    /// Answers with the addresses of the requested family, or with none.
    fn addresses(&self, query: &Query, addresses: Vec<IpAddr>) -> Option<Verdict> {
        let is_wanted = |ip: &IpAddr| match query.query_type() {
            RecordType::A => ip.is_ipv4(),
            RecordType::AAAA => ip.is_ipv6(),
            RecordType::ANY => true,
            _ => false,
        };
        let addresses = addresses.into_iter().filter(is_wanted);
        let mut records: Vec<Record> = addresses.map(|ip| address(query.name(), ip)).collect();
        if !records.is_empty() {
            // Clients use the first address, so each answer begins with another one.
            let first = usize::from(self.message.metadata.id) % records.len();
            records.rotate_left(first);
        }
        self.answer(ResponseCode::NoError, records)
    }

    /// Answers with the name of an address. A free address of the client's own networks, and of those that they reach,
    /// is not forwarded. Addresses of other networks are forwarded like all others.
    fn name_of(&self, query: &Query, address: IpAddr) -> Option<Verdict> {
        let named = self.view.name_of(address).and_then(|(name, network)| {
            let labels = name.labels().chain(network.labels());
            // As bytes: text is taken as an internationalized name, which may not have each character that ours may.
            Name::from_labels(labels.map(str::as_bytes)).ok()
        });
        match named {
            Some(to) => self.answer(ResponseCode::NoError, vec![pointer(query.name(), to)]),
            None if self.view.has(address) => self.answer(ResponseCode::NXDomain, Vec::new()),
            None => self.forward(query),
        }
    }

    fn answer(&self, code: ResponseCode, records: Vec<Record>) -> Option<Verdict> {
        let mut response = response(self.message, code);
        response.metadata.authoritative = true;
        response.add_answers(records);
        encode(&response, self.limit).map(Verdict::Answer)
    }

    fn refuse(&self, code: ResponseCode) -> Option<Verdict> {
        bare(self.message, code, self.limit).map(Verdict::Refuse)
    }

    /// Internal networks get no forwarding without `--dns-forward`: a query could carry data out like any packet.
    fn forward(&self, query: &Query) -> Option<Verdict> {
        if !self.view.forwards() || !self.message.metadata.recursion_desired {
            return self.refuse(ResponseCode::Refused);
        }
        let question = Question::new(self.message, query, self.bytes, self.limit);
        let question = question.for_servers(self.view.servers());
        Some(Verdict::Forward(Box::new(question)))
    }
}

/// The address whose name is asked for.
fn asks_for_name_of(query: &Query) -> Option<IpAddr> {
    (query.query_type() == RecordType::PTR).then_some(())?;
    let net = query.name().parse_arpa_name().ok()?;
    (net.prefix_len() == net.max_prefix_len()).then(|| net.addr())
}

/// Whether an unknown name must not be forwarded: it is in the domain of endpoints' names, or it has a single label, like
/// names of endpoints, and is not a query for a top-level domain.
fn is_private(query: &Query) -> bool {
    let of_domain = matches!(
        query.query_type(),
        RecordType::NS | RecordType::SOA | RecordType::DS | RecordType::DNSKEY
    );
    let is_single = query.name().num_labels() == 1 && !of_domain;
    is_single || own_domain::has(query.name())
}

/// The name in the form of an endpoint's name, in lower case; none if it cannot be one.
fn text(name: &Name) -> Option<String> {
    let is_ours = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let part = |label: &[u8]| {
        let label = label.iter().all(is_ours).then_some(label)?;
        Some(std::str::from_utf8(label).ok()?.to_ascii_lowercase())
    };
    let parts = name.iter().map(part).collect::<Option<Vec<_>>>()?;
    Some(parts.join("."))
}
