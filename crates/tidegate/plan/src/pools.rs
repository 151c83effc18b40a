//! The pools from which networks get subnets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use tidegate_model::{AllowList, Forwarding, PortRange};

use crate::ip_family::IpFamily;
use crate::{Pool, Refused};

/// The pools of both families. A network gets a subnet from the first pool with a free one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Pools {
    /// Pools for IPv4 subnets.
    #[serde(deserialize_with = "ipv4")]
    pub ipv4: Vec<Pool>,
    /// Pools for IPv6 subnets.
    #[serde(deserialize_with = "ipv6")]
    pub ipv6: Vec<Pool>,
}

impl Default for Pools {
    /// 4,096 IPv4 subnets of private addresses (RFC 1918) and 65,536 IPv6 subnets of unique local addresses (RFC
    /// 4193), outside of the ranges that other container tools use by default.
    fn default() -> Self {
        let pool = |address: IpAddr, length, size| Pool {
            base: IpNet::new_assert(address, length),
            size,
        };
        Self {
            ipv4: vec![pool(Ipv4Addr::new(10, 208, 0, 0).into(), 12, 24)],
            ipv6: vec![pool(
                Ipv6Addr::new(0xfd74, 0x6964, 0x6567, 0, 0, 0, 0, 0).into(),
                48,
                64,
            )],
        }
    }
}

/// Defaults for networks and published ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Subnets.
    pub pools: Pools,
    /// Ports of the host.
    pub free_ports: PortRange,
    /// Default allow-list of published ports.
    pub allow: AllowList,
    /// Whether the daemon turns on IP forwarding.
    pub forwarding: Forwarding,
    /// Host port of the DNS server, if it is on.
    pub resolver: Option<u16>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            pools: Pools::default(),
            free_ports: PortRange::FREE,
            allow: AllowList::default(),
            forwarding: Forwarding::default(),
            resolver: None,
        }
    }
}

impl Pools {
    /// The lowest free subnet of a family.
    pub(crate) fn allot(&self, family: IpFamily, occupied: &[IpNet]) -> Result<IpNet, Refused> {
        let pools = match family {
            IpFamily::Ipv4 => &self.ipv4,
            IpFamily::Ipv6 => &self.ipv6,
        };
        pools
            .iter()
            .find_map(|pool| pool.first_free(occupied))
            .ok_or_else(|| Refused::PoolsUsedUp {
                family,
                pools: pools.iter().map(ToString::to_string).collect(),
            })
    }
}

fn ipv4<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Pool>, D::Error> {
    of_family(IpFamily::Ipv4, from)
}

fn ipv6<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Pool>, D::Error> {
    of_family(IpFamily::Ipv6, from)
}

fn of_family<'de, D: Deserializer<'de>>(family: IpFamily, from: D) -> Result<Vec<Pool>, D::Error> {
    let pools = Vec::<Pool>::deserialize(from)?.into_iter();
    let checked = pools.map(|pool| pool.of_family(family).map_err(D::Error::custom));
    checked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_pools_are_valid() {
        let Pools { ipv4, ipv6 } = Pools::default();
        for pool in ipv4.into_iter().chain(ipv6) {
            assert_eq!(Pool::new(pool.base, pool.size), Ok(pool));
        }
    }

    #[test]
    fn a_pool_of_the_other_family_is_refused_where_it_is_read() {
        let refused = toml::from_str::<Pools>("ipv4 = [{ base = 'fd00::/48', size = 64 }]");
        assert_eq!(
            refused.unwrap_err().message(),
            "pool fd00::/48 is not one of IPv4 addresses"
        );
    }
}
