//! What turns IPv6 off.

use std::fmt;

use crate::IfName;

/// The settings that turn IPv6 off for new interfaces of a network namespace, or for an existing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ipv6Off {
    /// The names of sysctls, at least one, as `net.ipv6.conf.all.disable_ipv6`. All must be 0.
    Sysctls(Vec<String>),
    /// The kernel has no IPv6.
    Kernel,
}

impl Ipv6Off {
    /// By the sysctl that sets all interfaces.
    pub fn everywhere() -> Self {
        Self::Sysctls(vec![name("all")])
    }

    /// Finds them, from the values of sysctls by their paths below /proc/sys. `ifname` is an existing interface. None
    /// if IPv6 is on.
    ///
    /// An interface starts with the value of `default`; later, its own counts. Writing `all` sets all others
    /// (`addrconf_disable_ipv6` of net/ipv6/addrconf.c).
    pub fn find(
        ifname: Option<&IfName>,
        mut value: impl FnMut(&str) -> Option<String>,
    ) -> Option<Self> {
        let Some(all) = value(&path("all")) else {
            return Some(Self::Kernel);
        };
        let is_set = |value: &str| value.trim() != "0";
        let others = ["default"].into_iter().chain(ifname.map(IfName::as_str));
        let set: Vec<String> = others
            .filter(|of| value(&path(of)).is_some_and(|value| is_set(&value)))
            .map(name)
            .collect();
        let found = match is_set(&all) {
            true => Self::everywhere(),
            false => Self::Sysctls(set.clone()),
        };
        (!set.is_empty()).then_some(found)
    }

    /// What turns IPv6 on, as an imperative sentence without a full stop. `place` is ` in the namespace`, or empty on
    /// the host.
    pub fn advice(&self, place: &str) -> String {
        match self {
            Self::Sysctls(names) => {
                format!("turn it on with `sysctl -w {}=0`{place}", names.join("=0 "))
            }
            Self::Kernel => "boot without ipv6.disable=1, or use a kernel with IPv6".to_owned(),
        }
    }
}

impl fmt::Display for Ipv6Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sysctls(names) => write!(f, "{}", names.join(", ")),
            Self::Kernel => write!(f, "the kernel has no IPv6"),
        }
    }
}

fn path(of: &str) -> String {
    format!("net/ipv6/conf/{of}/disable_ipv6")
}

fn name(of: &str) -> String {
    format!("net.ipv6.conf.{of}.disable_ipv6")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found if these are 1 and all others 0.
    fn found(ifname: Option<&str>, set: &[&str]) -> Option<String> {
        let ifname: Option<IfName> = ifname.map(|ifname| ifname.parse().unwrap());
        let value = |path: &str| {
            let is_set = set.iter().any(|of| path == super::path(of));
            Some(if is_set { "1\n" } else { "0\n" }.to_owned())
        };
        Ipv6Off::find(ifname.as_ref(), value).map(|off| off.to_string())
    }

    #[test]
    fn the_sysctl_that_is_set_is_named() {
        assert_eq!(found(None, &["all", "default"]), Some(name("all")));
        assert_eq!(found(None, &["default"]), Some(name("default")));
        assert_eq!(found(Some("tgb0"), &["tgb0"]), Some(name("tgb0")));
        let both = format!("{}, {}", name("default"), name("tgb0"));
        assert_eq!(found(Some("tgb0"), &["tgb0", "default"]), Some(both));
        assert_eq!(found(None, &["all", "lo"]), None);
        let off = Ipv6Off::Sysctls(["default", "tgb0"].map(name).into());
        assert_eq!(
            off.advice(""),
            "turn it on with `sysctl -w net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.tgb0.disable_ipv6=0`"
        );
        assert_eq!(Ipv6Off::find(None, |_| None), Some(Ipv6Off::Kernel));
    }
}
