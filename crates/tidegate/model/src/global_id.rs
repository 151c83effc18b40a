//! The host's own prefix of IPv6 addresses.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv6Net};

/// The global ID of a host: the 40 bits that make its prefix of unique local IPv6 addresses its own (RFC 4193, sections
/// 3.1 and 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalId(u64);

impl GlobalId {
    /// The global ID that all hosts had up to 0.1.0. Its prefix is `fd74:6964:6567::/48`.
    pub const SHARED: Self = Self(0x74_6964_6567);

    /// The lowest 40 bits of a number.
    pub const fn new(number: u64) -> Self {
        Self(number & 0xff_ffff_ffff)
    }

    /// As a number below 2^40.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The host's prefix: `fd`, which says that the host chose the global ID itself, and the global ID. 48 bits long.
    pub fn prefix(self) -> IpNet {
        let bits = (0xfd_u128 << 120) | (u128::from(self.0) << 80);
        Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), 48).into()
    }
}

impl Default for GlobalId {
    fn default() -> Self {
        Self::SHARED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_of_a_host_is_fd_and_its_global_id() {
        let prefix = |number| GlobalId::new(number).prefix().to_string();
        assert_eq!(prefix(GlobalId::SHARED.number()), "fd74:6964:6567::/48");
        assert_eq!(prefix(0), "fd00::/48");
        assert_eq!(prefix(u64::MAX), "fdff:ffff:ffff::/48");
    }
}
