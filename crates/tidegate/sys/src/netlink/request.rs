//! One netlink request.

use netlink_packet_core::{Emitable, NLM_F_REQUEST, NetlinkHeader};

/// A request to the kernel: type, flags and body; the sequence number comes when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    kind: u16,
    flags: u16,
    body: Vec<u8>,
}

impl Request {
    /// `flags` are `NLM_F_*` besides `NLM_F_REQUEST`.
    #[must_use]
    pub fn new(kind: u16, flags: u16, body: &impl Emitable) -> Self {
        let mut bytes = vec![0; body.buffer_len()];
        body.emit(&mut bytes);
        Self::from_bytes(kind, flags, bytes)
    }

    /// A request whose body is encoded already.
    #[must_use]
    pub fn from_bytes(kind: u16, flags: u16, body: Vec<u8>) -> Self {
        Self { kind, flags, body }
    }

    /// The body, as it was encoded.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Appends the message to `out`, padded so that another may follow (`NLMSG_ALIGN`).
    pub(super) fn encode(&self, extra_flags: u16, sequence: u32, out: &mut Vec<u8>) {
        let mut header = NetlinkHeader::default();
        let length = header.buffer_len() + self.body.len();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a request of ours has some hundred bytes"
        )]
        {
            header.length = length as u32;
        }
        header.message_type = self.kind;
        header.flags = NLM_F_REQUEST | self.flags | extra_flags;
        header.sequence_number = sequence;
        let start = out.len();
        out.resize(start + length.next_multiple_of(4), 0);
        header.emit(&mut out[start..]);
        let body = start + header.buffer_len();
        out[body..body + self.body.len()].copy_from_slice(&self.body);
    }
}
