//! Types and values in nft's JSON.

use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value as Json;

use crate::model::{
    Datatype, EtherAddr, IfName, InetProto, InetService, Mark, Type, Value, Values,
};

/// `"a"`, `"a . b"` or `["a", "b"]`.
pub(super) fn datatype(json: &Json) -> Option<Type> {
    let names = one_or_many(json)
        .iter()
        .map(Json::as_str)
        .collect::<Option<Vec<_>>>()?;
    let parts = names.iter().flat_map(|names| names.split(" . "));
    let known = |name: &str| {
        Datatype::ALL
            .into_iter()
            .find(|datatype| datatype.name() == name)
    };
    Some(Type::new(parts.map(known).collect::<Option<Vec<_>>>()?))
}

pub(super) fn one_or_many(json: &Json) -> &[Json] {
    json.as_array()
        .map_or(std::slice::from_ref(json), Vec::as_slice)
}

pub(super) fn values(of: &Type, json: &Json) -> Option<Values> {
    let parts = json
        .get("concat")
        .map_or(std::slice::from_ref(json), one_or_many);
    if parts.len() != of.parts().len() {
        return None;
    }
    of.parts()
        .iter()
        .zip(parts)
        .map(|(part, json)| value(*part, json))
        .collect()
}

fn value(of: Datatype, json: &Json) -> Option<Value> {
    let text = json.as_str();
    Some(match of {
        Datatype::InetProto => InetProto(protocol(json)?).into(),
        Datatype::InetService => InetService(number(json)?.try_into().ok()?).into(),
        Datatype::Ipv4Addr => match text {
            Some(address) => Value::Ipv4Addr(address.parse().ok()?),
            None => prefix::<Ipv4Net>(json)?.into(),
        },
        Datatype::Ipv6Addr => match text {
            Some(address) => Value::Ipv6Addr(address.parse().ok()?),
            None => prefix::<Ipv6Net>(json)?.into(),
        },
        Datatype::Ifname => IfName::new(text?).ok()?.into(),
        Datatype::Mark => Mark(number(json)?.try_into().ok()?).into(),
        Datatype::EtherAddr => ether_addr(text?)?.into(),
    })
}

fn prefix<N: FromStr>(json: &Json) -> Option<N> {
    let prefix = json.get("prefix")?;
    let (address, bits) = (prefix.get("addr")?.as_str()?, prefix.get("len")?.as_u64()?);
    format!("{address}/{bits}").parse().ok()
}

/// A number, also one written as text.
fn number(json: &Json) -> Option<u64> {
    let text = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    json.as_u64().or_else(|| json.as_str().and_then(text))
}

fn protocol(json: &Json) -> Option<u8> {
    let named = match json.as_str() {
        Some("icmp") => Some(InetProto::ICMP),
        Some("tcp") => Some(InetProto::TCP),
        Some("udp") => Some(InetProto::UDP),
        Some("ipv6-icmp" | "icmpv6") => Some(InetProto::ICMPV6),
        Some("sctp") => Some(InetProto::SCTP),
        _ => None,
    };
    named
        .map(|protocol| protocol.0)
        .or_else(|| number(json)?.try_into().ok())
}

fn ether_addr(text: &str) -> Option<EtherAddr> {
    let bytes = text
        .split(':')
        .map(|byte| u8::from_str_radix(byte, 16).ok());
    Some(EtherAddr(
        bytes.collect::<Option<Vec<_>>>()?.try_into().ok()?,
    ))
}
