//! A forwarded query and its answer.

use std::net::IpAddr;

use hickory_proto::op::{Header, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use crate::respond::{bare, encode, response};

/// A query to forward.
#[derive(Clone, Debug)]
pub struct Question {
    request: Message,
    query: Query,
    bytes: Vec<u8>,
    limit: usize,
    servers: Vec<IpAddr>,
}

/// What somebody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamAnswer {
    /// The answer for the client.
    pub bytes: Vec<u8>,
    /// Whether another server may have a better answer: this one failed or refused.
    pub is_failure: bool,
    /// Whether the server truncated its answer (TC) so that it has no record. The same server knows more by TCP.
    pub is_cut: bool,
}

impl Question {
    pub(crate) fn new(request: &Message, query: &Query, bytes: &[u8], limit: usize) -> Self {
        Self {
            request: request.clone(),
            query: query.clone(),
            bytes: bytes.to_vec(),
            limit,
            servers: Vec::new(),
        }
    }

    /// The same query, for servers other than the host's, if there are any.
    pub(crate) fn for_servers(self, servers: &[IpAddr]) -> Self {
        let servers = servers.to_vec();
        Self { servers, ..self }
    }

    /// The servers to ask; empty for the host's.
    pub fn servers(&self) -> &[IpAddr] {
        &self.servers
    }

    /// The query as it is sent, with an unpredictable id.
    pub fn with_id(&self, id: u16) -> Vec<u8> {
        with_id(&self.bytes, id)
    }

    /// The answer for the client, if the received bytes answer this query with that id (RFC 5452 section 9.1). Its
    /// records are for the client to read: they may be of kinds that are not known here.
    pub fn accept(&self, id: u16, bytes: &[u8]) -> Option<UpstreamAnswer> {
        let mut decoder = BinDecoder::new(bytes);
        let Header { metadata, counts } = Header::read(&mut decoder).ok()?;
        let is_answer = metadata.message_type == MessageType::Response
            && metadata.op_code == OpCode::Query
            && metadata.id == id
            && counts.queries == 1
            && Query::read(&mut decoder).ok()? == self.query;
        is_answer.then_some(())?;
        Some(UpstreamAnswer {
            bytes: match bytes.len() <= self.limit {
                true => with_id(bytes, self.request.metadata.id),
                false => self.shortened(bytes, metadata.response_code)?,
            },
            is_failure: matches!(
                metadata.response_code,
                ResponseCode::ServFail | ResponseCode::NotImp | ResponseCode::Refused
            ),
            is_cut: metadata.truncation && counts.answers == 0,
        })
    }

    /// The answer "server failure".
    pub fn failed(&self) -> Option<Vec<u8>> {
        bare(&self.request, ResponseCode::ServFail, self.limit)
    }

    /// An answer that is too long, without what may be left out (RFC 2181 section 9), and truncated if that does not
    /// suffice. The sections after the answer may be left out if there is one.
    fn shortened(&self, bytes: &[u8], code: ResponseCode) -> Option<Vec<u8>> {
        let mut response = response(&self.request, code);
        let known = Message::from_vec(bytes).ok();
        let (answers, is_cut) = known.map_or_else(Default::default, |known| {
            (known.answers, known.metadata.truncation)
        });
        response.metadata.truncation = is_cut || answers.is_empty();
        response.add_answers(answers);
        encode(&response, self.limit)
    }
}

/// A message under another id, which is its first two bytes (RFC 1035 section 4.1.1).
fn with_id(message: &[u8], id: u16) -> Vec<u8> {
    let mut message = message.to_vec();
    if let Some(place) = message.get_mut(..2) {
        place.copy_from_slice(&id.to_be_bytes());
    }
    message
}
