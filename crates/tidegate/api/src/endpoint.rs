//! Endpoints: requests and answers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tidegate_model::{
    AllowList, GatewayPriority, HostPorts, IfName, MacAddr, Name, NetnsCookie, OwnSysctl, OwnerId,
    Place, PortBinding, PortRequest, Source,
};

use crate::network::is_default;
use crate::{CreateNetwork, Dns, Fault, InQuery, Warning};

/// Asks for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Attach {
    /// The network to attach to.
    pub network: Name,
    /// Absolute path of the namespace. Exactly one of this and `hand-over` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netns: Option<PathBuf>,
    /// Name of an interface that is left in the host's namespace, with its Ethernet address and MTU, for a container engine
    /// to move into a namespace and to configure: name, addresses and routes. The daemon learns from the kernel where it
    /// is. It may come back. The endpoint lives as long as the interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over: Option<IfName>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Source>,
    /// Who holds the host ports of its published ports: the daemon, or the engine that asks, which then names each of
    /// them.
    #[serde(default, skip_serializing_if = "HostPorts::is_default")]
    pub host_ports: HostPorts,
    /// Addresses. A family of the network without one gets a free one. Published ports lead to the first one of each
    /// family.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// Ethernet address. Default: derived from the first IP address.
    #[serde(default)]
    pub mac: Option<MacAddr>,
    /// Name of the interface in the namespace. Default: the lowest free `ethN`.
    #[serde(default)]
    pub ifname: Option<IfName>,
    /// Whether it gives the namespace a default route, if its network does. Default: yes.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub default_route: bool,
    /// Static routes through its interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<StaticRoute>,
    /// Gateway priority: the network with the highest one gives the namespace its default route.
    #[serde(default)]
    pub gateway_priority: GatewayPriority,
    /// Sysctls of its interface.
    #[serde(default)]
    pub sysctls: Vec<OwnSysctl>,
    /// DNS settings. Default: as the network has them.
    #[serde(default, skip_serializing_if = "Dns::is_empty")]
    pub dns: Dns,
    /// What it is made for. A network has at most one endpoint of an owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Metadata of the owner: up to 255 bytes each, no control characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Name, String>,
    /// Whether it replaces stale endpoints, in one step. Stale are endpoints of the same engine on the network that have the
    /// same owner, or an address that this request asks for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub replace: bool,
    /// The network as it is made if there is none of that name, in one step with the endpoint. It has the name `network`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_if_missing: Option<CreateNetwork>,
}

impl Attach {
    /// A namespace by its path, with nothing else said.
    pub fn new(network: Name, netns: PathBuf) -> Self {
        Self {
            network,
            netns: Some(netns),
            hand_over: None,
            name: None,
            aliases: Vec::new(),
            ports: Vec::new(),
            allow: Vec::new(),
            host_ports: HostPorts::default(),
            addresses: Vec::new(),
            mac: None,
            ifname: None,
            default_route: true,
            routes: Vec::new(),
            gateway_priority: GatewayPriority::default(),
            sysctls: Vec::new(),
            dns: Dns::default(),
            owner: None,
            labels: BTreeMap::new(),
            replace: false,
            network_if_missing: None,
        }
    }
}

/// What an endpoint was made for: an engine, and the engine's own identifier of the attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Owner {
    /// The program that asked for the endpoint, such as `docker` or `cni`.
    pub engine: Name,
    /// The engine's identifier: 1 to 255 visible ASCII characters. Only the engine knows what they mean.
    pub id: OwnerId,
}

impl From<tidegate_model::Owner> for Owner {
    fn from(owner: tidegate_model::Owner) -> Self {
        let tidegate_model::Owner { engine, id } = owner;
        Self { engine, id }
    }
}

impl From<Owner> for tidegate_model::Owner {
    fn from(owner: Owner) -> Self {
        let Owner { engine, id } = owner;
        Self { engine, id }
    }
}

/// How an endpoint is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RemoveEndpoint {
    /// Whether it is no error if there is none of that name. The answer is null then.
    #[serde(default)]
    pub if_exists: bool,
}

impl InQuery for RemoveEndpoint {
    fn text(&self) -> String {
        let Self { if_exists } = self;
        if *if_exists { "if-exists=true" } else { "" }.to_owned()
    }
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_yes(is_so: &bool) -> bool {
    *is_so
}

/// A route through an endpoint's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StaticRoute {
    /// Its destination.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub to: IpNet,
    /// Its next hop, on the endpoint's network. Without one, the destination is on the network itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<IpAddr>,
}

impl From<tidegate_model::StaticRoute> for StaticRoute {
    fn from(route: tidegate_model::StaticRoute) -> Self {
        Self {
            to: route.to(),
            via: route.via(),
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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

/// The identity of a network namespace: device and inode of its nsfs file (namespaces(7), "The /proc/pid/ns/
/// directory"), which are unique while it lives, and its cookie, which is unique for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetnsId {
    /// Device number of nsfs.
    pub dev: u64,
    /// Inode number of the namespace. When the namespace is gone, another one may get the number.
    pub ino: u64,
    /// Cookie of the namespace; none if the kernel has no cookies, or in a record of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<NetnsCookie>,
}

/// A network namespace: its path and its identity. If the path later leads to another identity, it is another
/// namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetnsRef {
    /// `/run/netns/NAME`, `/proc/PID/ns/net`, or another path where the namespace is mounted.
    pub path: PathBuf,
    /// The identity of the namespace at the path.
    pub id: NetnsId,
}

impl From<tidegate_model::NetnsRef> for NetnsRef {
    fn from(netns: tidegate_model::NetnsRef) -> Self {
        let tidegate_model::NetnsRef { path, id } = netns;
        let tidegate_model::NetnsId { dev, ino, cookie } = id;
        let id = NetnsId { dev, ino, cookie };
        Self { path, id }
    }
}

/// An interface that a container engine moves and configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct HandedOver {
    /// The number that the host's namespace has for the one in which the interface is (ip-netns(8), `list-id`); none while
    /// it is in the host's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netns_number: Option<i32>,
}

impl From<tidegate_model::HandedOver> for HandedOver {
    fn from(handed: tidegate_model::HandedOver) -> Self {
        let tidegate_model::HandedOver { netns_number } = handed;
        Self { netns_number }
    }
}

/// Published ports of an endpoint that share an allow-list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Allowance {
    /// The ports; the endpoint publishes all of them.
    pub ports: Vec<PortBinding>,
    /// Who may reach them.
    pub from: AllowList,
}

impl From<tidegate_model::Allowance> for Allowance {
    fn from(allowance: tidegate_model::Allowance) -> Self {
        let tidegate_model::Allowance { ports, from } = allowance;
        Self { ports, from }
    }
}

/// An endpoint attaches a network namespace to a network: a veth pair with one end on the bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Endpoint {
    /// Its name, unique among endpoints.
    pub name: Name,
    /// The network to which it is attached.
    pub network: Name,
    /// The namespace in which it appears; none if it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netns: Option<NetnsRef>,
    /// What is known of its interface if that was handed over to a container engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<HandedOver>,
    /// The end of the veth pair that is a port of the bridge.
    pub host_ifname: IfName,
    /// The end of the veth pair inside the namespace. If it was handed over, the name that it has in the host's
    /// namespace.
    pub ifname: IfName,
    /// Ethernet address inside the namespace.
    pub mac: MacAddr,
    /// Addresses inside the namespace, each with its subnet's prefix length.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub addresses: Vec<IpNet>,
    /// Next hops of the default routes that this endpoint gave its namespace.
    pub gateways: Vec<IpAddr>,
    /// Whether it gives its namespace default routes, if its network does.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub default_route: bool,
    /// Static routes that it gave its namespace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<StaticRoute>,
    /// Gateway priority of its network in the namespace.
    #[serde(default)]
    pub gateway_priority: GatewayPriority,
    /// Metric of its default routes, unique in the namespace. None without default routes, and for routes of older
    /// releases, whose metric the kernel chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_metric: Option<u32>,
    /// Addresses of the DNS server to which this endpoint gave its namespace routes. None for endpoints of older
    /// releases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolvers: Vec<IpAddr>,
    /// Additional DNS names; other endpoints may share them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Name>,
    /// Published ports.
    pub ports: Vec<PortBinding>,
    /// Allow-lists of its published ports that have one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Allowance>,
    /// Who holds the host ports of its published ports.
    #[serde(default, skip_serializing_if = "HostPorts::is_default")]
    pub host_ports: HostPorts,
    /// Sysctls of its interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sysctls: Vec<OwnSysctl>,
    /// Its DNS settings.
    #[serde(default, skip_serializing_if = "Dns::is_empty")]
    pub dns: Dns,
    /// What it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Metadata of the owner.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Name, String>,
}

impl From<tidegate_model::Endpoint> for Endpoint {
    fn from(endpoint: tidegate_model::Endpoint) -> Self {
        let tidegate_model::Endpoint {
            name,
            network,
            place,
            host_ifname,
            ifname,
            mac,
            addresses,
            gateways,
            default_route,
            routes,
            gateway_priority,
            gateway_metric,
            resolvers,
            aliases,
            ports,
            allow,
            host_ports,
            sysctls,
            dns,
            owner,
            labels,
        } = endpoint;
        Self {
            name,
            network,
            netns: place.netns().cloned().map(NetnsRef::from),
            handed_over: match place {
                Place::Netns(_) => None,
                Place::HandedOver(handed) => Some(handed.into()),
            },
            host_ifname,
            ifname,
            mac,
            addresses,
            gateways,
            default_route,
            routes: routes.into_iter().map(StaticRoute::from).collect(),
            gateway_priority,
            gateway_metric,
            resolvers,
            aliases,
            ports,
            allow: allow.into_iter().map(Allowance::from).collect(),
            host_ports,
            sysctls,
            dns: dns.into(),
            owner: owner.map(Owner::from),
            labels,
        }
    }
}

/// An endpoint, with the resolv.conf for its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EndpointView {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// The bridge of its network. None in an answer of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<EndpointBridge>,
    /// The gateways of its network: the bridge's addresses. `gateways` has those that are next hops of its default
    /// routes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network_gateways: Vec<IpAddr>,
    /// The content of `/etc/resolv.conf` (resolv.conf(5)) for the namespace. Not in lists.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resolv_conf: String,
    /// Why it is degraded, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Fault>,
    /// Warnings about its settings that hold now. Not in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// The bridge of an endpoint's network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EndpointBridge {
    /// Its name.
    pub ifname: IfName,
    /// Its Ethernet address.
    pub mac: MacAddr,
}

/// An endpoint after its published ports were changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PortsView {
    /// The endpoint, without its resolv.conf.
    #[serde(flatten)]
    pub endpoint: EndpointView,
    /// The ports that this call published or withdrew. Older daemons do not tell them.
    #[serde(default)]
    pub changed: Vec<PortBinding>,
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
