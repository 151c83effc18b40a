//! What becomes of a packet, and by which rule and element: the answer is that of the rules
//! themselves ([`planned`](crate::planned)), which a packet is taken through.

mod ends;
mod owner;
mod packet;
mod packet_path;
mod routing;
mod walk;

use tidegate_api::explain::{Explanation, Party, Path, Question};
use tidegate_model::State;
use tidegate_nft::{IpVersion, TableState};

use crate::sets::table;
use crate::{Refused, planned};
use packet_path::PacketPath;

pub use routing::{HostRouting, SYSCTLS_OF_PATHS};

/// Says what becomes of the first packet of a connection, in each family that both ends have.
/// Answers to a packet that passes pass too.
///
/// # Errors
/// When an endpoint does not exist, the ends have no family in common, or an address is none that
/// one packet is sent to.
pub fn explain(
    state: &State,
    question: &Question,
    routing: &HostRouting,
) -> Result<Explanation, Refused> {
    let Question {
        source,
        source_address,
        destination,
    } = question;
    if let Some(address) = source_address {
        ends::check(*address, routing)?;
    }
    let ruleset = planned(state);
    let empty = TableState::default();
    let table = ruleset.table(&table()).unwrap_or(&empty);
    let mut paths: Vec<Path> = Vec::new();
    for version in [IpVersion::V4, IpVersion::V6] {
        let parties: (&Party, &Party) = (source, &destination.party);
        let is_ipv4 = version == IpVersion::V4;
        if source_address.is_some_and(|address| address.is_ipv4() != is_ipv4) {
            continue;
        }
        let ends = ends::ends(state, routing, parties, is_ipv4)?;
        let packet_path = |ends| PacketPath::new(state, routing, table, ends, question, version);
        paths.extend(ends.map(|ends| packet_path(ends).explain()));
    }
    if paths.is_empty() {
        let sender = source_address.map_or_else(|| source.clone(), Party::Address);
        return Err(Refused::NoCommonFamily(sender, destination.party.clone()));
    }
    Ok(Explanation { paths })
}
