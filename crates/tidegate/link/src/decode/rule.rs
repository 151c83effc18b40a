//! Routing rules.

use std::net::IpAddr;

use ipnet::IpNet;
use tidegate_model::RESOLVERS;
use tidegate_model::links::{GROUP, RoutingRule};
use tidegate_sys::netlink::attribute;

use super::{AF_INET6, ip, u32_at};

/// Reads a rule (`struct fib_rule_hdr` of linux/fib_rules.h). None if it is only for some packets: those with a mark,
/// from an address or an interface, of a user or a protocol. A rule for packets *without* a mark is for most.
pub(crate) fn routing_rule(body: &[u8]) -> Option<RoutingRule> {
    const TO_TABLE: u8 = 1;
    const INVERT: u32 = 2;
    const DESTINATION: u16 = 1;
    const PRIORITY: u16 = 6;
    const MARK: u16 = 10;
    const SUPPRESSED: u16 = 14;
    const TABLE: u16 = 15;
    /// Source, interfaces, tunnel, l3mdev, users, protocol and ports.
    const CONDITIONS: [u16; 9] = [2, 3, 12, 17, 19, 20, 22, 23, 24];
    let (header, rest) = body.split_first_chunk::<12>()?;
    let [
        family,
        prefix_length,
        source_length,
        tos,
        table,
        _,
        _,
        action,
        ..,
    ] = *header;
    let is_inverted = u32_at(header, 8)? & INVERT != 0;
    let is_conditional = source_length != 0
        || tos != 0
        || CONDITIONS
            .iter()
            .any(|kind| attribute(rest, *kind).is_some());
    let destination = attribute(rest, DESTINATION).and_then(|value| ip(family, value));
    let number = |kind| attribute(rest, kind).and_then(|value| u32_at(value, 0));
    let is_marked = number(MARK).is_some_and(|mark| mark != 0);
    let is_for_most = action == TO_TABLE
        && !is_conditional
        && is_marked == is_inverted
        && !(is_inverted && destination.is_some());
    // The kernel says -1 where nothing is suppressed.
    let suppressed = number(SUPPRESSED).filter(|length| *length != u32::MAX);
    is_for_most.then_some(RoutingRule {
        is_ipv6: family == AF_INET6,
        priority: number(PRIORITY).unwrap_or(0),
        table: number(TABLE).unwrap_or(u32::from(table)),
        to: destination.and_then(|net| IpNet::new(net, prefix_length).ok()),
        least_prefix: suppressed.map_or(0, |length| u8::try_from(length + 1).unwrap_or(u8::MAX)),
    })
}

/// Reads a rule: the address from which it leads to our table. None if it is another rule.
pub(crate) fn answer_rule(body: &[u8]) -> Option<IpAddr> {
    const SOURCE: u16 = 2;
    const TABLE: u16 = 15;
    let (header, rest) = body.split_first_chunk::<12>()?;
    let table = attribute(rest, TABLE).and_then(|value| u32_at(value, 0))?;
    let source = ip(header[0], attribute(rest, SOURCE)?)?;
    (table == GROUP && RESOLVERS.contains(&source)).then_some(source)
}
