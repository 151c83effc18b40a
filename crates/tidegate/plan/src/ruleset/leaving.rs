//! Source addresses of outgoing packets.

use tidegate_nft::{CtStatus, Field, IpVersion, Key, Nat, NatKind, NatTarget, Statement, fields};

use super::matches::{id, ipv4, ipv6, loopback};
use crate::sets::NftSet;

pub(super) fn nat_postrouting() -> Vec<(&'static str, Vec<Statement>)> {
    let pair = Key::from([Field::Iifname, Field::Oifname]);
    vec![
        (
            "an endpoint that reaches its own network's published port",
            vec![
                pair.is_in(id(NftSet::SameBridge)),
                Statement::CtStatus(vec![CtStatus::Dnat]),
                Statement::Masquerade,
            ],
        ),
        (
            "the host's loopback has no way back from a bridge",
            vec![
                fields::OIFNAME.is_in(id(NftSet::Bridges)),
                fields::IP_SADDR.within(loopback()),
                Statement::Masquerade,
            ],
        ),
        (
            "an endpoint with no way out answers its own network alone",
            vec![
                fields::OIFNAME.is_in(id(NftSet::Internal)),
                Statement::CtStatus(vec![CtStatus::Dnat]),
                Statement::Masquerade,
            ],
        ),
        (
            "out under a chosen address",
            snat(IpVersion::V4, NftSet::Snat4),
        ),
        (
            "out under a chosen address",
            snat(IpVersion::V6, NftSet::Snat6),
        ),
        (
            "out under the host's address",
            masquerade(NftSet::Masquerading4, ipv4()),
        ),
        (
            "out under the host's address",
            masquerade(NftSet::Masquerading6, ipv6()),
        ),
    ]
}

pub(super) fn snat(version: IpVersion, map: NftSet) -> Vec<Statement> {
    let target = NatTarget::Map {
        version,
        key: fields::IIFNAME.into(),
        map: id(map),
        with_port: false,
    };
    let snat = Statement::Nat(Nat {
        kind: NatKind::Snat,
        target,
    });
    vec![fields::OIFNAME.is_not_in(id(NftSet::Bridges)), snat]
}

pub(super) fn masquerade(bridges: NftSet, family: Statement) -> Vec<Statement> {
    vec![
        fields::IIFNAME.is_in(id(bridges)),
        fields::OIFNAME.is_not_in(id(NftSet::Bridges)),
        family,
        Statement::Masquerade,
    ]
}
