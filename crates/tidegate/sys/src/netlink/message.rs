//! The messages of a datagram.

use netlink_packet_core::NetlinkBuffer;

/// One message of the kernel's.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its type (`nlmsg_type` of linux/netlink.h).
    pub kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    /// What follows the header.
    pub body: &'a [u8],
}

/// The messages of a datagram; ends at the first malformed one.
pub fn messages(datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let bytes = rest;
        let message = NetlinkBuffer::new_checked(bytes).ok()?;
        let length = usize::try_from(message.length()).ok()?;
        rest = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message {
            kind: message.message_type(),
            flags: message.flags(),
            sequence: message.sequence_number(),
            body: message.payload(),
        })
    })
}
