//! Endpoints: how they are asked for, and how they are shown.

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
    /// The endpoint's name; one is made where none is given.
    #[serde(default)]
    pub name: Option<Name>,
    /// Names besides its own; several endpoints may have one, which then stands for all of them.
    #[serde(default)]
    pub aliases: Vec<Name>,
    /// Ports to publish.
    #[serde(default)]
    pub ports: Vec<PortRequest>,
    /// Who may reach these; none for whom the network and the configuration say.
    #[serde(default)]
    pub allow: Vec<Source>,
    /// Its addresses, at most one for each family; one is given for a family without one.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// Its Ethernet address; one is made where none is given.
    #[serde(default)]
    pub mac: Option<MacAddr>,
    /// Its interface's name in the namespace; the lowest free `ethN` where none is given.
    #[serde(default)]
    pub ifname: Option<IfName>,
    /// Which of the namespace's networks its default route leads to: that with the highest.
    #[serde(default)]
    pub gateway_priority: GatewayPriority,
    /// Sysctls of its interface.
    #[serde(default)]
    pub sysctls: Vec<OwnSysctl>,
}

/// Ports that are to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Publish {
    /// The ports.
    pub ports: Vec<PortRequest>,
    /// Who may reach these; none for whom the network and the configuration say.
    #[serde(default)]
    pub allow: Vec<Source>,
}

/// For whom the network and the configuration say.
impl From<Vec<PortRequest>> for Publish {
    fn from(ports: Vec<PortRequest>) -> Self {
        let allow = Vec::new();
        Self { ports, allow }
    }
}

/// Ports that are to be published no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ports {
    /// The ports.
    pub ports: Vec<PortRequest>,
}

/// An endpoint and what its namespace is to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EndpointView {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// The content of `/etc/resolv.conf` (resolv.conf(5)) with which names are found from it. Not in lists.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resolv_conf: String,
    /// Why it is not on the host as it is to be, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Fault>,
}
