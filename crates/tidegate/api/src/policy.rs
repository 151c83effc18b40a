//! The policy of a network.

use std::net::IpAddr;
use std::ops::Not;

use serde::{Deserialize, Serialize, Serializer};
use tidegate_model::{Access, HostAccess, IfName, Mode};

/// Policy of a network: what its endpoints may do, and who may reach them. Missing fields have their defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Policy {
    /// Access: whether packets can enter and leave the network.
    pub access: Access,
    /// Services of the host that its endpoints reach. Default: `all` for a new open network, `gateway` for an
    /// internal one, `none` for an isolated one; `all` for a network of a release without this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_access: Option<HostAccess>,
    /// Whether the DNS server of an internal network forwards names that are not those of endpoints, as that of an open
    /// network always does.
    #[serde(skip_serializing_if = "Not::not")]
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
        tidegate_model::Policy::default().into()
    }
}

impl Policy {
    /// Services of the host that its endpoints reach: at most the DNS server if the network is isolated.
    pub fn host_access(&self) -> HostAccess {
        tidegate_model::Policy::from(self.clone()).host_access()
    }
}

/// Writes only the fields that differ from their defaults: a daemon refuses fields that are newer than itself.
pub(crate) fn changes<S: Serializer>(policy: &Policy, to: S) -> Result<S::Ok, S::Error> {
    use serde::ser::Error;
    let fields = |policy: &Policy| serde_json::to_value(policy).map_err(S::Error::custom);
    let mut changed = fields(policy)?;
    let default = fields(&Policy::default())?;
    if let Some(changed) = changed.as_object_mut() {
        changed.retain(|name, value| default.get(name) != Some(value));
    }
    changed.serialize(to)
}

impl From<tidegate_model::Policy> for Policy {
    fn from(policy: tidegate_model::Policy) -> Self {
        let tidegate_model::Policy {
            access,
            host_access,
            dns_forward,
            icc,
            anti_spoofing,
            mode4,
            mode6,
            masquerade,
            snat,
            trusted_interfaces,
        } = policy;
        Self {
            access,
            host_access,
            dns_forward,
            icc,
            anti_spoofing,
            mode4,
            mode6,
            masquerade,
            snat,
            trusted_interfaces,
        }
    }
}

impl From<Policy> for tidegate_model::Policy {
    fn from(policy: Policy) -> Self {
        let Policy {
            access,
            host_access,
            dns_forward,
            icc,
            anti_spoofing,
            mode4,
            mode6,
            masquerade,
            snat,
            trusted_interfaces,
        } = policy;
        Self {
            access,
            host_access,
            dns_forward,
            icc,
            anti_spoofing,
            mode4,
            mode6,
            masquerade,
            snat,
            trusted_interfaces,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_left_out_have_their_defaults() {
        let policy: Policy = serde_json::from_str(r#"{"mode6":"routed"}"#).unwrap();
        let expected = Policy {
            mode6: Mode::Routed,
            ..Policy::default()
        };
        assert_eq!(policy, expected);
    }
}
