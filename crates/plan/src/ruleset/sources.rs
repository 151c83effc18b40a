//! Who may send as whom.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;
use tidegate_nft::{Field, Key, Statement, Verdict, fields};

use super::matches::{id, loopback};
use crate::sets::Container;

/// Who may be a source, and where: before the kernel tracks the connection, so that what is dropped here leaves no trace.
///
/// Loopback addresses are the host's own (RFC 1122 section 3.2.1.3), and nobody else's. The kernel's own check comes
/// after the destination is translated, so that it would let a port that is published on 127.0.0.1 be reached by
/// whoever sends a packet for that address over the wire; and an interface with `route_localnet`, as our bridges have,
/// passes no check at all. What really is of the host comes in by its loopback.
pub(super) fn guard() -> Vec<(&'static str, Vec<Statement>)> {
    let drop = |statement| vec![statement, Verdict::Drop.into()];
    vec![
        (
            "where it comes in",
            vec![Key::from([Field::Iifname]).verdict_from(id(Container::Entrances))],
        ),
        (
            "nobody else reaches the host's loopback",
            drop(fields::IP_DADDR.within(loopback())),
        ),
        (
            "nobody else sends as the host's loopback",
            drop(fields::IP_SADDR.within(loopback())),
        ),
        (
            "nobody else sends as an endpoint",
            drop(fields::IP_SADDR.is_in(id(Container::Ours4))),
        ),
        (
            "nobody else sends as an endpoint",
            drop(fields::IP6_SADDR.is_in(id(Container::Ours6))),
        ),
    ]
}

/// A source is one to which the host's routes lead back by the same bridge, or another address of the same namespace.
/// Who has none yet may look for one (0.0.0.0, `::`). Link-local addresses are of the link alone, and never
/// forwarded (RFC 4291 section 2.5.6).
pub(super) fn from_endpoint() -> Vec<(&'static str, Vec<Statement>)> {
    let link_local = Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10);
    let other = |saddr, container| {
        let key = Key::from([Field::Iifname, saddr, Field::EtherSaddr]);
        key.is_not_in(id(container))
    };
    vec![
        (
            "no endpoint reaches the host's loopback",
            vec![fields::IP_DADDR.within(loopback()), Verdict::Drop.into()],
        ),
        (
            "an endpoint sends as itself alone",
            vec![
                fields::IP_SADDR.is_not(Ipv4Addr::UNSPECIFIED),
                Statement::NoWayBack,
                other(Field::IpSaddr, Container::Elsewhere4),
                Verdict::Drop.into(),
            ],
        ),
        (
            "an endpoint sends as itself",
            vec![
                Key::from([Field::Iifname, Field::Ip6Saddr]).is_in(id(Container::Here6)),
                Verdict::Accept.into(),
            ],
        ),
        (
            "an endpoint sends as itself alone",
            vec![
                fields::IP6_SADDR.is_not(Ipv6Addr::UNSPECIFIED),
                fields::IP6_SADDR.outside(link_local),
                Statement::NoWayBack,
                other(Field::Ip6Saddr, Container::Elsewhere6),
                Verdict::Drop.into(),
            ],
        ),
    ]
}
