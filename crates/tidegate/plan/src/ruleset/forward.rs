//! Forwarding to and from endpoints.

use tidegate_nft::{
    CtState, CtStatus, Field, InetProto, Key, Statement, Transport, Verdict, fields, name,
};

use super::matches::{errors, id, ipv4, ipv6, known_connection};
use super::ports::to_admit_at;
use crate::sets::NftSet;

pub(super) fn forward() -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (
            "to an endpoint",
            vec![
                fields::OIFNAME.is_in(id(NftSet::Bridges)),
                Verdict::Jump(name!("to_bridge")).into(),
            ],
        ),
        (
            "from an endpoint to elsewhere",
            vec![
                fields::IIFNAME.is_in(id(NftSet::Bridges)),
                Verdict::Jump(name!("from_bridge")).into(),
            ],
        ),
    ]
}

pub(super) fn to_bridge() -> Vec<(&'static str, Vec<Statement>)> {
    let accept = |statement| vec![statement, Verdict::Accept.into()];
    let pair = Key::from([Field::Iifname, Field::Oifname]);
    let open = |daddr| Key::from([daddr, Field::L4proto, Field::Dport(Transport::Any)]);
    vec![
        ("answers", accept(known_connection())),
        (
            "endpoints of networks that may talk",
            accept(pair.clone().is_in(id(NftSet::Peers))),
        ),
        // Of networks that are connected one way, the pair is there in one direction only.
        errors_to_talker(),
        (
            "nothing else into an internal network",
            vec![
                fields::OIFNAME.is_in(id(NftSet::Internal)),
                Verdict::Drop.into(),
            ],
        ),
        (
            "nothing out of an internal network, through a published port neither",
            vec![
                fields::IIFNAME.is_in(id(NftSet::Internal)),
                Verdict::Drop.into(),
            ],
        ),
        (
            "errors about a connection, but of no endpoint",
            vec![
                fields::IIFNAME.is_not_in(id(NftSet::Bridges)),
                errors(),
                Verdict::Accept.into(),
            ],
        ),
        (
            "through a published port",
            accept(Statement::CtStatus(vec![CtStatus::Dnat])),
        ),
        (
            "nothing else between endpoints of a network",
            vec![pair.is_in(id(NftSet::SameBridge)), Verdict::Drop.into()],
        ),
        (
            "an endpoint's own port, with a list",
            to_admit_at(Field::IpDaddr, NftSet::Restricted4At),
        ),
        (
            "an endpoint's own port, with a list",
            to_admit_at(Field::Ip6Daddr, NftSet::Restricted6At),
        ),
        (
            "to an open port",
            accept(open(Field::IpDaddr).is_in(id(NftSet::Open4))),
        ),
        (
            "to an open port",
            accept(open(Field::Ip6Daddr).is_in(id(NftSet::Open6))),
        ),
        (
            "ICMP into a routed network",
            icmp(InetProto::ICMP, NftSet::Routed4),
        ),
        (
            "ICMP into a routed network",
            icmp(InetProto::ICMPV6, NftSet::Routed6),
        ),
        (
            "into an unprotected network",
            vec![
                fields::OIFNAME.is_in(id(NftSet::Unprotected4)),
                ipv4(),
                Verdict::Accept.into(),
            ],
        ),
        (
            "into an unprotected network",
            vec![
                fields::OIFNAME.is_in(id(NftSet::Unprotected6)),
                ipv6(),
                Verdict::Accept.into(),
            ],
        ),
        (
            "not through a published port, and no direct access",
            vec![Verdict::Drop.into()],
        ),
    ]
}

/// Packets without a connection are not translated (an unexpected reset, an ICMP error about an unknown packet,
/// neighbour discovery to another network), and would reveal the endpoint's own address. In networks that do not
/// translate they pass: the host may see only half of a connection, if answers take another route.
pub(super) fn from_bridge() -> Vec<(&'static str, Vec<Statement>)> {
    let untranslated = |container, family| {
        vec![
            Statement::CtState(vec![CtState::Invalid, CtState::Untracked]),
            fields::IIFNAME.is_in(id(container)),
            family,
            Verdict::Drop.into(),
        ]
    };
    vec![
        ("answers", vec![known_connection(), Verdict::Accept.into()]),
        errors_to_talker(),
        (
            "nothing out of an internal network",
            vec![
                fields::IIFNAME.is_in(id(NftSet::Internal)),
                Verdict::Drop.into(),
            ],
        ),
        (
            "nothing out that cannot be translated",
            untranslated(NftSet::Translated4, ipv4()),
        ),
        (
            "nothing out that cannot be translated",
            untranslated(NftSet::Translated6, ipv6()),
        ),
        ("out of any other network", vec![Verdict::Accept.into()]),
    ]
}

fn errors_to_talker() -> (&'static str, Vec<Statement>) {
    let back = Key::from([Field::Oifname, Field::Iifname]);
    let statements = vec![
        errors(),
        back.is_in(id(NftSet::Peers)),
        Verdict::Accept.into(),
    ];
    ("errors to who may talk to it", statements)
}

pub(super) fn icmp(protocol: InetProto, bridges: NftSet) -> Vec<Statement> {
    vec![
        fields::OIFNAME.is_in(id(bridges)),
        fields::L4PROTO.is(protocol),
        Verdict::Accept.into(),
    ]
}
