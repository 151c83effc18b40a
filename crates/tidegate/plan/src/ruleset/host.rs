//! Access of endpoints to the host.

use tidegate_model::{RESOLVER4, RESOLVER6};
use tidegate_nft::{CtState, Field, InetProto, Key, Statement, Transport, Verdict, fields, name};

use super::matches::{id, known_connection};
use crate::chain_names::{HOST_NONE, NEIGHBOURS};
use crate::sets::NftSet;

pub(super) fn input() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (
            "questions for names",
            vec![for_names(), Verdict::Jump(name!("to_resolver")).into()],
        ),
        (
            "nothing else at the DNS server's own address",
            vec![
                fields::IP_DADDR.is(RESOLVER4),
                Verdict::Goto(NEIGHBOURS).into(),
            ],
        ),
        (
            "nothing else at the DNS server's own address",
            vec![
                fields::IP6_DADDR.is(RESOLVER6),
                Verdict::Goto(NEIGHBOURS).into(),
            ],
        ),
        (
            "from a network that does not reach all of the host",
            vec![Key::from([Field::Iifname]).verdict_from(id(NftSet::HostAccess))],
        ),
    ]
}

pub(super) fn for_names() -> Statement {
    let port = Key::from([Field::L4proto, Field::Dport(Transport::Any)]);
    port.is_in(id(NftSet::Resolver))
}

/// Answers to the host.
pub(super) fn host_none() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        ("answers", vec![known_connection(), Verdict::Accept.into()]),
        ("nothing else", vec![Verdict::Goto(NEIGHBOURS).into()]),
    ]
}

/// IPv6 neighbour discovery, which the kernel does not track.
pub(super) fn neighbours() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (
            "neighbours that find each other",
            vec![
                fields::L4PROTO.is(InetProto::ICMPV6),
                Statement::CtState(vec![CtState::Untracked]),
                Verdict::Accept.into(),
            ],
        ),
        ("nothing else to the host", vec![Verdict::Drop.into()]),
    ]
}

pub(super) fn host_dns() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (
            "questions for names",
            vec![for_names(), Verdict::Accept.into()],
        ),
        ("nothing else", vec![Verdict::Goto(HOST_NONE).into()]),
    ]
}

pub(super) fn host_gateway() -> Vec<(&'static str, Vec<Statement>)> {
    let to = |daddr, container| {
        let key = Key::from([Field::Iifname, daddr]);
        vec![key.is_in(id(container)), Verdict::Accept.into()]
    };
    vec![
        ("to a gateway", to(Field::IpDaddr, NftSet::Gateways4)),
        ("to a gateway", to(Field::Ip6Daddr, NftSet::Gateways6)),
        ("nothing else", vec![Verdict::Goto(HOST_NONE).into()]),
    ]
}

/// DNS queries must go to a gateway over its own bridge, or to the DNS server's own address over a bridge.
pub(super) fn to_resolver() -> Vec<(&'static str, Vec<Statement>)> {
    let at_gateway = |daddr, container| {
        let key = Key::from([Field::Iifname, daddr]);
        vec![key.is_in(id(container)), Verdict::Return.into()]
    };
    let at_own = |to| {
        let by = fields::IIFNAME.is_in(id(NftSet::Named));
        vec![to, by, Verdict::Accept.into()]
    };
    vec![
        (
            "by an endpoint of the network",
            at_gateway(Field::IpDaddr, NftSet::Gateways4),
        ),
        (
            "by an endpoint of the network",
            at_gateway(Field::Ip6Daddr, NftSet::Gateways6),
        ),
        (
            "at the server's own address",
            at_own(fields::IP_DADDR.is(RESOLVER4)),
        ),
        (
            "at the server's own address",
            at_own(fields::IP6_DADDR.is(RESOLVER6)),
        ),
        ("by nobody else", vec![Verdict::Drop.into()]),
    ]
}
