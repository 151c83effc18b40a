//! The addresses at which the DNS server answers on every network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The link-local IPv4 address (RFC 3927) of the DNS server, the same on every bridge.
pub const RESOLVER4: Ipv4Addr = Ipv4Addr::new(169, 254, 53, 53);

/// The unique local IPv6 address (RFC 4193) of the DNS server, the same on every bridge. Its global identifier is
/// "names" in ASCII. It is not link-local, because a server in resolv.conf(5) must not depend on an interface.
pub const RESOLVER6: Ipv6Addr = Ipv6Addr::new(0xfd6e, 0x616d, 0x6573, 0, 0, 0, 0, 0x53);

/// Both, IPv4 first.
pub const RESOLVERS: [IpAddr; 2] = [IpAddr::V4(RESOLVER4), IpAddr::V6(RESOLVER6)];
