//! Finds the holder of a host port.

use std::net::{IpAddr, SocketAddr};

use tidegate_model::links::PortHold;

use super::listing::{self, Listening};
use crate::error::Holder;
use crate::owners::{Owner, owners};

/// Finds the holder of a port in the namespace of the calling thread.
pub(super) fn find(hold: &PortHold) -> Holder {
    let listed = listing::list(hold.protocol).unwrap_or_else(|error| {
        tracing::debug!(%error, "cannot list who has a port");
        Vec::new()
    });
    let Some(found) = listed.iter().find(|found| is_in_the_way(found, hold)) else {
        return Holder::Unknown;
    };
    let at = SocketAddr::new(found.address, found.port);
    match owners(found.inode).next() {
        Some(Owner { pid, name }) => Holder::Process { name, pid, at },
        None => Holder::Socket(at),
    }
}

fn is_in_the_way(found: &Listening, hold: &PortHold) -> bool {
    // A socket of every IPv6 address may be one of every IPv4 address too.
    let covers = |all: IpAddr, one: IpAddr| {
        all.is_unspecified() && (all.is_ipv4() == one.is_ipv4() || all.is_ipv6())
    };
    let (theirs, ours) = (found.address, hold.address);
    found.port == hold.port && (theirs == ours || covers(theirs, ours) || covers(ours, theirs))
}
