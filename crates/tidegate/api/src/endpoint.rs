//! Endpoints: requests and answers.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tidegate_model::{
    Endpoint, Fault, GatewayPriority, IfName, MacAddr, Name, OwnSysctl, PortRequest, Source,
};

/// Asks for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Attach {
    /// The network to attach to.
    pub network: Name,
    /// Absolute path of the namespace.
    pub netns: PathBuf,
    /// Name of the endpoint. Default: a new one.
    #[serde(default)]
    pub name: Option<Name>,
    /// Additional DNS names. Several endpoints may share one: it resolves to all of them.
    #[serde(default)]
    pub aliases: Vec<Name>,
    /// Ports to publish.
    #[serde(default)]
    pub ports: Vec<PortRequest>,
    /// Clients that may reach these ports. Default: as the network and the configuration say.
    #[serde(default)]
    pub allow: Vec<Source>,
    /// Addresses, at most one for each family. A missing one is chosen.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// Ethernet address. Default: derived from the first IP address.
    #[serde(default)]
    pub mac: Option<MacAddr>,
    /// Name of the interface in the namespace. Default: the lowest free `ethN`.
    #[serde(default)]
    pub ifname: Option<IfName>,
    /// Gateway priority: the network with the highest one gives the namespace its default route.
    #[serde(default)]
    pub gateway_priority: GatewayPriority,
    /// Sysctls of its interface.
    #[serde(default)]
    pub sysctls: Vec<OwnSysctl>,
}

impl Attach {
    /// A namespace by its path, with nothing else said.
    pub fn new(network: Name, netns: PathBuf) -> Self {
        Self {
            network,
            netns,
            name: None,
            aliases: Vec::new(),
            ports: Vec::new(),
            allow: Vec::new(),
            addresses: Vec::new(),
            mac: None,
            ifname: None,
            gateway_priority: GatewayPriority::default(),
            sysctls: Vec::new(),
        }
    }
}

/// Ports to publish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Publish {
    /// The ports.
    pub ports: Vec<PortRequest>,
    /// Clients that may reach these ports. Default: as the network and the configuration say.
    #[serde(default)]
    pub allow: Vec<Source>,
}

/// The default of the network and the configuration applies.
impl From<Vec<PortRequest>> for Publish {
    fn from(ports: Vec<PortRequest>) -> Self {
        let allow = Vec::new();
        Self { ports, allow }
    }
}

/// Stop publishing these ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ports {
    /// The ports.
    pub ports: Vec<PortRequest>,
}

/// An endpoint, with the resolv.conf for its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EndpointView {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// The content of `/etc/resolv.conf` (resolv.conf(5)) for the namespace. Not in lists.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resolv_conf: String,
    /// Why it is degraded, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Fault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_of_which_nothing_is_said_is_one_of_which_nothing_is_written() {
        let read = r#"{ "network": "web", "netns": "/run/netns/box" }"#;
        let made = Attach::new("web".parse().unwrap(), "/run/netns/box".into());
        assert_eq!(made, serde_json::from_str(read).unwrap());
    }
}
