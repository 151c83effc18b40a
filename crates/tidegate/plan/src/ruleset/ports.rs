//! Published ports: allow-lists and translation.

use tidegate_model::Protocol;
use tidegate_nft::{
    AddrType, Field, InetProto, IpVersion, Key, Name, Nat, NatKind, NatTarget, Side, Statement,
    Transport, Verdict, fields, name,
};

use super::matches::{id, to_ipv4, to_ipv6};
use crate::sets::NftSet;

pub(super) fn to_host(chain: Name) -> Vec<Statement> {
    let to_host = Statement::AddrType {
        of: Side::Destination,
        kind: AddrType::Local,
        negated: false,
    };
    vec![to_host, Verdict::Jump(chain).into()]
}

/// Checks the list of a port before translation, with the original source and port. Packets of the host do not pass
/// here. A port of one address comes before that of every address, as in [`publish`]. So DNS queries to a gateway do
/// not meet the list of a port 53 published at every address.
pub(super) fn arriving() -> Vec<(&'static str, Vec<Statement>)> {
    let to = |chain| vec![Verdict::Jump(chain).into()];
    let all = |container, version| {
        let port = Key::from([Field::L4proto, Field::Dport(Transport::Any)]);
        let jump = Verdict::Jump(name!("admit")).into();
        vec![version, port.is_in(id(container)), jump]
    };
    vec![
        (
            "a port of one address, with a list",
            to_admit_at(Field::IpDaddr, NftSet::Restricted4At),
        ),
        (
            "a port of one address, with a list",
            to_admit_at(Field::Ip6Daddr, NftSet::Restricted6At),
        ),
        ("published on one address", to(name!("publish_at"))),
        ("a port with a list", all(NftSet::Restricted4, to_ipv4())),
        ("a port with a list", all(NftSet::Restricted6, to_ipv6())),
        ("published on every address", to(name!("publish_all"))),
    ]
}

pub(super) fn to_admit_at(daddr: Field, restricted: NftSet) -> Vec<Statement> {
    let port = Key::from([daddr, Field::L4proto, Field::Dport(Transport::Any)]);
    vec![
        port.is_in(id(restricted)),
        Verdict::Jump(name!("admit_at")).into(),
    ]
}

/// The list of a port published on every address.
pub(super) fn admit() -> Vec<(&'static str, Vec<Statement>)> {
    let port = |saddr| Key::from([saddr, Field::L4proto, Field::Dport(Transport::Any)]);
    admitting(
        port(Field::IpSaddr).is_in(id(NftSet::Allowed4)),
        port(Field::Ip6Saddr).is_in(id(NftSet::Allowed6)),
    )
}

/// The list of a port published on one address.
pub(super) fn admit_at() -> Vec<(&'static str, Vec<Statement>)> {
    let port =
        |saddr, daddr| Key::from([saddr, daddr, Field::L4proto, Field::Dport(Transport::Any)]);
    admitting(
        port(Field::IpSaddr, Field::IpDaddr).is_in(id(NftSet::Allowed4At)),
        port(Field::Ip6Saddr, Field::Ip6Daddr).is_in(id(NftSet::Allowed6At)),
    )
}

pub(super) fn admitting(
    listed4: Statement,
    listed6: Statement,
) -> Vec<(&'static str, Vec<Statement>)> {
    vec![
        (ON_LIST, vec![listed4, Verdict::Return.into()]),
        (ON_LIST, vec![listed6, Verdict::Return.into()]),
        (NOT_ON_LIST, vec![Verdict::Drop.into()]),
    ]
}

/// Comment of the rule that accepts sources on a port's list.
pub(crate) const ON_LIST: &str = "on the allow-list of the port";
/// Comment of the rule that drops all other sources.
pub(crate) const NOT_ON_LIST: &str = "not on the allow-list of the port";

/// Packets of the host to itself. The order is the same for all others: the more exact map comes first.
pub(super) fn publish() -> Vec<(&'static str, Vec<Statement>)> {
    let to = |chain| vec![Verdict::Jump(chain).into()];
    vec![
        ("published on one address", to(name!("publish_at"))),
        ("published on every address", to(name!("publish_all"))),
    ]
}

/// One rule for each protocol and map. nftables 0.9.8 accepts a map with addresses and ports only after a match on
/// the transport protocol; later releases accept this form too.
pub(super) fn publish_at() -> Vec<(&'static str, Vec<Statement>)> {
    translating("published on one address", |protocol, version| {
        let (daddr, map) = match version {
            IpVersion::V4 => (Field::IpDaddr, NftSet::Publish4At(protocol)),
            IpVersion::V6 => (Field::Ip6Daddr, NftSet::Publish6At(protocol)),
        };
        ([daddr, Field::Dport(transport(protocol))], map)
    })
}

pub(super) fn publish_all() -> Vec<(&'static str, Vec<Statement>)> {
    translating("published on every address", |protocol, version| {
        let map = match version {
            IpVersion::V4 => NftSet::Publish4,
            IpVersion::V6 => NftSet::Publish6,
        };
        ([Field::L4proto, Field::Dport(transport(protocol))], map)
    })
}

pub(super) fn translating(
    what: &'static str,
    by: impl Fn(Protocol, IpVersion) -> ([Field; 2], NftSet),
) -> Vec<(&'static str, Vec<Statement>)> {
    let of_protocol = |protocol| {
        [IpVersion::V4, IpVersion::V6].map(|version| {
            let (key, map) = by(protocol, version);
            (what, dnat(protocol, version, key, map))
        })
    };
    Protocol::ALL.into_iter().flat_map(of_protocol).collect()
}

pub(super) fn dnat(
    protocol: Protocol,
    version: IpVersion,
    key: [Field; 2],
    map: NftSet,
) -> Vec<Statement> {
    let target = NatTarget::Map {
        version,
        key: key.into(),
        map: id(map),
        with_port: true,
    };
    vec![
        fields::L4PROTO.is(InetProto(protocol.number())),
        Statement::Nat(Nat {
            kind: NatKind::Dnat,
            target,
        }),
    ]
}

pub(super) fn transport(protocol: Protocol) -> Transport {
    match protocol {
        Protocol::Tcp => Transport::Tcp,
        Protocol::Udp => Transport::Udp,
        Protocol::Sctp => Transport::Sctp,
    }
}
