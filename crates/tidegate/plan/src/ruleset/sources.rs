//! Who may send as whom.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use tidegate_model::{RESOLVER4, RESOLVER6};
use tidegate_nft::{
    AddrType, Field, IfName, InetProto, InetService, Key, Name, Side, Statement, Transport,
    Verdict, fields, name,
};

use super::matches::{id, loopback};
use crate::sets::NftSet;

/// The chain for packets from addresses that no host can have.
pub(crate) const NOBODY: Name = name!("nobody");

/// Checks source addresses before the kernel tracks the connection, so that dropped packets leave no entry.
///
/// Loopback addresses are the host's own (RFC 1122 section 3.2.1.3). The kernel checks only after translation, so a
/// neighbour that sends a packet to 127.0.0.1 would reach a port published there. On interfaces with
/// `route_localnet`, like our bridges, the kernel does not check at all. Genuine packets of the host come in by its
/// loopback interface.
///
/// No packet comes from a broadcast address (RFC 1122 section 3.2.1.3). The kernel would treat it as a neighbour's
/// and send the answer to the whole network. IPv6 has only multicast addresses, which the kernel refuses as sources.
pub(super) fn guard() -> Vec<(&'static str, Vec<Statement>)> {
    let drop = |statement| vec![statement, Verdict::Drop.into()];
    let broadcast = Statement::AddrType {
        of: Side::Source,
        kind: AddrType::Broadcast,
        negated: false,
    };
    // The field twice makes a concatenated key, see `NftSet::Ours4`.
    let of_network = |saddr, subnets| drop(Key::from([saddr, saddr]).is_in(id(subnets)));
    let drop_unless_answered =
        |to_resolver| vec![to_resolver, Statement::NoWayBack, Verdict::Drop.into()];
    let to_nobody = |statement| vec![statement, Verdict::Goto(NOBODY).into()];
    vec![
        (
            "the host sends as it likes to itself",
            vec![fields::IIFNAME.is(lo()), Verdict::Accept.into()],
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
            "from no address",
            to_nobody(fields::IP_SADDR.within(nowhere4())),
        ),
        (
            "from no address, or from an IPv4 address in IPv6",
            to_nobody(fields::IP6_SADDR.within(nowhere6())),
        ),
        (
            "nobody sends as all of a network",
            vec![
                // First, so that route lookups happen only for packets of this family.
                fields::IP_SADDR.is_not(Ipv4Addr::UNSPECIFIED),
                broadcast,
                Verdict::Drop.into(),
            ],
        ),
        (
            "where it comes in",
            vec![Key::from([Field::Iifname]).verdict_from(id(NftSet::Entrances))],
        ),
        // An isolated network is no entrance: what its endpoints send to each other may pass here (br_netfilter), and
        // the host has a route back only for the DNS server's answers.
        (
            "an endpoint asks for names as itself alone",
            drop_unless_answered(fields::IP_DADDR.is(RESOLVER4)),
        ),
        (
            "an endpoint asks for names as itself alone",
            drop_unless_answered(fields::IP6_DADDR.is(RESOLVER6)),
        ),
        (
            "nobody else sends from a network",
            of_network(Field::IpSaddr, NftSet::Ours4),
        ),
        (
            "nobody else sends from a network",
            of_network(Field::Ip6Saddr, NftSet::Ours6),
        ),
    ]
}

#[expect(clippy::expect_used, reason = "\"lo\" is a valid name")]
fn lo() -> IfName {
    IfName::new("lo").expect("a valid name")
}

/// "This network" (RFC 1122 section 3.2.1.3).
fn nowhere4() -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 8)
}

/// IPv6 addresses that no host has (RFC 4291 section 2.4): `::`, `::1`, and IPv4 addresses in IPv6 form, mapped
/// (`::ffff:0:0/96`), compatible (`::/96`) and translated (`::ffff:0:0:0/96`). A program that accepts both families
/// sees mapped ones as IPv4 addresses. NAT64 has its own prefix, `64:ff9b::/96` (RFC 6052).
fn nowhere6() -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 64)
}

/// Hosts without an address send from the unspecified address: DHCP (RFC 2131 section 4.1), IGMP and MLD reports (RFC
/// 3376 section 4.2.13, RFC 3810 section 5.2.13), duplicate address detection and router solicitations (RFC 4861
/// sections 4.1 and 4.3). Snooping switches also send IGMP queries from 0.0.0.0. All else is dropped: the kernel
/// would pass it to programs and route their answers.
pub(super) fn nobody() -> Vec<(&'static str, Vec<Statement>)> {
    let ipv4 = || fields::IP_SADDR.is(Ipv4Addr::UNSPECIFIED);
    // ICMP has type and code at the offset of the source port.
    let icmpv6 = |kind: u8| {
        vec![
            fields::IP6_SADDR.is(Ipv6Addr::UNSPECIFIED),
            fields::L4PROTO.is(InetProto::ICMPV6),
            fields::sport(Transport::Any).is(InetService(u16::from(kind) << 8)),
            Verdict::Accept.into(),
        ]
    };
    vec![
        (
            "who has no address asks for one",
            vec![
                ipv4(),
                fields::sport(Transport::Udp).is(InetService(68)),
                fields::UDP_DPORT.is(InetService(67)),
                Verdict::Accept.into(),
            ],
        ),
        (
            "multicast groups",
            vec![
                ipv4(),
                fields::L4PROTO.is(InetProto::IGMP),
                Verdict::Accept.into(),
            ],
        ),
        ("is an address free?", icmpv6(135)),
        ("who is the router?", icmpv6(133)),
        ("multicast groups", icmpv6(143)),
        ("multicast groups, version 1", icmpv6(131)),
        ("multicast groups that are left", icmpv6(132)),
        ("nothing else", vec![Verdict::Drop.into()]),
    ]
}

/// A valid source has a route back by the same bridge, or is another address of the same namespace. The host has
/// routes back to all link-local addresses except its own.
pub(super) fn from_endpoint() -> Vec<(&'static str, Vec<Statement>)> {
    let other = |saddr, container| {
        let key = Key::from([Field::Iifname, saddr, Field::EtherSaddr]);
        key.is_not_in(id(container))
    };
    vec![
        (
            "an endpoint sends as itself alone",
            vec![
                // First, so that route lookups happen only for packets of this family. DHCP from 0.0.0.0 was accepted
                // before.
                fields::IP_SADDR.is_not(Ipv4Addr::UNSPECIFIED),
                Statement::NoWayBack,
                other(Field::IpSaddr, NftSet::Elsewhere4),
                Verdict::Drop.into(),
            ],
        ),
        (
            "an endpoint sends as itself",
            vec![
                Key::from([Field::Iifname, Field::Ip6Saddr]).is_in(id(NftSet::Here6)),
                Verdict::Accept.into(),
            ],
        ),
        (
            "an endpoint sends as itself alone",
            vec![
                fields::IP6_SADDR.is_not(Ipv6Addr::UNSPECIFIED),
                Statement::NoWayBack,
                other(Field::Ip6Saddr, NftSet::Elsewhere6),
                Verdict::Drop.into(),
            ],
        ),
    ]
}
