//! One pool of subnets.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use error_hint::Hint;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ip_family::IpFamily;

/// A range of addresses that is split into subnets of one size. Written `BASE:SIZE` on a command line, for example
/// `10.208.0.0/12:24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, try_from = "RawPool")]
pub struct Pool {
    pub(crate) base: IpNet,
    pub(crate) size: u8,
}

/// A pool as it is written, before it is checked.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawPool {
    base: IpNet,
    size: u8,
}

/// Why a pool is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPool {
    /// The base has host bits.
    #[error("pool {0} has host bits: its base is {trunc}", trunc = .0.trunc())]
    HostBits(IpNet),
    /// The subnets are wider than the base, or too narrow for a gateway and an endpoint.
    #[error("subnets of size {size} do not fit pool {base}: use {least} to {most}", least = .base.prefix_len(), most = .base.max_prefix_len() - 1)]
    Size {
        /// The pool's base.
        base: IpNet,
        /// The prefix length that was given.
        size: u8,
    },
    /// A pool of the other family.
    #[error("pool {base} is not one of {family} addresses")]
    IpFamily {
        /// The pool's base.
        base: IpNet,
        /// The family that was wanted.
        family: IpFamily,
    },
    /// A text that is not a pool.
    #[error("pool {0:?} does not have the form BASE:SIZE")]
    Form(String),
}

impl Hint for InvalidPool {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::HostBits(base) => format!("give the base {}", base.trunc()).into(),
            Self::Size { base, .. } => {
                let (least, most) = (base.prefix_len(), base.max_prefix_len() - 1);
                format!("give a size from {least} to {most}, the prefix length of its subnets").into()
            }
            Self::IpFamily { family, .. } => match family {
                IpFamily::Ipv4 => "give it among the pools of IPv6 (`pools.ipv6`, --ipv6-pools)".into(),
                IpFamily::Ipv6 => "give it among the pools of IPv4 (`pools.ipv4`, --ipv4-pools)".into(),
            },
            Self::Form(_) => {
                "write it 10.208.0.0/12:24 or fd12:3456:789a::/48:64: a prefix, and the prefix length of the subnets that \
                 it is split into"
                    .into()
            }
        })
    }
}

impl Pool {
    /// A pool that splits `base` into subnets with prefixes of `size` bits.
    ///
    /// # Errors
    /// If the base has host bits, the subnets are wider than the base, or have no room for a gateway and an endpoint.
    pub fn new(base: IpNet, size: u8) -> Result<Self, InvalidPool> {
        if base != base.trunc() {
            return Err(InvalidPool::HostBits(base));
        }
        if size < base.prefix_len() || size > base.max_prefix_len() - 1 {
            return Err(InvalidPool::Size { base, size });
        }
        Ok(Self { base, size })
    }

    /// The pool, if it has that family.
    ///
    /// # Errors
    /// If it has the other family.
    pub fn of_family(self, family: IpFamily) -> Result<Self, InvalidPool> {
        let base = self.base;
        match IpFamily::of(base) == family {
            true => Ok(self),
            false => Err(InvalidPool::IpFamily { base, family }),
        }
    }

    /// The lowest subnet of the pool that overlaps nothing in `occupied`.
    pub(crate) fn first_free(&self, occupied: &[IpNet]) -> Option<IpNet> {
        let (first, last) = range(self.base);
        let block = 1_u128 << (self.base.max_prefix_len() - self.size).min(127);
        let mut taken: Vec<(u128, u128)> = occupied
            .iter()
            .filter(|net| net.addr().is_ipv4() == self.base.addr().is_ipv4())
            .map(|net| range(*net))
            .collect();
        taken.sort_unstable();
        let mut candidate = first;
        for (from, to) in taken {
            if to < candidate {
                continue;
            }
            if from > candidate.saturating_add(block - 1) {
                break;
            }
            candidate = to.checked_add(1)?.checked_next_multiple_of(block)?;
        }
        let fits = candidate.checked_add(block - 1)? <= last;
        fits.then(|| self.subnet_at(candidate))
    }

    fn subnet_at(&self, first: u128) -> IpNet {
        let address = match self.base {
            IpNet::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(first as u32)),
            IpNet::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(first)),
        };
        IpNet::new_assert(address, self.size)
    }
}

impl TryFrom<RawPool> for Pool {
    type Error = InvalidPool;

    fn try_from(raw: RawPool) -> Result<Self, InvalidPool> {
        Self::new(raw.base, raw.size)
    }
}

impl FromStr for Pool {
    type Err = InvalidPool;

    fn from_str(text: &str) -> Result<Self, InvalidPool> {
        let parsed = text
            .rsplit_once(':')
            .and_then(|(base, size)| Some((base.parse().ok()?, size.parse().ok()?)));
        let (base, size) = parsed.ok_or_else(|| InvalidPool::Form(text.to_owned()))?;
        Self::new(base, size)
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (/{})", self.base, self.size)
    }
}

/// First and last address of a prefix, as numbers.
fn range(net: IpNet) -> (u128, u128) {
    let number = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    (number(net.network()), number(net.broadcast()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    fn first_free(base: &str, size: u8, occupied: &[&str]) -> Option<String> {
        let pool = Pool::new(base.parse().unwrap(), size).unwrap();
        pool.first_free(&nets(occupied)).map(|net| net.to_string())
    }

    #[test]
    fn the_lowest_subnet_that_overlaps_nothing_is_given() {
        let given = |occupied: &[&str]| first_free("10.0.0.0/16", 24, occupied).unwrap();
        assert_eq!(given(&[]), "10.0.0.0/24");
        assert_eq!(given(&["10.0.0.0/24", "10.0.2.0/24"]), "10.0.1.0/24");
        assert_eq!(given(&["10.0.0.77/32"]), "10.0.1.0/24");
        assert_eq!(given(&["10.0.0.0/17", "10.0.3.0/24"]), "10.0.128.0/24");
        assert_eq!(given(&["10.0.1.0/24", "10.0.0.0/23"]), "10.0.2.0/24");
        assert_eq!(given(&["fd00::/8", "192.168.0.0/16"]), "10.0.0.0/24");
    }

    #[test]
    fn a_pool_that_is_used_up_gives_nothing() {
        assert_eq!(first_free("10.0.0.0/24", 24, &["0.0.0.0/1"]), None);
        assert_eq!(
            first_free("255.255.255.0/24", 25, &["255.255.255.0/24"]),
            None
        );
        assert_eq!(first_free("ffff::/16", 64, &["ffff::/16"]), None);
        assert_eq!(
            first_free("10.0.0.0/29", 30, &["10.0.0.0/30"]),
            Some("10.0.0.4/30".into())
        );
    }

    #[test]
    fn a_pool_that_makes_no_sense_is_refused_where_it_is_read() {
        let refusal = |text: &str| {
            toml::from_str::<Pool>(text)
                .unwrap_err()
                .message()
                .to_owned()
        };
        assert_eq!(
            refusal("base = '10.0.0.1/16'\nsize = 24"),
            "pool 10.0.0.1/16 has host bits: its base is 10.0.0.0/16"
        );
        assert_eq!(
            refusal("base = '10.0.0.0/16'\nsize = 8"),
            "subnets of size 8 do not fit pool 10.0.0.0/16: use 16 to 31"
        );
        assert!(refusal("base = '10.0.0.0/16'\nsize = 24\nsiez = 1").contains("siez"));
    }

    #[test]
    fn a_pool_is_read_as_it_is_written_on_a_command_line() {
        for (text, shown) in [
            ("10.208.0.0/12:24", "10.208.0.0/12 (/24)"),
            ("fd74:6964:6567::/48:64", "fd74:6964:6567::/48 (/64)"),
        ] {
            assert_eq!(text.parse::<Pool>().unwrap().to_string(), shown);
        }
        for text in ["", "10.0.0.0/8", "10.0.0.0/8:", "10.0.0.0:24", "a:24"] {
            let form = Err(InvalidPool::Form(text.to_owned()));
            assert_eq!(text.parse::<Pool>(), form);
        }
        let refused = "10.0.0.0/16:8".parse::<Pool>().unwrap_err();
        assert!(matches!(refused, InvalidPool::Size { .. }), "{refused}");
    }
}
