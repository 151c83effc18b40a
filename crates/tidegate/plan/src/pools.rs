//! The pools from which networks are given subnets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use tidegate_model::{AllowList, Forwarding, PortRange};

use crate::refused::IpFamily;
use crate::{Pool, Refused};

/// The pools of both families. Subnets are taken from the first pool that has one free.
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
    /// 4,096 IPv4 subnets of private addresses (RFC 1918) and 65,536 IPv6 ones of unique local
    /// addresses (RFC 4193), away from the ranges that other container tools start with.
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

/// What networks and published ports are given out of where nothing is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Subnets.
    pub pools: Pools,
    /// Ports of the host.
    pub free_ports: PortRange,
    /// Who may reach ports that are published where nobody says it.
    pub allow: AllowList,
    /// Who lets the host forward.
    pub forwarding: Forwarding,
    /// Port of the host at which names are resolved, if they are.
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
