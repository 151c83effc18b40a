//! Reading attributes.

use netlink_packet_core::{NLA_HEADER_SIZE, NlasIterator};

/// The attributes in `bytes`: kind without flags, and value. Ends at the first malformed one.
pub fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    NlasIterator::new(bytes).map_while(|attribute| {
        let attribute = attribute.ok()?;
        let value = NLA_HEADER_SIZE..usize::from(attribute.length());
        Some((attribute.kind(), attribute.into_inner().get(value)?))
    })
}

/// The value of the first attribute of that kind.
#[must_use]
pub fn attribute(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(bytes).find_map(|(found, value)| (found == kind).then_some(value))
}
