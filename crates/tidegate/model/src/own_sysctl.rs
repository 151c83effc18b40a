//! Sysctls of an endpoint's interface.

use std::fmt;
use std::str::FromStr;

use crate::links::Sysctl;
use crate::serde_as_text;
use crate::{IfName, Invalid};

/// A sysctl of an endpoint's interface and its value, written `net.ipv4.conf.IFNAME.log_martians=1` with the word
/// `IFNAME` in place of the interface (ip-sysctl of the kernel documentation, `conf/interface` and
/// `neigh/interface`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(try_from = "String", into = "String")
)]
pub struct OwnSysctl {
    /// `ipv4` or `ipv6`.
    family: &'static str,
    /// `conf` or `neigh`.
    branch: &'static str,
    key: String,
    value: String,
}

impl OwnSysctl {
    /// The sysctl of an interface of that name.
    pub fn of(&self, ifname: &IfName) -> Sysctl {
        let Self {
            family,
            branch,
            key,
            value,
        } = self;
        Sysctl {
            path: format!("net/{family}/{branch}/{ifname}/{key}"),
            value: value.clone(),
        }
    }
}

/// Longest value, in bytes.
const VALUE: usize = 64;
const HINT: &str = "write net.ipv4.conf.IFNAME.KEY=VALUE, with ipv6 instead of ipv4 or neigh instead of conf if \
                    needed; write the word IFNAME literally";

impl FromStr for OwnSysctl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |reason: &str| Invalid::new("sysctl of an endpoint", text, reason, HINT);
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| refuse("it has no value"))?;
        let parts: Vec<&str> = name.split('.').collect();
        let ["net", family, branch, "IFNAME", key] = parts[..] else {
            return Err(refuse("it is not a sysctl of the endpoint's interface"));
        };
        let one_of = |given: &str, known: [&'static str; 2]| {
            let is_it = |known: &&str| *known == given;
            known
                .into_iter()
                .find(is_it)
                .ok_or_else(|| refuse(&format!("{given:?} is not {}", known.join(" or "))))
        };
        let is_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if key.is_empty() || !key.chars().all(is_key) {
            return Err(refuse(&format!("{key:?} is not the name of a sysctl")));
        }
        let is_plain = |c: char| c.is_ascii_graphic();
        if value.is_empty() || value.len() > VALUE || !value.chars().all(is_plain) {
            return Err(refuse(
                "its value is empty, longer than 64 bytes, or has characters that are not printable",
            ));
        }
        Ok(Self {
            family: one_of(family, ["ipv4", "ipv6"])?,
            branch: one_of(branch, ["conf", "neigh"])?,
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

impl fmt::Display for OwnSysctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            family,
            branch,
            key,
            value,
        } = self;
        write!(f, "net.{family}.{branch}.IFNAME.{key}={value}")
    }
}

serde_as_text!(OwnSysctl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sysctl_belongs_to_an_interface_of_any_name() {
        let sysctl: OwnSysctl = "net.ipv6.neigh.IFNAME.retrans_time_ms=500".parse().unwrap();
        assert_eq!(sysctl.to_string().parse(), Ok(sysctl.clone()));
        let of = sysctl.of(&"web.0".parse().unwrap());
        assert_eq!(of.path, "net/ipv6/neigh/web.0/retrans_time_ms");
        assert_eq!(of.value, "500");
    }

    #[test]
    fn any_other_is_refused_with_the_reason() {
        for (given, reason) in [
            ("net.ipv4.conf.IFNAME.arp_ignore", "it has no value"),
            (
                "net.ipv4.ip_forward=1",
                "it is not a sysctl of the endpoint's interface",
            ),
            (
                "net.ipv4.conf.eth0.arp_ignore=1",
                "it is not a sysctl of the endpoint's interface",
            ),
            (
                "kernel.a.b.IFNAME.c=1",
                "it is not a sysctl of the endpoint's interface",
            ),
            ("net.ipx.conf.IFNAME.c=1", "\"ipx\" is not ipv4 or ipv6"),
            (
                "net.ipv4.route.IFNAME.c=1",
                "\"route\" is not conf or neigh",
            ),
            (
                "net.ipv4.conf.IFNAME.a/../b=1",
                "it is not a sysctl of the endpoint's interface",
            ),
            (
                "net.ipv4.conf.IFNAME.a/b=1",
                "\"a/b\" is not the name of a sysctl",
            ),
            (
                "net.ipv4.conf.IFNAME.a=1\n2",
                "its value is empty, longer than 64 bytes, or has characters that are not printable",
            ),
        ] {
            assert_eq!(
                given.parse::<OwnSysctl>().unwrap_err().reason,
                reason,
                "{given}"
            );
        }
    }

    #[test]
    fn a_name_has_letters_digits_and_underscores_and_a_value_up_to_64_bytes() {
        let parse = |key: &str, value: &str| {
            let text = format!("net.ipv4.conf.IFNAME.{key}={value}");
            text.parse::<OwnSysctl>().is_ok()
        };
        assert!(parse("force_igmp_version2", "~"));
        assert!(!parse("", "1") && !parse("Accept_ra", "1"));
        assert!(parse("a", &"1".repeat(64)));
        assert!(!parse("a", &"1".repeat(65)) && !parse("a", ""));
    }
}
