//! What travels between `tidegate` and `tidegated`, as JSON over HTTP on a unix socket.
//!
//! | call | body | answer |
//! | --- | --- | --- |
//! | `GET /v1/info` | | [`Info`] |
//! | `GET /v1/networks` | | `[`[`NetworkView`]`]` |
//! | `POST /v1/networks` | [`CreateNetwork`] | [`NetworkView`] |
//! | `GET /v1/networks/NAME` | | [`NetworkView`] |
//! | `DELETE /v1/networks/NAME` | [`RemoveNetwork`] as a query | [`NetworkView`] as it was |
//! | `POST /v1/networks/NAME/connect` | [`Peer`] | [`NetworkView`] |
//! | `POST /v1/networks/NAME/disconnect` | [`Peer`] | [`NetworkView`] |
//! | `GET /v1/endpoints` | | `[`[`EndpointView`]`]` |
//! | `POST /v1/endpoints` | [`Attach`] | [`EndpointView`] |
//! | `GET /v1/endpoints/NAME` | | [`EndpointView`] |
//! | `DELETE /v1/endpoints/NAME` | | [`Endpoint`] as it was |
//! | `POST /v1/gc` | | `[`[`Endpoint`]`]` that were removed |
//! | `GET /v1/events` | | [`Event`](crate::event::Event)s as they happen, one a line |
//! | `GET /v1/doctor` | | [`Diagnosis`](crate::doctor::Diagnosis) |
//! | `GET /v1/traffic` | | [`Traffic`](crate::traffic::Traffic) |
//! | `POST /v1/explain` | [`Question`](crate::explain::Question) | [`Explanation`](crate::explain::Explanation) |
//! | `POST /v1/endpoints/NAME/publish` | [`Publish`] | [`Endpoint`] |
//! | `POST /v1/endpoints/NAME/unpublish` | [`Ports`] | [`Endpoint`] |
//! | `GET /v1/ruleset/planned`, `/live` | | [`RulesetText`] |
//! | `GET /v1/ruleset/diff` | | [`RulesetDiff`] |
//!
//! Every answer tells in `Server-Timing` (<https://www.w3.org/TR/server-timing/>) where its time went.
//!
//! Whatever is refused is answered with a status of 4xx or 5xx and a [`Refusal`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    Degraded, Endpoint, Fault, Forwarding, GatewayPriority, IfName, MacAddr, Name, Network,
    OwnSysctl, Policy, PortRequest, Source,
};

/// Asks for a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CreateNetwork {
    /// Its name.
    pub name: Name,
    /// Its subnets; a family without one is given one from the pools.
    #[serde(default)]
    pub subnets: Vec<IpNet>,
    /// Gateway addresses, each inside one of `subnets`; else a subnet's first address.
    #[serde(default)]
    pub gateways: Vec<IpAddr>,
    /// Ranges, each inside one of `subnets`, out of which endpoints are given addresses.
    #[serde(default)]
    pub ranges: Vec<IpNet>,
    /// Addresses that are given to no endpoint, each with what it is for.
    #[serde(default)]
    pub reserved: BTreeMap<Name, IpAddr>,
    /// Whether it has IPv4.
    #[serde(default = "yes")]
    pub ipv4: bool,
    /// Whether it has IPv6.
    #[serde(default = "yes")]
    pub ipv6: bool,
    /// Whether it is refused where the host has IPv6 turned off. Else it has IPv4 alone there, unless an IPv6 subnet was
    /// given.
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_ipv6: bool,
    /// MTU in bytes, 1280 (IPv6's least, RFC 8200 section 5; 68 without IPv6, RFC 791) to 65535.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Addresses of the host to which ports are published that name none, at most one for each
    /// family, an unspecified one for all of it; none for all addresses.
    #[serde(default)]
    pub host_ips: Vec<IpAddr>,
    /// Who may reach ports that are published without a list of their own; none for everybody.
    #[serde(default)]
    pub allow: Vec<Source>,
    /// The bridge's name; else one is made.
    #[serde(default)]
    pub bridge: Option<IfName>,
    /// What its endpoints may do, and who may reach them.
    #[serde(default)]
    pub policy: Policy,
    /// What its owner wants to know about it: up to 255 bytes each, no control characters.
    #[serde(default)]
    pub labels: BTreeMap<Name, String>,
}

/// How a network is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RemoveNetwork {
    /// With the endpoints that are attached to it.
    #[serde(default)]
    pub force: bool,
}

/// The other of two networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Peer {
    /// Its name.
    pub network: Name,
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if hands a reference over"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// A network and what is attached to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NetworkView {
    /// The network.
    #[serde(flatten)]
    pub network: Network,
    /// Names of the endpoints attached to it.
    pub endpoints: Vec<Name>,
    /// Why it is not on the host as it is to be, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Fault>,
    /// What the user should know of how it was made, in words: of the answer to `POST` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Asks for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ports {
    /// The ports.
    pub ports: Vec<PortRequest>,
}

/// An endpoint and what its namespace is to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What the daemon is and what it works with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How names of endpoints are answered.
    #[serde(default)]
    pub names: Option<NamesInfo>,
    /// Whether the host forwards, and who decides it.
    #[serde(default)]
    pub forwarding: Option<ForwardingInfo>,
    /// Who changes the table again and again; none where nobody does.
    #[serde(default)]
    pub fight: Option<Fight>,
    /// What is not on the host as it is to be.
    #[serde(default, skip_serializing_if = "Degraded::is_empty")]
    pub degraded: Degraded,
}

/// Whether the host forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ForwardingInfo {
    /// Whether the daemon turns it on.
    pub setting: Forwarding,
    /// Whether IPv4 is forwarded; none where it cannot be told.
    pub ipv4: Option<bool>,
    /// Whether IPv6 is forwarded; none where it cannot be told.
    pub ipv6: Option<bool>,
}

/// Another program changes the table again and again, and it is put back each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fight {
    /// How often it was put back, with less than a minute between.
    pub times: u32,
    /// What the thread is called that changed it last; none if it cannot be told.
    pub program: Option<String>,
    /// Its number, as the first process namespace counts; none if it cannot be told.
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

/// How names of endpoints are answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NamesInfo {
    /// Whether they are, and else why not: for people.
    pub status: String,
    /// Port of the host at which questions arrive; none where none are taken.
    pub port: Option<u16>,
    /// The process that answers, while there is one.
    pub process: Option<u32>,
}

/// How a binary was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[serde(rename_all = "kebab-case")]
pub struct DriverInfo {
    /// `library` or `exec`.
    pub name: String,
    /// How it works: a context that is kept, a long-lived child, a process for each transaction.
    pub mode: String,
    /// Version of nft or libnftables.
    pub version: String,
    /// JSON support: `yes`, `no`, or `could not tell: REASON`.
    pub json: String,
    /// Why this driver.
    pub why: String,
}

/// A ruleset as nft text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesetText {
    /// The text.
    pub text: String,
}

/// What differs between the ruleset as planned and as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesetDiff {
    /// One line for each difference; none where they agree.
    pub differences: Vec<String>,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Refusal {
    /// Whose mistake it is.
    pub kind: RefusalKind,
    /// What was refused and why.
    pub message: String,
    /// The causes, outermost first.
    #[serde(default)]
    pub causes: Vec<String>,
    /// What to do about it.
    #[serde(default)]
    pub hint: Option<String>,
}

/// The kind of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The request is not valid.
    Invalid,
    /// What it names does not exist.
    NotFound,
    /// What it asks for contradicts what exists.
    Conflict,
    /// The host or the kernel refused it. Nothing was changed, unless the message says that something
    /// could not be undone.
    Failed,
}

impl RefusalKind {
    /// Whether the user can mend it (exit status 1) or it is ours or the host's (2).
    pub fn is_users(self) -> bool {
        !matches!(self, Self::Failed)
    }
}
