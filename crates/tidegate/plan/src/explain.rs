//! Explains the fate of a packet: evaluates the planned rules ([`planned`](crate::planned)) and names the rules and
//! elements that decide. The tables of other programs are evaluated as far as they can be read.

mod access;
mod beside;
mod ends;
mod exit;
mod hint;
mod inside;
mod owner;
mod packet;
mod packet_path;
mod routing;
mod walk;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use tidegate_api::explain::{Explanation, Party, Question};
use tidegate_model::{Name, State};
use tidegate_nft::{IpVersion, TableState};

use crate::sets::table;
use crate::{Refused, planned};
use packet_path::{FateAndReason, PacketPath};

pub use routing::{HostRouting, SYSCTLS_OF_PATHS};

/// Explains the first packet of a connection, for each family that both ends have. If it passes, its answers pass
/// too.
///
/// # Errors
/// If an endpoint does not exist, the ends have no common family, or an address is not a unicast address. The source can
/// also be the unspecified address, and a packet from 0.0.0.0 can go to 255.255.255.255, as a DHCP request does.
pub fn explain(
    state: &State,
    question: &Question,
    routing: &HostRouting,
) -> Result<Explanation, Refused> {
    let paths = each_path(state, question, routing, |mut path, decided| {
        let decided = inside::at_ends(&mut path, decided);
        let hint = hint::of(&path, &decided.0);
        path.described(decided, hint)
    })?;
    Ok(Explanation { paths })
}

/// The endpoints whose namespaces decide too: those of the same namespaces as the ends of the paths.
///
/// # Errors
/// As for [`explain`].
pub fn ends_of_paths(
    state: &State,
    question: &Question,
    routing: &HostRouting,
) -> Result<BTreeSet<Name>, Refused> {
    let ends = each_path(state, question, routing, |path, (fate, _)| {
        inside::endpoints(&path, &fate)
    })?;
    Ok(ends.into_iter().flatten().collect())
}

/// What is made of each decided path.
fn each_path<T>(
    state: &State,
    question: &Question,
    routing: &HostRouting,
    of_path: impl Fn(PacketPath<'_>, FateAndReason) -> T,
) -> Result<Vec<T>, Refused> {
    let Question {
        source,
        source_address,
        destination,
    } = question;
    if let Some(address) = source_address.filter(|address| !address.is_unspecified()) {
        ends::check(address, routing)?;
    }
    let ruleset = planned(state);
    let empty = TableState::default();
    let table = ruleset.table(&table()).unwrap_or(&empty);
    let mut paths = Vec::new();
    for version in [IpVersion::V4, IpVersion::V6] {
        let parties: (&Party, &Party) = (source, &destination.party);
        let is_ipv4 = version == IpVersion::V4;
        if source_address.is_some_and(|address| address.is_ipv4() != is_ipv4) {
            continue;
        }
        let ends = match asks_for_address(question) {
            true => ends::to_all(state, routing, source)?,
            false => ends::ends(state, routing, parties, is_ipv4)?,
        };
        let packet_path = |ends| PacketPath::new(state, routing, table, ends, question, version);
        paths.extend(ends.map(|ends| {
            let mut path = packet_path(ends);
            let decided = path.decide();
            of_path(path, decided)
        }));
    }
    if paths.is_empty() {
        let sender = source_address.map_or_else(|| source.clone(), Party::Address);
        return Err(Refused::NoCommonFamily(sender, destination.party.clone()));
    }
    Ok(paths)
}

/// Whether the packet goes from 0.0.0.0 to every host of the link, as a DHCP request does.
fn asks_for_address(question: &Question) -> bool {
    question.source_address == Some(Ipv4Addr::UNSPECIFIED.into())
        && question.destination.party == Party::Address(Ipv4Addr::BROADCAST.into())
}
