//! What a network's endpoints may do, and who may reach them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::serde_as_text;
use crate::{IfName, Invalid};

/// What a network's endpoints may do, and who may reach them. What is left out is as in a network
/// that nothing was said of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Policy {
    /// Whether there is a way in and out.
    pub access: Access,
    /// What of the host its endpoints reach. Where nothing was said: `all` for a new open network,
    /// `gateway` for an internal one, `none` for an isolated one; `all` for a network that a release without this key made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_access: Option<HostAccess>,
    /// Whether its endpoints reach each other at their own addresses.
    pub icc: bool,
    /// Whether its endpoints are bound to the Ethernet address and the IP addresses that they were given.
    pub anti_spoofing: bool,
    /// How IPv4 passes between its endpoints and the world.
    pub mode4: Mode,
    /// How IPv6 does.
    pub mode6: Mode,
    /// Whether endpoints reach the world under an address of the host, in the modes that translate.
    pub masquerade: bool,
    /// Addresses under which they do, at most one for each family; else that of the interface by
    /// which a packet leaves.
    pub snat: Vec<IpAddr>,
    /// Interfaces of the host through which endpoints are reached at their own addresses, on every
    /// port.
    pub trusted_interfaces: Vec<IfName>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            access: Access::Open,
            host_access: None,
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
    /// What of the host its endpoints reach: nothing where the host has no address on the bridge.
    pub fn host_access(&self) -> HostAccess {
        match (self.access, self.host_access) {
            (Access::Isolated, _) => HostAccess::None,
            (_, Some(said)) => said,
            (_, None) => HostAccess::All,
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

/// Whether there is a way into a network and out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// There is.
    #[default]
    Open,
    /// Its endpoints and the host reach each other, and nobody else.
    Internal,
    /// Its endpoints reach each other: the host has no address on the bridge.
    Isolated,
}

impl Access {
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

/// What of the host a network's endpoints reach: of its programs, not of what is published on it, which is sent on to
/// endpoints. The host reaches the endpoints all the same, and they answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "kebab-case")
)]
pub enum HostAccess {
    /// Nothing, the answers for names neither.
    None,
    /// The gateways' port for names.
    Dns,
    /// What listens at the gateways' addresses.
    Gateway,
    /// What listens at any address of the host.
    All,
}

impl HostAccess {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Dns, Self::Gateway, Self::All];

    /// That of a network of which nothing was said.
    pub fn by_default(access: Access) -> Self {
        match access {
            Access::Open => Self::All,
            Access::Internal => Self::Gateway,
            Access::Isolated => Self::None,
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

/// How packets of one family pass between a network's endpoints and the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "kebab-case")
)]
pub enum Mode {
    /// Out under an address of the host; in through published ports of the host.
    #[default]
    Nat,
    /// Untranslated: endpoints are reached at their own addresses, on the ports that are published
    /// and by ICMP.
    Routed,
    /// As `nat`, and endpoints are also reached at their own addresses, on every port.
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
    fn access_to_the_host_reads_back_and_is_that_of_before_where_nothing_was_said() {
        for access in HostAccess::ALL {
            assert_eq!(access.to_string().parse(), Ok(access));
        }
        assert!("some".parse::<HostAccess>().is_err());
        for (stored, is) in [
            (r#"{"access":"internal"}"#, HostAccess::All),
            (r#"{"access":"isolated"}"#, HostAccess::None),
            (r#"{"host-access":"dns"}"#, HostAccess::Dns),
        ] {
            let policy: Policy = serde_json::from_str(stored).unwrap();
            assert_eq!(policy.host_access(), is, "{stored}");
            let written = serde_json::to_value(&policy).unwrap();
            assert_eq!(serde_json::from_value::<Policy>(written).unwrap(), policy);
        }
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        let policy: Policy = serde_json::from_str(r#"{"mode6":"routed"}"#).unwrap();
        let expected = Policy {
            mode6: Mode::Routed,
            ..Policy::default()
        };
        assert_eq!(policy, expected);
    }
}
