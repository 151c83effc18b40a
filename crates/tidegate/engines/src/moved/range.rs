//! Ranges of addresses from one to another, as prefixes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What a range of a subnet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// The whole subnet.
    Whole,
    /// A prefix. Its first and last address may be left out, as engines do that write a prefix as a range.
    Prefix(IpNet),
    /// No prefix: the largest one in it.
    Part(IpNet),
    /// Nothing, or outside of the subnet.
    Nothing,
}

/// The range of a subnet from one address to another.
pub(super) fn range(subnet: IpNet, start: Option<IpAddr>, end: Option<IpAddr>) -> Range {
    let (first, last) = (number(subnet.network()), number(subnet.broadcast()));
    let is_ipv4 = subnet.addr().is_ipv4();
    let is_other = |ip: &IpAddr| ip.is_ipv4() != is_ipv4;
    let (from, to) = (start.map_or(first, number), end.map_or(last, number));
    if start.iter().chain(&end).any(is_other) || from > to || from < first || to > last {
        return Range::Nothing;
    }
    let prefix = |start: u128, length: u8| match IpNet::new(address(start, is_ipv4), length) {
        Ok(net) => net,
        Err(_) => subnet,
    };
    let lengths = || {
        (subnet.prefix_len()..=subnet.max_prefix_len()).filter_map(|length| {
            let size = 1_u128.checked_shl(u32::from(subnet.max_prefix_len() - length))?;
            Some((length, size))
        })
    };
    // The narrowest prefix around it, if it lacks no more than the first and the last address.
    for (length, size) in lengths() {
        let start = from - from % size;
        let end = start + (size - 1);
        if from - start <= 1 && end >= to && end - to <= 1 {
            return match length == subnet.prefix_len() {
                true => Range::Whole,
                false => Range::Prefix(prefix(start, length)),
            };
        }
    }
    for (length, size) in lengths() {
        let start = from.checked_next_multiple_of(size);
        let fits = |start: &u128| start.checked_add(size - 1).is_some_and(|end| end <= to);
        if let Some(start) = start.filter(fits) {
            return Range::Part(prefix(start, length));
        }
    }
    Range::Nothing
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

fn address(number: u128, is_ipv4: bool) -> IpAddr {
    match u32::try_from(number) {
        Ok(number) if is_ipv4 => Ipv4Addr::from(number).into(),
        _ => Ipv6Addr::from(number).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_the_prefix_that_it_was_made_from_or_the_largest_in_it() {
        let net = |text: &str| text.parse::<IpNet>().unwrap_or_default();
        let prefix = |text| Range::Prefix(net(text));
        for (subnet, start, end, expected) in [
            ("10.9.1.0/24", "", "", Range::Whole),
            ("10.9.1.0/24", "10.9.1.1", "10.9.1.254", Range::Whole),
            ("10.9.1.0/24", "10.9.1.128", "", prefix("10.9.1.128/25")),
            (
                "10.9.1.0/24",
                "10.9.1.129",
                "10.9.1.255",
                prefix("10.9.1.128/25"),
            ),
            (
                "10.9.1.0/24",
                "10.9.1.65",
                "10.9.1.126",
                prefix("10.9.1.64/26"),
            ),
            ("10.9.1.0/24", "10.9.1.7", "10.9.1.7", prefix("10.9.1.6/31")),
            (
                "10.9.1.0/24",
                "10.9.1.10",
                "10.9.1.20",
                Range::Part(net("10.9.1.12/30")),
            ),
            (
                "10.9.1.0/24",
                "10.9.1.100",
                "10.9.1.200",
                Range::Part(net("10.9.1.128/26")),
            ),
            ("10.9.1.0/24", "10.9.1.9", "10.9.1.8", Range::Nothing),
            ("10.9.1.0/24", "10.9.2.9", "", Range::Nothing),
            ("10.9.1.0/24", "fd00::1", "", Range::Nothing),
            (
                "fd00:9::/64",
                "fd00:9::1:0",
                "fd00:9::1:ffff",
                prefix("fd00:9::1:0/112"),
            ),
            ("::/0", "", "", Range::Part(net("::/1"))),
        ] {
            let of = |text: &str| text.parse().ok();
            let found = range(net(subnet), of(start), of(end));
            assert_eq!(found, expected, "{subnet} {start} {end}");
        }
    }
}
