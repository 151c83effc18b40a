//! Explains the fate of a packet: evaluates the planned rules ([`planned`](crate::planned)) and names the rules and
//! elements that decide.

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

/// Explains the first packet of a connection, for each family that both ends have. If it passes, its answers pass
/// too.
///
/// # Errors
/// If an endpoint does not exist, the ends have no common family, or an address is not a unicast address.
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
