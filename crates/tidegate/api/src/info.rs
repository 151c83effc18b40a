//! The daemon, its build and its environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tidegate_model::Forwarding;

use crate::{Degraded, Repairs, WaitingEndpoint};

/// The daemon, its build and its environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Info {
    /// How the daemon was built.
    pub build: Build,
    /// The nft driver in use.
    pub driver: DriverInfo,
    /// The kernel's release (`uname -r`).
    pub kernel: String,
    /// The daemon's socket.
    pub socket: PathBuf,
    /// The daemon's state folder.
    pub state_dir: PathBuf,
    /// Number of networks.
    pub networks: usize,
    /// Number of endpoints.
    pub endpoints: usize,
    /// The DNS server for endpoint names.
    #[serde(default)]
    pub names: Option<NamesInfo>,
    /// Whether the host forwards IP packets, and whether the daemon turns that on.
    #[serde(default)]
    pub forwarding: Option<ForwardingInfo>,
    /// The settings in force, as far as users ask for them.
    #[serde(default)]
    pub settings: Option<SettingsInfo>,
    /// The imported endpoints that wait for their namespaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<WaitingEndpoint>,
    /// The program that changes the table again and again; none if there is none.
    #[serde(default)]
    pub fight: Option<Fight>,
    /// What other programs changed and the daemon put right.
    #[serde(default)]
    pub repairs: Option<Repairs>,
    /// The degraded networks and endpoints.
    #[serde(default, skip_serializing_if = "Degraded::is_empty")]
    pub degraded: Degraded,
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct SettingsInfo {
    /// The configuration file; none if there is none.
    pub file: Option<PathBuf>,
    /// Pools from which networks get subnets, as text.
    pub pools: Vec<String>,
    /// DNS servers for names that are not endpoints'.
    pub upstreams: Vec<SocketAddr>,
    /// Where these servers come from: `dns.upstreams`, or the path of the host's resolv.conf.
    pub upstreams_of: String,
    /// Settings that were changed in the configuration and need a restart.
    #[serde(default)]
    pub pending: Vec<String>,
    /// Every setting in force. Empty from older daemons.
    #[serde(default)]
    pub all: Vec<Setting>,
}

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Setting {
    /// Its key in tidegated.toml, as in `dns.port`.
    pub key: String,
    /// Its value, as text.
    pub value: String,
    /// Where the value comes from.
    pub origin: SettingOrigin,
}

/// Where the value of a setting comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SettingOrigin {
    /// No one set it.
    #[default]
    Default,
    /// The configuration file.
    File,
    /// A flag or an environment variable.
    CommandLine,
    /// The service manager, which passed the socket.
    ServiceManager,
}

/// Whether the host forwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ForwardingInfo {
    /// Whether the daemon turns it on.
    pub setting: Forwarding,
    /// Whether IPv4 is forwarded; none if unknown.
    pub ipv4: Option<bool>,
    /// Whether IPv6 is forwarded; none if unknown.
    pub ipv6: Option<bool>,
    /// Interfaces that accept IPv6 router advertisements although the host forwards (`accept_ra` is 2): the daemon has
    /// them do so before it turns forwarding on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept_ra: Vec<String>,
}

/// Another program changes the table again and again, and the daemon restores it each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Fight {
    /// How often it was restored, with less than a minute in between.
    pub times: u32,
    /// Name of the thread that changed it last; none if unknown.
    pub program: Option<String>,
    /// Its process id in the initial process namespace; none if unknown.
    pub process: Option<u32>,
}

impl std::fmt::Display for Fight {
    /// `put back 12 times in a row; changed by nft (process 4711)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let program = self.program.as_deref().unwrap_or("an unknown program");
        write!(
            f,
            "put back {} times in a row; changed by {program}",
            self.times
        )?;
        match self.process {
            Some(process) => write!(f, " (process {process})"),
            None => Ok(()),
        }
    }
}

/// The DNS server for endpoint names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct NamesInfo {
    /// Whether the server answers, or why not, as text.
    pub status: String,
    /// Host port of the server; none if it is off.
    pub port: Option<u16>,
    /// Process id of the server, while it runs.
    pub process: Option<u32>,
}

/// How a program was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Build {
    /// Version of Tidegate.
    pub version: String,
    /// Source commit, or `unknown`.
    pub commit: String,
    /// `static`, `dynamic` or `dynamic-exec`.
    pub flavour: String,
    /// Why that flavour.
    pub reason: String,
    /// The nft drivers compiled in: `exec`, `library`.
    pub drivers: Vec<String>,
}

/// The nft driver in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct DriverInfo {
    /// `library` or `exec`.
    pub name: String,
    /// Its mode: one long-lived context, one long-lived child, or a process for each transaction.
    pub mode: String,
    /// Version of nft or libnftables.
    pub version: String,
    /// JSON support: `yes`, `no`, or `could not tell: REASON`.
    pub json: String,
    /// Why this driver.
    pub why: String,
}
