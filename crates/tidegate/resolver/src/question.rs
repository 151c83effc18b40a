//! A forwarded query and its answer.

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};

use crate::respond::{bare, encode, response};

/// A query to forward.
#[derive(Clone, Debug)]
pub struct Question {
    request: Message,
    query: Query,
    bytes: Vec<u8>,
    limit: usize,
}

/// What somebody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamAnswer {
    /// The answer for the client.
    pub bytes: Vec<u8>,
    /// Whether another server may have a better answer: this one failed or refused.
    pub is_failure: bool,
}

impl Question {
    pub(crate) fn new(request: &Message, query: &Query, bytes: &[u8], limit: usize) -> Self {
        Self {
            request: request.clone(),
            query: query.clone(),
            bytes: bytes.to_vec(),
            limit,
        }
    }

    /// The query as it is sent, with an unpredictable id.
    pub fn with_id(&self, id: u16) -> Vec<u8> {
        with_id(&self.bytes, id)
    }

    /// The answer for the client, if the received bytes answer this query with that id (RFC 5452 section 9.1).
    pub fn accept(&self, id: u16, bytes: &[u8]) -> Option<UpstreamAnswer> {
        let answer = Message::from_vec(bytes).ok()?;
        let metadata = &answer.metadata;
        let is_answer = metadata.message_type == MessageType::Response
            && metadata.op_code == OpCode::Query
            && metadata.id == id
            && answer.queries.as_slice() == std::slice::from_ref(&self.query);
        is_answer.then_some(())?;
        let code = metadata.response_code;
        Some(UpstreamAnswer {
            bytes: match bytes.len() <= self.limit {
                true => with_id(bytes, self.request.metadata.id),
                false => self.truncated(code)?,
            },
            is_failure: matches!(
                code,
                ResponseCode::ServFail | ResponseCode::NotImp | ResponseCode::Refused
            ),
        })
    }

    /// The answer "server failure".
    pub fn failed(&self) -> Option<Vec<u8>> {
        bare(&self.request, ResponseCode::ServFail, self.limit)
    }

    /// The answer "truncated".
    fn truncated(&self, code: ResponseCode) -> Option<Vec<u8>> {
        let mut response = response(&self.request, code);
        response.metadata.truncation = true;
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
