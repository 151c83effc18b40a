//! Networks: requests and answers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tidegate_model::{AllowList, IfName, MacAddr, Name, Source};

use crate::policy::changes;
use crate::{Dns, Fault, InQuery, Policy, Warning};

/// Asks for a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CreateNetwork {
    /// Its name.
    pub name: Name,
    /// Subnets. A family without one gets one from the pools.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub subnets: Vec<IpNet>,
    /// Gateway addresses, each inside one of `subnets`. Default: the first address of each subnet.
    #[serde(default)]
    pub gateways: Vec<IpAddr>,
    /// Ranges from which endpoints get addresses, each inside one of `subnets`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub ranges: Vec<IpNet>,
    /// Addresses that no endpoint gets, each with its purpose.
    #[serde(default)]
    pub reserved: BTreeMap<Name, IpAddr>,
    /// Whether it has IPv4.
    #[serde(default = "yes")]
    pub ipv4: bool,
    /// Whether it has IPv6.
    #[serde(default = "yes")]
    pub ipv6: bool,
    /// Whether to refuse the network if IPv6 is turned off on the host. Otherwise it gets only IPv4 then, unless an
    /// IPv6 subnet was given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub require_ipv6: bool,
    /// MTU in bytes, 1280 (IPv6's least, RFC 8200 section 5; 68 without IPv6, RFC 791) to 65535.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Default host addresses of published ports, at most one for each family. An unspecified address means all of
    /// its family; none means all addresses.
    #[serde(default)]
    pub host_ips: Vec<IpAddr>,
    /// Clients that may reach ports published without a list of their own. None: everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Source>,
    /// Name of the bridge. Default: the first free `tgbN`.
    #[serde(default)]
    pub bridge: Option<IfName>,
    /// Policy: what its endpoints may do, and who may reach them.
    #[serde(
        default,
        skip_serializing_if = "is_default",
        serialize_with = "changes"
    )]
    pub policy: Policy,
    /// Metadata of the owner: up to 255 bytes each, no control characters.
    #[serde(default)]
    pub labels: BTreeMap<Name, String>,
    /// DNS settings of its endpoints. Default: as the host has them.
    #[serde(default, skip_serializing_if = "Dns::is_empty")]
    pub dns: Dns,
    /// Whether it is removed with its last endpoint.
    #[serde(default, skip_serializing_if = "is_default")]
    pub remove_when_unused: bool,
}

impl CreateNetwork {
    /// A network with nothing else said.
    pub fn new(name: Name) -> Self {
        Self {
            name,
            subnets: Vec::new(),
            gateways: Vec::new(),
            ranges: Vec::new(),
            reserved: BTreeMap::new(),
            ipv4: true,
            ipv6: true,
            require_ipv6: false,
            mtu: None,
            host_ips: Vec::new(),
            allow: Vec::new(),
            bridge: None,
            policy: Policy::default(),
            labels: BTreeMap::new(),
            dns: Dns::default(),
            remove_when_unused: false,
        }
    }
}

/// How a network is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RemoveNetwork {
    /// Also remove its endpoints.
    #[serde(default)]
    pub force: bool,
}

impl InQuery for RemoveNetwork {
    fn text(&self) -> String {
        let Self { force } = self;
        if *force { "force=true" } else { "" }.to_owned()
    }
}

/// The second of two networks, and how they are to be connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Peer {
    /// Its name.
    pub network: Name,
    /// For `connect`: whether only endpoints of the first network open connections to those of the second.
    #[serde(default, skip_serializing_if = "is_default")]
    pub one_way: bool,
}

fn yes() -> bool {
    true
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A subnet with its gateway: the address of the bridge, which endpoints use as their router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subnet {
    /// The subnet, without host bits.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub net: IpNet,
    /// The bridge's address.
    pub gateway: IpAddr,
    /// The range from which endpoints get addresses. Default: the whole subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub range: Option<IpNet>,
}

impl From<tidegate_model::Subnet> for Subnet {
    fn from(subnet: tidegate_model::Subnet) -> Self {
        let tidegate_model::Subnet {
            net,
            gateway,
            range,
        } = subnet;
        Self {
            net,
            gateway,
            range,
        }
    }
}

/// A network: a bridge on the host with its subnets and policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Network {
    /// Its name, unique among networks.
    pub name: Name,
    /// The bridge.
    pub bridge: IfName,
    /// The bridge's Ethernet address.
    pub mac: MacAddr,
    /// At least one subnet.
    pub subnets: Vec<Subnet>,
    /// MTU of the bridge and of its endpoints, in bytes. None: the kernel's default.
    pub mtu: Option<u32>,
    /// Default host addresses of published ports, at most one for each family. An unspecified address means all of
    /// its family; none means all addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_ips: Vec<IpAddr>,
    /// Clients that may reach ports published without a list of their own.
    #[serde(default, skip_serializing_if = "AllowList::is_empty")]
    pub allow: AllowList,
    /// Policy: what its endpoints may do, and who may reach them.
    #[serde(default)]
    pub policy: Policy,
    /// Addresses of its subnets that no endpoint gets, each with its purpose.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reserved: BTreeMap<Name, IpAddr>,
    /// Peers: networks whose endpoints are reached by those of this network, at their own addresses. If each lists the
    /// other, the two are connected both ways, else one way.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub peers: BTreeSet<Name>,
    /// Metadata of the owner.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Name, String>,
    /// DNS settings of its endpoints.
    #[serde(default, skip_serializing_if = "Dns::is_empty")]
    pub dns: Dns,
    /// Whether it is removed with its last endpoint.
    #[serde(default, skip_serializing_if = "is_default")]
    pub remove_when_unused: bool,
}

impl From<tidegate_model::Network> for Network {
    fn from(network: tidegate_model::Network) -> Self {
        let tidegate_model::Network {
            name,
            bridge,
            mac,
            subnets,
            mtu,
            host_ips,
            allow,
            policy,
            reserved,
            peers,
            labels,
            dns,
            remove_when_unused,
        } = network;
        Self {
            name,
            bridge,
            mac,
            subnets: subnets.into_iter().map(Subnet::from).collect(),
            mtu,
            host_ips,
            allow,
            policy: policy.into(),
            reserved,
            peers,
            labels,
            dns: dns.into(),
            remove_when_unused,
        }
    }
}

/// A network with the names of its endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct NetworkView {
    /// The network.
    #[serde(flatten)]
    pub network: Network,
    /// Names of the endpoints attached to it.
    pub endpoints: Vec<Name>,
    /// Those of its peers whose endpoints do not reach its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_way_to: Vec<Name>,
    /// Networks whose endpoints reach its own, and are not reached by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_way_from: Vec<Name>,
    /// If it has no list of its own, the one of the daemon's configuration (`ports.allow`), which applies then.
    #[serde(default, skip_serializing_if = "AllowList::is_empty")]
    pub default_allow: AllowList,
    /// Why it is degraded, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Fault>,
    /// Warnings about its settings that hold now. Not in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Notes for the user about its creation, as text. Only in the answer to `POST`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_which_nothing_is_said_is_one_of_which_nothing_is_written() {
        let made = CreateNetwork::new("web".parse().unwrap());
        let read = serde_json::from_str(r#"{ "name": "web" }"#).unwrap();
        assert_eq!(made, read);
    }

    /// A daemon refuses fields that it does not know, in a policy too. 0.1.0 knows neither `host-access` nor
    /// `anti-spoofing`.
    #[test]
    fn a_policy_in_a_request_has_only_what_differs_from_the_default() {
        let mut made = CreateNetwork::new("web".parse().unwrap());
        made.policy.icc = false;
        made.policy.snat = vec!["192.0.2.9".parse().unwrap()];
        let asked = serde_json::to_value(&made).unwrap();
        let expected = serde_json::json!({ "icc": false, "snat": ["192.0.2.9"] });
        assert_eq!(asked["policy"], expected);
        let read: CreateNetwork = serde_json::from_value(asked).unwrap();
        assert_eq!(read, made);
    }

    /// A daemon refuses fields that it does not know. 0.1.0 knows neither of these.
    #[test]
    fn a_request_without_newer_features_names_none_of_them() {
        let made = CreateNetwork::new("web".parse().unwrap());
        let text = serde_json::to_string(&made).unwrap();
        for newer in [
            "allow",
            "policy",
            "anti-spoofing",
            "require-ipv6",
            "dns",
            "unused",
        ] {
            assert!(!text.contains(newer), "{text}");
        }
    }
}
