//! Reads rules in the JSON of nft (libnftables-json(5)). What it does not know becomes [`OtherStatement::Unreadable`]
//! or a comparison of [`OtherField::Unknown`], never a guess.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value as Json;

use super::rule::{Comparison, OtherField, OtherStatement, OtherValue, OtherVerdict};
use crate::IpVersion;

/// The elements of a table's named sets.
pub(super) type Sets = BTreeMap<String, Vec<OtherValue>>;

/// Numbers of protocols (IANA), by their names in nft.
const PROTOCOLS: [(&str, u8); 10] = [
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("sctp", 132),
    ("udplite", 136),
];
/// States of a connection (`NF_CT_STATE_BIT`).
const STATES: [(&str, u64); 5] = [
    ("invalid", 1),
    ("established", 2),
    ("related", 4),
    ("new", 8),
    ("untracked", 64),
];
/// Status bits of a connection (`IPS_…`), by their names in nft.
const STATUSES: [(&str, u64); 7] = [
    ("expected", 1),
    ("seen-reply", 2),
    ("assured", 4),
    ("confirmed", 8),
    ("snat", 16),
    ("dnat", 32),
    ("dying", 512),
];
/// Statements of nft that neither compare nor decide.
const NEUTRAL: [&str; 14] = [
    "counter",
    "log",
    "comment",
    "mangle",
    "notrack",
    "flow",
    "set",
    "map",
    "dup",
    "ct helper",
    "ct timeout",
    "ct expectation",
    "secmark",
    "reset",
];
/// Matches and targets of x_tables that neither compare nor decide.
const NEUTRAL_XT: [&str; 13] = [
    "comment", "LOG", "NFLOG", "MARK", "CONNMARK", "TCPMSS", "CHECKSUM", "DSCP", "CT", "TRACE",
    "CLASSIFY", "AUDIT", "SECMARK",
];

/// The statements of a rule.
pub(super) fn statements(expressions: &Json, sets: &Sets) -> Vec<OtherStatement> {
    let objects = expressions.as_array().into_iter().flatten();
    let members = objects.filter_map(Json::as_object).flatten();
    members
        .map(|(kind, value)| statement(kind, value, sets))
        .collect()
}

fn statement(kind: &str, value: &Json, sets: &Sets) -> OtherStatement {
    match kind {
        "match" => OtherStatement::Compare(comparison(value, sets)),
        "vmap" => choices(value, sets),
        "xt" => xt(value),
        // They hold for some packets.
        "limit" | "quota" | "ct count" | "meter" => OtherStatement::Compare(unknown()),
        kind if NEUTRAL.contains(&kind) => OtherStatement::Neutral,
        kind => verdict(kind, value).map_or(OtherStatement::Unreadable, OtherStatement::End),
    }
}

fn verdict(kind: &str, value: &Json) -> Option<OtherVerdict> {
    let target = || {
        value
            .get("target")
            .and_then(Json::as_str)
            .map(str::to_owned)
    };
    Some(match kind {
        "accept" => OtherVerdict::Accept,
        "drop" | "reject" => OtherVerdict::Drop,
        "return" => OtherVerdict::Return,
        "continue" => OtherVerdict::Continue,
        "jump" => OtherVerdict::Jump(target()?),
        "goto" => OtherVerdict::Goto(target()?),
        "snat" | "masquerade" => OtherVerdict::TranslateSource,
        "dnat" | "redirect" | "tproxy" => OtherVerdict::TranslateDestination,
        "queue" | "synproxy" => OtherVerdict::Queue,
        _ => return None,
    })
}

/// Newer nft names what it has no words for; older ones write `null`.
fn xt(value: &Json) -> OtherStatement {
    match value.get("name").and_then(Json::as_str) {
        Some("REJECT") => OtherStatement::End(OtherVerdict::Drop),
        Some(name) if NEUTRAL_XT.contains(&name) => OtherStatement::Neutral,
        _ if value.get("type").and_then(Json::as_str) == Some("match") => {
            OtherStatement::Compare(unknown())
        }
        _ => OtherStatement::Unreadable,
    }
}

fn choices(value: &Json, sets: &Sets) -> OtherStatement {
    let read = || {
        let field = field(value.get("key")?);
        let elements = value.get("data")?.get("set")?.as_array()?;
        let choice = |element: &Json| {
            let [key, data] = element.as_array()?.as_slice() else {
                return None;
            };
            let (kind, target) = data.as_object()?.iter().next()?;
            let values = values(&field, key, sets);
            let comparison = Comparison {
                field: field.clone(),
                negated: false,
                values,
            };
            Some((comparison, verdict(kind, target)?))
        };
        elements.iter().map(choice).collect::<Option<Vec<_>>>()
    };
    read().map_or(OtherStatement::Unreadable, OtherStatement::Choose)
}

fn unknown() -> Comparison {
    Comparison {
        field: OtherField::Unknown,
        negated: false,
        values: None,
    }
}

fn comparison(value: &Json, sets: &Sets) -> Comparison {
    let (Some(left), Some(right)) = (value.get("left"), value.get("right")) else {
        return unknown();
    };
    let negated = match value.get("op").and_then(Json::as_str) {
        Some("==" | "in") => false,
        Some("!=") => true,
        _ => return unknown(),
    };
    let field = field(left);
    // `fib … oif missing` is written as a comparison with false.
    if field == OtherField::ReversePath {
        let is_missing = matches!(right, Json::Bool(false)) || right.as_u64() == Some(0);
        return Comparison {
            field: if is_missing {
                field
            } else {
                OtherField::Unknown
            },
            negated: !negated,
            values: None,
        };
    }
    let values = values(&field, right, sets);
    Comparison {
        field,
        negated,
        values,
    }
}

/// The field on the left side of a comparison.
fn field(left: &Json) -> OtherField {
    let Some((kind, value)) = left.as_object().and_then(|object| object.iter().next()) else {
        return OtherField::Unknown;
    };
    let text = |key: &str| value.get(key).and_then(Json::as_str).unwrap_or_default();
    match kind.as_str() {
        "meta" => match text("key") {
            "iifname" | "iif" => OtherField::Iifname,
            "oifname" | "oif" => OtherField::Oifname,
            "l4proto" => OtherField::L4proto,
            "nfproto" => OtherField::Nfproto,
            _ => OtherField::Unknown,
        },
        "concat" => {
            let parts = value.as_array().into_iter().flatten();
            OtherField::Concatenation(parts.map(field).collect())
        }
        "payload" => of_payload(text("protocol"), text("field")),
        "ct" => match (text("key"), text("dir")) {
            ("state", _) => OtherField::CtState,
            ("status", _) => OtherField::CtStatus,
            ("proto-dst", "original") => OtherField::OriginalDport,
            _ => OtherField::Unknown,
        },
        "fib" => {
            let flags = value.get("flags").and_then(Json::as_array);
            let is = |name: &str| {
                flags.is_some_and(|flags| flags.iter().any(|flag| flag.as_str() == Some(name)))
            };
            match text("result") {
                "oif" if is("saddr") && !is("daddr") => OtherField::ReversePath,
                "type" if is("daddr") => OtherField::DestinationType,
                _ => OtherField::Unknown,
            }
        }
        "exthdr" if text("name") == "rt" || text("name") == "rt0" => OtherField::RoutingHeader,
        _ => OtherField::Unknown,
    }
}

fn of_payload(protocol: &str, field: &str) -> OtherField {
    let number = number_of(protocol);
    match (protocol, field) {
        ("ip", "saddr") => OtherField::Saddr(Some(IpVersion::V4)),
        ("ip", "daddr") => OtherField::Daddr(Some(IpVersion::V4)),
        ("ip6", "saddr") => OtherField::Saddr(Some(IpVersion::V6)),
        ("ip6", "daddr") => OtherField::Daddr(Some(IpVersion::V6)),
        ("ip", "protocol") => OtherField::L4proto,
        ("ip", _) => OtherField::OfVersion(IpVersion::V4),
        ("ip6", _) => OtherField::OfVersion(IpVersion::V6),
        ("th", "sport") => OtherField::Sport(None),
        ("th", "dport") => OtherField::Dport(None),
        ("tcp" | "udp" | "sctp" | "dccp" | "udplite", "sport") => OtherField::Sport(number),
        ("tcp" | "udp" | "sctp" | "dccp" | "udplite", "dport") => OtherField::Dport(number),
        _ => number.map_or(OtherField::Unknown, OtherField::OfProtocol),
    }
}

/// The number of a protocol.
pub(super) fn number_of(protocol: &str) -> Option<u8> {
    let found = PROTOCOLS.iter().find(|(name, _)| *name == protocol);
    found.map(|(_, number)| *number)
}

/// The values on the right side of a comparison; none if one of them cannot be read.
pub(super) fn values(field: &OtherField, right: &Json, sets: &Sets) -> Option<Vec<OtherValue>> {
    match right {
        Json::Array(all) => list(field, all, sets),
        Json::Object(object) => {
            let (kind, value) = object.iter().next()?;
            match (kind.as_str(), value) {
                ("set" | "|", Json::Array(all)) => list(field, all, sets),
                ("concat", Json::Array(parts)) => {
                    let OtherField::Concatenation(fields) = field else {
                        return None;
                    };
                    let read = fields.iter().zip(parts);
                    let read = read.map(|(field, part)| values(field, part, sets));
                    Some(vec![OtherValue::Tuple(read.collect::<Option<_>>()?)])
                }
                ("elem", value) => values(field, value.get("val")?, sets),
                ("prefix", value) => {
                    let address: IpAddr = value.get("addr")?.as_str()?.parse().ok()?;
                    let length = u8::try_from(value.get("len")?.as_u64()?).ok()?;
                    Some(vec![OtherValue::Net(IpNet::new(address, length).ok()?)])
                }
                ("range", Json::Array(ends)) => {
                    let [first, last] = ends.as_slice() else {
                        return None;
                    };
                    range(one(field, first)?, one(field, last)?).map(|range| vec![range])
                }
                _ => None,
            }
        }
        Json::String(text) if text.starts_with('@') => sets.get(&text[1..]).cloned(),
        value => one(field, value).map(|value| vec![value]),
    }
}

fn list(field: &OtherField, all: &[Json], sets: &Sets) -> Option<Vec<OtherValue>> {
    let read = all.iter().map(|value| values(field, value, sets));
    Some(read.collect::<Option<Vec<_>>>()?.concat())
}

fn one(field: &OtherField, value: &Json) -> Option<OtherValue> {
    if let Some(number) = value.as_u64() {
        return Some(OtherValue::Numbers(number, number));
    }
    let text = value.as_str()?;
    let number = |number: u64| Some(OtherValue::Numbers(number, number));
    let named = |table: &[(&str, u64)]| {
        let found = table.iter().find(|(name, _)| *name == text)?;
        number(found.1)
    };
    match field {
        OtherField::Iifname | OtherField::Oifname | OtherField::DestinationType => {
            Some(OtherValue::Text(text.to_owned()))
        }
        OtherField::Saddr(_) | OtherField::Daddr(_) => {
            let address: IpAddr = text.parse().ok()?;
            Some(OtherValue::Net(address.into()))
        }
        OtherField::L4proto => number(number_of(text)?.into()),
        OtherField::Nfproto => named(&[("ipv4", 2), ("ipv6", 10)]),
        OtherField::CtState => named(&STATES),
        OtherField::CtStatus => named(&STATUSES),
        _ => None,
    }
}

fn range(first: OtherValue, last: OtherValue) -> Option<OtherValue> {
    match (first, last) {
        (OtherValue::Numbers(first, _), OtherValue::Numbers(_, last)) => {
            Some(OtherValue::Numbers(first, last))
        }
        (OtherValue::Net(first), OtherValue::Net(last)) => {
            Some(OtherValue::Addresses(first.addr(), last.addr()))
        }
        _ => None,
    }
}

/// The named sets of a table that can be read: of one field each.
pub(super) fn set(set: &Json) -> Option<(String, Vec<OtherValue>)> {
    let name = set.get("name")?.as_str()?.to_owned();
    let field = match set.get("type")?.as_str()? {
        "ipv4_addr" | "ipv6_addr" => OtherField::Saddr(None),
        "ifname" => OtherField::Iifname,
        "inet_service" => OtherField::Dport(None),
        "inet_proto" => OtherField::L4proto,
        _ => return None,
    };
    // The packet path may add to it at any time.
    let flags = set.get("flags").and_then(Json::as_array);
    let is_dynamic = flags.is_some_and(|flags| flags.iter().any(|flag| flag == "dynamic"));
    let elements = match set.get("elem") {
        _ if is_dynamic => return None,
        Some(Json::Array(elements)) => list(&field, elements, &Sets::new())?,
        _ => Vec::new(),
    };
    Some((name, elements))
}
