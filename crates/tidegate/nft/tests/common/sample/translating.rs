//! Rules that translate addresses and ports.

use tidegate_nft::*;

use super::rule;

pub(super) fn translating_rules() -> Vec<Rule> {
    let tcp = || fields::L4PROTO.is(InetProto::TCP);
    let dport = || Key::from(fields::TCP_DPORT);
    let proto_port = |header| Key::from([Field::L4proto, Field::Dport(header)]);
    let nat = |kind, target| Statement::Nat(Nat { kind, target });
    let literal = |address: &str, port| NatTarget::Literal {
        address: address.parse().expect("an address"),
        port,
    };
    let map = |version, key, map, with_port| NatTarget::Map {
        version,
        key,
        map,
        with_port,
    };
    let (dnat, snat) = (NatKind::Dnat, NatKind::Snat);
    let (v4, v6) = (IpVersion::V4, IpVersion::V6);
    let into = |statements: Vec<Statement>| rule(name!("nat_in"), statements);
    let post = |statements: Vec<Statement>| rule(name!("nat_post"), statements);
    let udp = || fields::L4PROTO.is(InetProto::UDP);
    vec![
        into(vec![
            tcp(),
            nat(
                dnat,
                map(v4, proto_port(Transport::Tcp), name!("publish4"), true),
            ),
        ]),
        into(vec![
            udp(),
            nat(
                dnat,
                map(v6, proto_port(Transport::Udp), name!("publish6"), true),
            ),
        ]),
        into(vec![nat(
            dnat,
            map(v4, dport(), name!("addresses4"), false),
        )]),
        into(vec![nat(
            dnat,
            map(v6, dport(), name!("addresses6"), false),
        )]),
        into(vec![tcp(), nat(dnat, literal("10.0.0.9", Some(8080)))]),
        into(vec![tcp(), nat(dnat, literal("fd00::9", Some(8080)))]),
        into(vec![nat(dnat, literal("10.0.0.9", None))]),
        rule(name!("nat_out"), [nat(dnat, literal("10.0.0.9", None))]),
        post(vec![nat(snat, literal("192.0.2.1", None))]),
        post(vec![tcp(), nat(snat, literal("2001:db8::1", Some(1024)))]),
        post(vec![Statement::Masquerade]),
    ]
}
