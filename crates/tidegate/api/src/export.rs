//! Networks and endpoints as a document, to be kept or to be moved to another host.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tidegate_model::{IfName, Name};

use crate::{Attach, CreateNetwork, Publish, Warning};

/// The networks and endpoints of a host, as the requests that make them again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Export {
    /// Version of this format, [`Self::VERSION`].
    pub version: u32,
    /// Version of the Tidegate that wrote it.
    #[serde(default)]
    pub tidegate: String,
    /// The networks.
    #[serde(default)]
    pub networks: Vec<CreateNetwork>,
    /// Which networks reach which.
    #[serde(default)]
    pub connected: Vec<Connection>,
    /// The endpoints.
    #[serde(default)]
    pub endpoints: Vec<ExportedEndpoint>,
}

impl Export {
    /// The version of the format that this release writes and reads.
    pub const VERSION: u32 = 1;
}

/// Two networks that are connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Connection {
    /// The first network.
    pub from: Name,
    /// The second network.
    pub to: Name,
    /// Whether only the first reaches the second.
    #[serde(default)]
    pub one_way: bool,
}

/// An endpoint, as the requests that make it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExportedEndpoint {
    /// The endpoint without its ports. It has a name.
    pub attach: Attach,
    /// Its published ports, by their clients.
    #[serde(default)]
    pub publish: Vec<Publish>,
}

/// What an import made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Imported {
    /// Networks.
    pub networks: Vec<Name>,
    /// Endpoints that are attached.
    pub attached: Vec<Name>,
    /// Endpoints that wait for their namespaces.
    pub waiting: Vec<Name>,
    /// Warnings about the settings of all of these that hold now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Notes for the user about the creation of networks, as text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// An imported endpoint that waits for its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct WaitingEndpoint {
    /// Its name.
    pub name: Name,
    /// Its network.
    pub network: Name,
    /// The path of the namespace.
    pub netns: PathBuf,
    /// Why it cannot be attached although the namespace is there, as text; none while it is not.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How everything is removed from a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TearDown {
    /// Also while endpoints are attached.
    #[serde(default)]
    pub force: bool,
}

/// What a teardown would remove from a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Removable {
    /// Networks.
    pub networks: Vec<Name>,
    /// Attached endpoints. Their namespaces lose these networks.
    pub endpoints: Vec<Name>,
    /// Endpoints that wait for their namespaces.
    pub waiting: Vec<Name>,
    /// Interfaces of the host: bridges, and the host's ends of veth pairs.
    pub interfaces: Vec<IfName>,
    /// The nftables table, such as `inet tidegate`.
    pub table: String,
    /// Sysctls that the daemon changed, with the values of before, such as `net.ipv4.ip_forward=0`.
    pub sysctls: Vec<String>,
}

/// What was removed from a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct TornDown {
    /// Networks.
    pub networks: Vec<Name>,
    /// Endpoints.
    pub endpoints: Vec<Name>,
    /// Sysctls that the daemon had changed and that have their value of before, such as `net.ipv4.ip_forward=0`.
    pub sysctls: Vec<String>,
}
