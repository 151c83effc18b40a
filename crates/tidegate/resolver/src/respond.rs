//! Answers as bytes.

use std::net::IpAddr;

use hickory_proto::op::{Edns, Message, Metadata, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, PTR};
use hickory_proto::rr::{Name, RData, Record};

/// TTL of our answers in seconds. It is short because endpoints come and go.
pub const TTL: u32 = 5;

/// Longest answer by UDP, in bytes: what passes unfragmented wherever IPv6 does (DNS flag day 2020,
/// <https://www.dnsflagday.net/2020/>).
pub const MAX_DATAGRAM: usize = 1232;

/// Longest answer by UDP to a client without EDNS, in bytes (RFC 1035 section 4.2.1).
const PLAIN_DATAGRAM: usize = 512;

/// Shortest record, in bytes: one of the root without data (RFC 1035 section 4.1.3).
const SHORTEST_RECORD: usize = 11;

/// Longest answer to a query by UDP, in bytes (RFC 6891 section 6.2.3).
pub(crate) fn datagram_limit(request: &Message) -> usize {
    let offered = request.edns.as_ref().map_or(0, Edns::max_payload);
    usize::from(offered).clamp(PLAIN_DATAGRAM, MAX_DATAGRAM)
}

/// An answer, which holds nothing yet.
pub(crate) fn response(request: &Message, code: ResponseCode) -> Message {
    let mut metadata = Metadata::response_from_request(&request.metadata);
    metadata.recursion_available = true;
    metadata.response_code = code;
    let mut response = Message::response(metadata.id, metadata.op_code);
    response.metadata = metadata;
    response.add_queries(request.queries.iter().cloned());
    if request.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(MAX_DATAGRAM as u16);
        edns.set_rcode_high(code.high());
        response.set_edns(edns);
    }
    response
}

/// The bytes of an answer; if they are too many, a truncated answer (TC). None if even that does not fit.
pub(crate) fn encode(response: &Message, limit: usize) -> Option<Vec<u8>> {
    within(response, limit).or_else(|| truncated(response, limit))
}

fn within(response: &Message, limit: usize) -> Option<Vec<u8>> {
    let bytes = response.to_vec().ok()?;
    (bytes.len() <= limit).then_some(bytes)
}

/// As many whole records of an answer as fit, the first ones. Not every C library asks again by TCP: musl before 1.2.4
/// takes the records that came.
fn truncated(response: &Message, limit: usize) -> Option<Vec<u8>> {
    let empty = response.truncate();
    let first = |count: usize| {
        let mut cut = empty.clone();
        cut.add_answers(response.answers.iter().take(count).cloned());
        within(&cut, limit)
    };
    let (mut few, mut many) = (0, response.answers.len().min(limit / SHORTEST_RECORD));
    let mut most = first(few)?;
    // More records are never shorter.
    while few < many {
        let count = many - (many - few) / 2;
        match first(count) {
            Some(bytes) => (few, most) = (count, bytes),
            None => many = count - 1,
        }
    }
    Some(most)
}

/// An answer that holds nothing but a code.
pub(crate) fn bare(request: &Message, code: ResponseCode, limit: usize) -> Option<Vec<u8>> {
    encode(&response(request, code), limit)
}

/// The record of an address.
pub(crate) fn address(name: &Name, address: IpAddr) -> Record {
    let data = match address {
        IpAddr::V4(ip) => RData::A(A(ip)),
        IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
    };
    Record::from_rdata(name.clone(), TTL, data)
}

/// The record of the name of an address.
pub(crate) fn pointer(name: &Name, to: Name) -> Record {
    Record::from_rdata(name.clone(), TTL, RData::PTR(PTR(to)))
}
