//! What a network's endpoints may do, and who may reach them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::serde_as_text;
use crate::{IfName, Invalid};

/// Policy of a network: what its endpoints may do, and who may reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Access: whether packets can enter and leave the network.
    pub access: Access,
    /// Services of the host that its endpoints reach. Default: `all` for a new open network, `gateway` for an
    /// internal one, `dns` for an isolated one. For a network of a release without this key: `none` if it is isolated,
    /// else `all`.
    pub host_access: Option<HostAccess>,
    /// Whether the DNS server of an internal network forwards names that are not those of endpoints, as that of an open
    /// network always does.
    pub dns_forward: bool,
    /// Whether its endpoints reach each other directly.
    pub icc: bool,
    /// Whether its endpoints can send only from their own Ethernet and IP addresses.
    pub anti_spoofing: bool,
    /// Mode for IPv4.
    pub mode4: Mode,
    /// Mode for IPv6.
    pub mode6: Mode,
    /// Whether outgoing packets get an address of the host, in modes that translate.
    pub masquerade: bool,
    /// Source addresses of outgoing packets, at most one for each family. Default: that of the outgoing interface.
    pub snat: Vec<IpAddr>,
    /// Trusted interfaces of the host: their clients reach every port of endpoints at their own addresses.
    pub trusted_interfaces: Vec<IfName>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            access: Access::Open,
            host_access: None,
            dns_forward: false,
            icc: true,
            anti_spoofing: false,
            mode4: Mode::Nat,
            mode6: Mode::Nat,
            masquerade: true,
            snat: Vec::new(),
            trusted_interfaces: Vec::new(),
        }
    }
}

impl Policy {
    /// Services of the host that its endpoints reach: at most the DNS server if the network is isolated.
    pub fn host_access(&self) -> HostAccess {
        match (self.access, self.host_access) {
            (Access::Isolated, Some(HostAccess::Dns)) => HostAccess::Dns,
            (Access::Isolated, _) => HostAccess::None,
            (_, Some(said)) => said,
            (_, None) => HostAccess::All,
        }
    }

    /// Whether its DNS server forwards names that are not those of endpoints.
    pub fn forwards_names(&self) -> bool {
        match self.access {
            Access::Open => true,
            Access::Internal => self.dns_forward,
            Access::Isolated => false,
        }
    }

    /// The mode of an address's family.
    pub fn mode_of(&self, address: IpAddr) -> Mode {
        match address {
            IpAddr::V4(_) => self.mode4,
            IpAddr::V6(_) => self.mode6,
        }
    }
}

/// Whether packets can enter and leave a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "kebab-case")
)]
pub enum Access {
    /// They can, and published ports are reached from outside.
    #[default]
    Open,
    /// Only its endpoints and the host reach each other.
    Internal,
    /// Only its endpoints reach each other: the host has no address of the network's.
    Isolated,
}

impl Access {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Internal, Self::Isolated];

    /// `open`, `internal` or `isolated`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Internal => "internal",
            Self::Isolated => "isolated",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Access {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_it = |access: &Self| access.as_str() == text;
        Self::ALL.into_iter().find(is_it).ok_or_else(|| {
            let hint = "use open, internal or isolated";
            Invalid::new("access", text, "it is not known", hint)
        })
    }
}

serde_as_text!(Access);

/// Services of the host that endpoints reach. Published ports are not services of the host. The host can always open
/// connections to endpoints, and they can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "kebab-case")
)]
pub enum HostAccess {
    /// None, not even the DNS server.
    None,
    /// The DNS server.
    Dns,
    /// Programs that listen at the gateways' addresses.
    Gateway,
    /// Programs that listen at any address of the host, except loopback.
    All,
}

impl HostAccess {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Dns, Self::Gateway, Self::All];

    /// The default.
    pub fn by_default(access: Access) -> Self {
        match access {
            Access::Open => Self::All,
            Access::Internal => Self::Gateway,
            Access::Isolated => Self::Dns,
        }
    }

    /// `none`, `dns`, `gateway` or `all`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dns => "dns",
            Self::Gateway => "gateway",
            Self::All => "all",
        }
    }
}

impl fmt::Display for HostAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for HostAccess {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_it = |access: &Self| access.as_str() == text;
        Self::ALL.into_iter().find(is_it).ok_or_else(|| {
            let hint = "use none, dns, gateway or all";
            Invalid::new("access to the host", text, "it is not known", hint)
        })
    }
}

serde_as_text!(HostAccess);

/// How endpoints exchange packets with the outside, for one family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "kebab-case")
)]
pub enum Mode {
    /// Outgoing packets get an address of the host; clients connect to published ports of the host.
    #[default]
    Nat,
    /// Without translation: clients connect to endpoints at their own addresses, on published ports and by ICMP.
    Routed,
    /// Like `nat`, and clients also reach every port of endpoints at their own addresses.
    NatUnprotected,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Nat, Self::Routed, Self::NatUnprotected];

    /// `nat`, `routed` or `nat-unprotected`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nat => "nat",
            Self::Routed => "routed",
            Self::NatUnprotected => "nat-unprotected",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_it = |mode: &Self| mode.as_str() == text;
        Self::ALL.into_iter().find(is_it).ok_or_else(|| {
            let hint = "use nat, routed or nat-unprotected";
            Invalid::new("gateway mode", text, "it is not known", hint)
        })
    }
}

serde_as_text!(Mode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_reads_back_as_it_was_written() {
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        assert!("bridge".parse::<Mode>().is_err());
    }

    #[test]
    fn access_reads_back_as_it_was_written() {
        for access in Access::ALL {
            assert_eq!(access.to_string().parse(), Ok(access));
        }
        assert!("closed".parse::<Access>().is_err());
        for access in HostAccess::ALL {
            assert_eq!(access.to_string().parse(), Ok(access));
        }
        assert!("some".parse::<HostAccess>().is_err());
    }

    #[test]
    fn a_policy_of_before_reaches_all_of_the_host_unless_the_host_has_no_address() {
        let policy = |access, host_access| Policy {
            access,
            host_access,
            ..Policy::default()
        };
        for (access, said, is) in [
            (Access::Internal, None, HostAccess::All),
            (Access::Isolated, None, HostAccess::None),
            (Access::Isolated, Some(HostAccess::All), HostAccess::None),
            (Access::Isolated, Some(HostAccess::Dns), HostAccess::Dns),
            (Access::Open, Some(HostAccess::Dns), HostAccess::Dns),
        ] {
            assert_eq!(policy(access, said).host_access(), is, "{access}, {said:?}");
        }
    }

    #[test]
    fn access_decides_what_endpoints_reach_of_the_host_by_default() {
        for (access, name, by_default) in [
            (Access::Open, "open", HostAccess::All),
            (Access::Internal, "internal", HostAccess::Gateway),
            (Access::Isolated, "isolated", HostAccess::Dns),
        ] {
            assert_eq!(access.to_string(), name);
            assert_eq!(HostAccess::by_default(access), by_default);
        }
    }

    #[test]
    fn each_family_has_its_own_mode() {
        let policy = Policy {
            mode6: Mode::Routed,
            ..Policy::default()
        };
        assert_eq!(policy.mode_of("10.1.2.1".parse().unwrap()), Mode::Nat);
        assert_eq!(policy.mode_of("fd00::1".parse().unwrap()), Mode::Routed);
    }
}
