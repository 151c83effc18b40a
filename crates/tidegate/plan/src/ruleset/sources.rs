//! Who may send as whom.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;
use tidegate_nft::{Field, InetProto, InetService, Key, Statement, Verdict, fields};

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
/// Who has none yet may ask for one by DHCP (from 0.0.0.0, RFC 2131 section 4.1), and by ICMPv6 whether it is free and who is
/// on the link (from `::`, RFC 4861 section 4.3, RFC 3810 section 5.2.13). Nothing else is from there, though the
/// kernel hands it to programs. Link-local addresses are of the link: the host has a route back to each but its own.
pub(super) fn from_endpoint() -> Vec<(&'static str, Vec<Statement>)> {
    let nowhere = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 8);
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
            "who has no address asks for one",
            vec![
                fields::IP_SADDR.is(Ipv4Addr::UNSPECIFIED),
                fields::UDP_DPORT.is(InetService(67)),
                Verdict::Accept.into(),
            ],
        ),
        (
            "nobody else is nowhere",
            vec![fields::IP_SADDR.within(nowhere), Verdict::Drop.into()],
        ),
        (
            "an endpoint sends as itself alone",
            vec![
                // First, so that routes are asked for packets of this family alone.
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
            "who has no address asks whether one is free",
            vec![
                fields::IP6_SADDR.is(Ipv6Addr::UNSPECIFIED),
                fields::L4PROTO.is_not(InetProto::ICMPV6),
                Verdict::Drop.into(),
            ],
        ),
        (
            "an endpoint sends as itself alone",
            vec![
                fields::IP6_SADDR.is_not(Ipv6Addr::UNSPECIFIED),
                Statement::NoWayBack,
                other(Field::Ip6Saddr, Container::Elsewhere6),
                Verdict::Drop.into(),
            ],
        ),
    ]
}
