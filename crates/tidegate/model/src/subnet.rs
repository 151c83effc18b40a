//! Subnets of a network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::Invalid;

/// A subnet with its gateway: the address of the bridge, which endpoints use as their router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subnet {
    /// The subnet, without host bits.
    pub net: IpNet,
    /// The bridge's address.
    pub gateway: IpAddr,
    /// The range from which endpoints get addresses. Default: the whole subnet.
    pub range: Option<IpNet>,
}

const WHAT: &str = "subnet";
const HINT_OF_IPV4: &str =
    "give one of private addresses, such as 10.1.2.0/24, or leave it out to get a free one";
const HINT_OF_IPV6: &str = "give one of unique local addresses, such as fd00:1:2:3::/64, or leave it out to get a free one";
const HINT_OF_ONE: &str =
    "the narrowest subnets are 10.1.2.0/31 and fd00:1:2:3::/127: a gateway and one endpoint";

impl Subnet {
    /// A subnet whose gateway is `gateway`, or its first address.
    ///
    /// # Errors
    /// If the subnet has host bits, a single address, or cannot be routed to endpoints (unspecified,
    /// loopback, link-local, multicast), or if the gateway is not a usable address of the subnet.
    pub fn new(net: IpNet, gateway: Option<IpAddr>) -> Result<Self, Invalid> {
        if net != net.trunc() {
            return Err(with_host_bits(WHAT, net));
        }
        if net.prefix_len() == net.max_prefix_len() {
            let reason =
                "it is a single address, and a network needs two: its gateway's and an endpoint's";
            return Err(Invalid::new(WHAT, &net.to_string(), reason, HINT_OF_ONE));
        }
        if let Some(kind) = unusable(net) {
            let hint = if net.addr().is_ipv4() {
                HINT_OF_IPV4
            } else {
                HINT_OF_IPV6
            };
            let reason = format!("it is {kind}");
            return Err(Invalid::new(WHAT, &net.to_string(), reason, hint));
        }
        let subnet = Self {
            net,
            gateway: gateway.unwrap_or_else(|| first_address(net)),
            range: None,
        };
        if subnet.is_usable(subnet.gateway) {
            Ok(subnet)
        } else {
            let reason = match reserved_as(net, subnet.gateway) {
                Some(purpose) => format!("it is the {purpose} of {net}"),
                None => format!("it is not in {net}"),
            };
            let hint = format!(
                "give another address of {net}, such as {}",
                first_address(net)
            );
            let given = subnet.gateway.to_string();
            Err(Invalid::new("gateway", &given, reason, hint))
        }
    }

    /// The bridge's address with the subnet's prefix length.
    pub fn gateway_net(&self) -> IpNet {
        self.host_net(self.gateway)
    }

    /// An address of the subnet with the subnet's prefix length.
    pub fn host_net(&self, address: IpAddr) -> IpNet {
        IpNet::new_assert(address, self.net.prefix_len())
    }

    /// Whether an interface may have this address: inside the subnet, and not reserved by it.
    pub fn is_usable(&self, address: IpAddr) -> bool {
        self.net.contains(&address) && reserved_as(self.net, address).is_none()
    }

    /// The subnet with a range out of which addresses are given.
    ///
    /// # Errors
    /// Refuses a range that has host bits or is not a part of the subnet.
    pub fn with_range(self, range: IpNet) -> Result<Self, Invalid> {
        let what = "range of addresses";
        if range != range.trunc() {
            return Err(with_host_bits(what, range));
        }
        if !self.net.contains(&range) {
            let (reason, hint) = (
                format!("it is not a part of {}", self.net),
                format!(
                    "give a part of {}, such as {}",
                    self.net,
                    upper_half(self.net)
                ),
            );
            return Err(Invalid::new(what, &range.to_string(), reason, hint));
        }
        Ok(Self {
            range: Some(range),
            ..self
        })
    }

    /// The lowest usable address of the range that is not the gateway's and for which `taken` says
    /// no; none where there is none left.
    pub fn first_free(&self, taken: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
        let range = self.range.unwrap_or(self.net);
        let host_bits = u32::from(range.max_prefix_len() - range.prefix_len()).min(127);
        (0..1_u128 << host_bits)
            .map(|n| offset(range.network(), n))
            .find(|ip| self.is_usable(*ip) && *ip != self.gateway && !taken(*ip))
    }
}

/// Refuses a prefix with host bits, with the prefix that is meant.
fn with_host_bits(what: &'static str, net: IpNet) -> Invalid {
    let meant = net.trunc();
    let reason = format!("it has host bits: the prefix without them is {meant}");
    Invalid::new(what, &net.to_string(), reason, format!("write {meant}"))
}

/// What an address of a prefix is for, if no interface can have it: the network address (IPv6: the subnet-router anycast
/// address, RFC 4291 section 2.6.1) or the IPv4 broadcast address. A subnet of two addresses has neither (RFC 3021 section
/// 2.1, RFC 6164 section 6).
pub fn reserved_as(net: IpNet, address: IpAddr) -> Option<&'static str> {
    match address {
        _ if is_pair(net) => None,
        IpAddr::V4(_) if address == net.network() => Some("network address"),
        IpAddr::V4(_) if address == net.broadcast() => Some("broadcast address"),
        IpAddr::V6(_) if address == net.network() => Some("subnet-router anycast address"),
        _ => None,
    }
}

/// The first address of a prefix that an interface can have.
pub fn first_address(net: IpNet) -> IpAddr {
    offset(net.network(), first_usable(net))
}

/// The upper half of a prefix, which has at least two addresses.
pub fn upper_half(net: IpNet) -> IpNet {
    let half = net.prefix_len().saturating_add(1).min(net.max_prefix_len());
    IpNet::new_assert(net.broadcast(), half).trunc()
}

/// Whether a prefix has two addresses: a /31, or a /127.
fn is_pair(net: IpNet) -> bool {
    net.max_prefix_len() - net.prefix_len() == 1
}

/// How far the first usable address of a subnet is from its first address.
fn first_usable(net: IpNet) -> u128 {
    match is_pair(net) {
        true => 0,
        false => 1,
    }
}

/// The address `n` after `base`; `base` is a subnet's first address, and `n` stays inside it.
pub(crate) fn offset(base: IpAddr, n: u128) -> IpAddr {
    match base {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits().wrapping_add(n as u32))),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits().wrapping_add(n))),
    }
}

fn unusable(net: IpNet) -> Option<&'static str> {
    let ranges: [(&str, &str); 8] = [
        ("0.0.0.0/8", "the range of \"this network\""),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("224.0.0.0/3", "multicast or reserved"),
        ("::/127", "the unspecified address or loopback"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    ];
    ranges.into_iter().find_map(|(range, kind)| {
        let range: IpNet = range.parse().ok()?;
        overlap(range, net).then_some(kind)
    })
}

/// Whether two prefixes share an address.
pub fn overlap(a: IpNet, b: IpNet) -> bool {
    a.contains(&b) || b.contains(&a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(net: &str) -> Subnet {
        Subnet::new(net.parse().unwrap(), None).unwrap()
    }

    #[test]
    fn the_first_address_is_the_gateway_unless_another_is_given() {
        assert_eq!(subnet("10.1.2.0/24").gateway.to_string(), "10.1.2.1");
        assert_eq!(subnet("fd00:1::/64").gateway.to_string(), "fd00:1::1");
        let given = Subnet::new(
            "10.1.2.0/24".parse().unwrap(),
            Some("10.1.2.254".parse().unwrap()),
        );
        assert_eq!(given.unwrap().gateway_net().to_string(), "10.1.2.254/24");
    }

    #[test]
    fn a_subnet_that_cannot_work_is_refused_with_the_reason() {
        let reason = |net: &str, gateway: Option<&str>| {
            let gateway = gateway.map(|g| g.parse().unwrap());
            Subnet::new(net.parse().unwrap(), gateway)
                .unwrap_err()
                .reason
        };
        assert_eq!(
            reason("10.1.2.3/24", None),
            "it has host bits: the prefix without them is 10.1.2.0/24"
        );
        for single in ["10.1.2.0/32", "fd00::1/128"] {
            assert_eq!(
                reason(single, None),
                "it is a single address, and a network needs two: its gateway's and an endpoint's"
            );
        }
        assert_eq!(reason("127.1.0.0/16", None), "it is loopback");
        assert_eq!(reason("fe80::/64", None), "it is link-local");
        assert_eq!(
            reason("0.0.0.0/0", None),
            "it is the range of \"this network\""
        );
        assert_eq!(
            reason("10.0.0.0/24", Some("10.0.1.1")),
            "it is not in 10.0.0.0/24"
        );
        assert_eq!(
            reason("10.0.0.0/24", Some("10.0.0.255")),
            "it is the broadcast address of 10.0.0.0/24"
        );
        assert_eq!(
            reason("10.0.0.0/24", Some("fd00::1")),
            "it is not in 10.0.0.0/24"
        );
    }

    /// The subnet is right where its gateway is not.
    #[test]
    fn a_wrong_gateway_is_told_as_the_gateway() {
        let net = "10.9.8.0/24".parse().unwrap();
        let refused = Subnet::new(net, Some("10.9.8.255".parse().unwrap())).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "invalid gateway \"10.9.8.255\": it is the broadcast address of 10.9.8.0/24"
        );
    }

    /// A hint repeats what the user wrote, as it should be.
    #[test]
    fn the_hint_is_made_of_the_users_own_input() {
        let net = |text: &str| text.parse::<IpNet>().unwrap();
        let of_gateway =
            |text: &str, gateway: &str| Subnet::new(net(text), Some(crate::fixtures::ip(gateway)));
        let range = |text: &str| subnet("10.9.8.0/24").with_range(net(text)).map(drop);
        for (refused, hint) in [
            (
                Subnet::new(net("10.9.8.7/24"), None).map(drop),
                "write 10.9.8.0/24",
            ),
            (
                Subnet::new(net("fd50::7/64"), None).map(drop),
                "write fd50::/64",
            ),
            (
                of_gateway("10.9.8.0/24", "10.9.8.255").map(drop),
                "give another address of 10.9.8.0/24, such as 10.9.8.1",
            ),
            (
                of_gateway("fd50::/64", "fd50::").map(drop),
                "give another address of fd50::/64, such as fd50::1",
            ),
            (
                Subnet::new(net("224.0.0.0/24"), None).map(drop),
                HINT_OF_IPV4,
            ),
            (Subnet::new(net("ff02::/64"), None).map(drop), HINT_OF_IPV6),
            (range("10.9.8.129/25"), "write 10.9.8.128/25"),
            (
                range("10.9.0.0/16"),
                "give a part of 10.9.8.0/24, such as 10.9.8.128/25",
            ),
        ] {
            assert_eq!(refused.unwrap_err().hint, hint);
        }
    }

    #[test]
    fn the_upper_half_of_a_prefix_is_one_bit_longer() {
        for (net, half) in [
            ("10.9.8.0/24", "10.9.8.128/25"),
            ("10.9.8.6/31", "10.9.8.7/32"),
            ("fd50::/64", "fd50::8000:0:0:0/65"),
        ] {
            assert_eq!(upper_half(net.parse().unwrap()).to_string(), half);
        }
    }

    #[test]
    fn addresses_are_given_out_from_the_lowest_until_the_subnet_is_full() {
        let small = subnet("10.0.0.0/29");
        let mut taken = Vec::new();
        while let Some(ip) = small.first_free(|ip| taken.contains(&ip)) {
            taken.push(ip);
        }
        let shown: Vec<String> = taken.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]
        );
        assert_eq!(
            subnet("fd00::/8")
                .first_free(|_| false)
                .unwrap()
                .to_string(),
            "fd00::2"
        );
    }

    #[test]
    fn a_subnet_has_room_for_a_gateway_and_an_endpoint() {
        for (net, fits) in [
            ("10.1.2.0/30", true),
            ("fd00::/126", true),
            ("10.1.2.0/31", true),
            ("fd00::/127", true),
            ("10.1.2.0/32", false),
            ("fd00::/128", false),
        ] {
            let made = Subnet::new(net.parse().unwrap(), None);
            assert_eq!(made.is_ok(), fits, "{net}");
        }
    }

    #[test]
    fn the_first_address_and_the_broadcast_address_are_not_usable() {
        for (net, address, is_usable) in [
            ("10.1.2.0/24", "10.1.2.0", false),
            ("10.1.2.0/24", "10.1.2.255", false),
            ("10.1.2.0/24", "10.1.2.254", true),
            ("10.1.2.0/24", "10.1.3.1", false),
            ("fd00:1::/64", "fd00:1::", false),
            ("fd00:1::/64", "fd00:1::ffff:ffff:ffff:ffff", true),
        ] {
            let address = crate::fixtures::ip(address);
            assert_eq!(subnet(net).is_usable(address), is_usable, "{net} {address}");
        }
    }

    #[test]
    fn a_subnet_of_two_addresses_has_a_gateway_and_one_endpoint() {
        let free = |net: &str, gateway: Option<&str>, taken: &[&str]| {
            let gateway = gateway.map(crate::fixtures::ip);
            let subnet = Subnet::new(net.parse().unwrap(), gateway).unwrap();
            let taken: Vec<IpAddr> = taken.iter().map(|ip| crate::fixtures::ip(ip)).collect();
            let free = subnet.first_free(|ip| taken.contains(&ip));
            (subnet.gateway.to_string(), free.map(|ip| ip.to_string()))
        };
        let pair = |gateway: &str, free: Option<&str>| (gateway.into(), free.map(str::to_owned));
        for (net, low, high) in [
            ("10.1.2.6/31", "10.1.2.6", "10.1.2.7"),
            ("fd00::/127", "fd00::", "fd00::1"),
        ] {
            assert_eq!(free(net, None, &[]), pair(low, Some(high)));
            assert_eq!(free(net, Some(high), &[]), pair(high, Some(low)));
            assert_eq!(free(net, None, &[high]), pair(low, None));
        }
    }

    #[test]
    fn addresses_come_from_the_range_if_there_is_one() {
        let range = |text: &str| subnet("10.1.2.0/24").with_range(text.parse().unwrap());
        let first = range("10.1.2.128/30").unwrap().first_free(|_| false);
        assert_eq!(first, Some(crate::fixtures::ip("10.1.2.128")));
        assert_eq!(range("10.1.2.128/30").unwrap().first_free(|_| true), None);
        let reason = |text: &str| range(text).unwrap_err().reason;
        assert_eq!(
            reason("10.1.2.129/30"),
            "it has host bits: the prefix without them is 10.1.2.128/30"
        );
        assert_eq!(reason("10.1.0.0/16"), "it is not a part of 10.1.2.0/24");
        assert_eq!(
            subnet("10.1.2.0/24")
                .host_net(crate::fixtures::ip("10.1.2.9"))
                .to_string(),
            "10.1.2.9/24"
        );
    }
}
