//! Netlink as a synchronous exchange of batches: what rtnetlink and ctnetlink have in common.
//!
//! Requests are encoded by `netlink-packet-route`. Answers are read attribute by attribute
//! (`attributes`), not through its message types: a kernel newer than the crate, or a foreign
//! link of a kind that it misreads, must not make the whole list unreadable.

mod ext_ack;
mod notifications;
mod request;
mod socket;

pub(crate) use notifications::Notifications;
pub(crate) use request::Request;
pub(crate) use socket::{DUMP, Message, Socket};

use netlink_packet_core::{NLA_HEADER_SIZE, NlasIterator};

/// The attributes in `bytes`: kind without flags, and value. Ends at the first malformed one.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    NlasIterator::new(bytes).map_while(|attribute| {
        let attribute = attribute.ok()?;
        let value = NLA_HEADER_SIZE..usize::from(attribute.length());
        Some((attribute.kind(), attribute.into_inner().get(value)?))
    })
}

/// The value of the attribute of that kind.
pub(crate) fn attribute(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(bytes).find_map(|(found, value)| (found == kind).then_some(value))
}
