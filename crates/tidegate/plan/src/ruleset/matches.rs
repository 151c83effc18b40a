//! Matches that several chains share.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use tidegate_nft::{CtState, Name, Statement, fields};

use crate::sets::NftSet;

/// Matches IPv4 by an address: forwarded packets never come from a loopback address.
pub(super) fn ipv4() -> Statement {
    fields::IP_SADDR.outside(loopback())
}

/// Matches IPv6 in the same way.
pub(super) fn ipv6() -> Statement {
    fields::IP6_SADDR.outside(Ipv6Net::from(Ipv6Addr::LOCALHOST))
}

/// Matches IPv4 by an address of the host, which is not a multicast address.
pub(super) fn to_ipv4() -> Statement {
    let multicast = std::net::Ipv4Addr::new(224, 0, 0, 0);
    fields::IP_DADDR.outside(Ipv4Net::new_assert(multicast, 4))
}

/// Matches IPv6 in the same way.
pub(super) fn to_ipv6() -> Statement {
    let multicast = Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0);
    fields::IP6_DADDR.outside(Ipv6Net::new_assert(multicast, 8))
}

pub(super) fn known_connection() -> Statement {
    Statement::CtState(vec![CtState::Established])
}

/// ICMP errors about a connection. The kernel counts them as part of it, no matter who sends them. Anybody can know
/// or guess the packet that they quote, and send own data after it.
pub(super) fn errors() -> Statement {
    Statement::CtState(vec![CtState::Related])
}

pub(super) fn loopback() -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)
}

pub(super) fn id(container: NftSet) -> Name {
    container.id().name
}
