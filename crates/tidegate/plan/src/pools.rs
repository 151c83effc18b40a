//! The pools from which networks get subnets.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use tidegate_model::{AllowList, Forwarding, GlobalId, PortRange, State, overlap};

use crate::ip_family::IpFamily;
use crate::{Pool, Refused};

/// The pools of both families. A network gets a subnet from the first pool with a free one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Pools {
    /// Pools for IPv4 subnets.
    #[serde(deserialize_with = "ipv4")]
    pub ipv4: Vec<Pool>,
    /// Pools for IPv6 subnets. None: one pool, the host's own prefix ([`State::global_id`]).
    #[serde(deserialize_with = "ipv6")]
    pub ipv6: Option<Vec<Pool>>,
}

impl Default for Pools {
    /// Pools in each range of private IPv4 addresses (RFC 1918), so that a host with a route to one or two of them has
    /// another. The first is outside of the ranges that other container tools use by default. 65,536 IPv6 subnets.
    fn default() -> Self {
        let pool = |address: [u8; 4], length| Pool {
            base: IpNet::new_assert(Ipv4Addr::from(address).into(), length),
            size: 24,
        };
        Self {
            ipv4: vec![
                pool([10, 208, 0, 0], 12),
                pool([172, 16, 0, 0], 12),
                pool([192, 168, 0, 0], 16),
            ],
            ipv6: None,
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
    /// The pools of a family.
    pub fn of(&self, family: IpFamily, state: &State) -> Cow<'_, [Pool]> {
        let own = || Pool {
            base: state.global_id.prefix(),
            size: 64,
        };
        match (family, &self.ipv6) {
            (IpFamily::Ipv4, _) => (&self.ipv4[..]).into(),
            (IpFamily::Ipv6, Some(set)) => (&set[..]).into(),
            (IpFamily::Ipv6, None) => vec![own()].into(),
        }
    }

    /// The lowest free subnet of a family.
    pub(crate) fn allot(
        &self,
        family: IpFamily,
        state: &State,
        routes: &[IpNet],
    ) -> Result<IpNet, Refused> {
        let pools = self.of(family, state);
        let ours: Vec<IpNet> = subnets(state).collect();
        let occupied = [&ours[..], routes].concat();
        let free = pools.iter().find_map(|pool| pool.first_free(&occupied));
        free.ok_or_else(|| {
            let is_in_the_way = |net: &IpNet| pools.iter().any(|pool| overlap(pool.base, *net));
            // The host has a route to each of our networks too.
            let is_foreign = |net: &&IpNet| !ours.contains(net);
            let routes = routes.iter().filter(is_foreign).copied();
            let mut routes: Vec<IpNet> = routes.filter(is_in_the_way).collect();
            routes.sort_by_key(IpNet::prefix_len);
            Refused::PoolsUsedUp {
                family,
                pools: pools.iter().map(ToString::to_string).collect(),
                networks: ours.iter().filter(|net| is_in_the_way(net)).count(),
                routes,
            }
        })
    }
}

/// Whether a network has a subnet of the pool that all hosts had up to 0.1.0.
pub fn has_shared_pool(state: &State) -> bool {
    let shared = GlobalId::SHARED.prefix();
    subnets(state).any(|net| shared.contains(&net))
}

fn subnets(state: &State) -> impl Iterator<Item = IpNet> {
    let networks = state.networks.values();
    networks.flat_map(|network| network.subnets.iter().map(|subnet| subnet.net))
}

fn ipv4<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Pool>, D::Error> {
    of_family(IpFamily::Ipv4, from)
}

fn ipv6<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Pool>>, D::Error> {
    of_family(IpFamily::Ipv6, from).map(Some)
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
        let (pools, state) = (Pools::default(), State::default());
        for family in [IpFamily::Ipv4, IpFamily::Ipv6] {
            for pool in pools.of(family, &state).iter() {
                assert_eq!(Pool::new(pool.base, pool.size), Ok(*pool));
            }
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
