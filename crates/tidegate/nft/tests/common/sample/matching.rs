//! Rules that look at packets.

use std::net::{Ipv4Addr, Ipv6Addr};

use tidegate_nft::*;

use super::{ifname, rule};

pub(super) fn matching_rules() -> Vec<Rule> {
    let net4 = "127.0.0.0/8".parse().expect("a network");
    let net6 = "fd00::/8".parse().expect("a network");
    let ether = EtherAddr([2, 0, 0, 0, 0, 1]);
    let pair = || Key::from([Field::Iifname, Field::Oifname]);
    let counted = Key::from([Field::MetaMark, Field::EtherSaddr]);
    let forward = |statements: Vec<Statement>| rule(name!("forwarding"), statements);
    vec![
        forward(vec![
            fields::IIFNAME.is(ifname("br-1")),
            fields::OIFNAME.is_not_in(name!("bridges")),
            Verdict::Accept.into(),
        ]),
        forward(vec![
            fields::OIFNAME.is_not(ifname("br-2")),
            Verdict::Return.into(),
        ]),
        forward(vec![
            Statement::CtState(vec![CtState::Established, CtState::Related]),
            Statement::CtStatus(vec![CtStatus::Dnat]),
            Verdict::Accept.into(),
        ]),
        forward(vec![
            Statement::CtState(vec![CtState::New, CtState::Invalid, CtState::Untracked]),
            Statement::CtStatus(vec![
                CtStatus::SeenReply,
                CtStatus::Assured,
                CtStatus::Confirmed,
            ]),
            Statement::CtStatus(vec![CtStatus::Snat, CtStatus::Dying]),
        ]),
        forward(vec![
            pair().is_in(name!("peers")),
            Verdict::Jump(name!("inner")).into(),
        ]),
        forward(vec![
            pair().is_not_in(name!("peers")),
            Verdict::Continue.into(),
        ]),
        forward(vec![pair().verdict_from(name!("ways"))]),
        forward(vec![counted.is_in(name!("counted")), Statement::Counter]),
        forward(vec![
            fields::IP_SADDR.within(net4),
            fields::IP_DADDR.outside(net4),
            fields::L4PROTO.is(InetProto::SCTP),
        ]),
        forward(vec![
            fields::IP_DADDR.is(Ipv4Addr::LOCALHOST),
            fields::SCTP_DPORT.is(InetService(7)),
        ]),
        forward(vec![
            fields::IP6_SADDR.within(net6),
            fields::IP6_DADDR.outside(net6),
            fields::IP6_DADDR.is_not(Ipv6Addr::LOCALHOST),
            fields::sport(Transport::Udp).is(InetService(5353)),
        ]),
        forward(vec![
            fields::TCP_DPORT.is(InetService(80)),
            fields::CT_MARK.is(Mark(7)),
        ]),
        forward(vec![
            fields::L4PROTO.is(InetProto(6)),
            fields::TH_DPORT.is_not(InetService(81)),
        ]),
        forward(vec![
            fields::META_MARK.is(Mark(0xffff)),
            Verdict::Goto(name!("inner")).into(),
        ]),
        rule(
            name!("incoming"),
            [
                fields::ETHER_SADDR.is(ether),
                fields::ETHER_DADDR.is_not(ether),
                Verdict::Drop.into(),
            ],
        ),
        rule(
            name!("guard"),
            [
                fields::IP_SADDR.is_not(Ipv4Addr::UNSPECIFIED),
                Statement::NoWayBack,
                Verdict::Drop.into(),
            ],
        ),
        rule(
            name!("guard"),
            [AddrType::Local, AddrType::Multicast].map(|kind| Statement::AddrType {
                of: Side::Destination,
                kind,
                negated: kind == AddrType::Multicast,
            }),
        ),
        rule(
            name!("guard"),
            [AddrType::Unicast, AddrType::Broadcast].map(|kind| Statement::AddrType {
                of: Side::Source,
                kind,
                negated: false,
            }),
        ),
    ]
}
