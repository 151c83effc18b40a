//! An endpoint as it is stored.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Not;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tidegate_model::{
    AllowList, Allowance, Endpoint, GatewayPriority, HandedOver, HostPorts, IfName, Invalid,
    MacAddr, Name, NetnsCookie, NetnsId, NetnsRef, OwnSysctl, Owner, OwnerId, Place, PortBinding,
    StaticRoute,
};

use super::dns_row::DnsRow;

/// A row of the table `endpoints`. A field that 0.1.0 did not have has a default.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct EndpointRow {
    name: Name,
    network: Name,
    netns: NetnsRow,
    #[serde(default, skip_serializing_if = "Not::not")]
    handed_over: bool,
    host_ifname: IfName,
    ifname: IfName,
    mac: MacAddr,
    addresses: Vec<IpNet>,
    gateways: Vec<IpAddr>,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    default_route: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    routes: Vec<RouteRow>,
    #[serde(default)]
    gateway_priority: GatewayPriority,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway_metric: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resolvers: Vec<IpAddr>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<Name>,
    ports: Vec<PortBinding>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allow: Vec<AllowanceRow>,
    #[serde(default, skip_serializing_if = "HostPorts::is_default")]
    host_ports: HostPorts,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sysctls: Vec<OwnSysctl>,
    #[serde(default, skip_serializing_if = "DnsRow::is_empty")]
    dns: DnsRow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerRow>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<Name, String>,
}

#[derive(Serialize, Deserialize)]
struct OwnerRow {
    engine: Name,
    id: OwnerId,
}

/// What every endpoint of an older release has.
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

/// A route, checked when it is read.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "RawRoute", into = "RawRoute")]
struct RouteRow(StaticRoute);

#[derive(Serialize, Deserialize)]
struct RawRoute {
    to: IpNet,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    via: Option<IpAddr>,
}

impl TryFrom<RawRoute> for RouteRow {
    type Error = Invalid;

    fn try_from(row: RawRoute) -> Result<Self, Invalid> {
        let RawRoute { to, via } = row;
        StaticRoute::new(to, via).map(Self)
    }
}

impl From<RouteRow> for RawRoute {
    fn from(RouteRow(route): RouteRow) -> Self {
        Self {
            to: route.to(),
            via: route.via(),
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
struct NetnsRow {
    path: PathBuf,
    id: NetnsIdRow,
}

#[derive(Default, Serialize, Deserialize)]
struct NetnsIdRow {
    dev: u64,
    ino: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cookie: Option<NetnsCookie>,
}

#[derive(Serialize, Deserialize)]
struct AllowanceRow {
    ports: Vec<PortBinding>,
    from: AllowList,
}

impl From<Endpoint> for EndpointRow {
    fn from(endpoint: Endpoint) -> Self {
        let Endpoint {
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
            handed_over: place.is_handed_over(),
            netns: place.into(),
            host_ifname,
            ifname,
            mac,
            addresses,
            gateways,
            default_route,
            routes: routes.into_iter().map(RouteRow).collect(),
            gateway_priority,
            gateway_metric,
            resolvers,
            aliases,
            ports,
            allow: allow.into_iter().map(AllowanceRow::from).collect(),
            host_ports,
            sysctls,
            dns: dns.into(),
            owner: owner.map(OwnerRow::from),
            labels,
        }
    }
}

impl From<EndpointRow> for Endpoint {
    fn from(row: EndpointRow) -> Self {
        let EndpointRow {
            name,
            network,
            netns,
            handed_over,
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
        } = row;
        Self {
            name,
            network,
            place: match handed_over {
                true => Place::HandedOver(HandedOver::default()),
                false => Place::Netns(netns.into()),
            },
            host_ifname,
            ifname,
            mac,
            addresses,
            gateways,
            default_route,
            routes: routes.into_iter().map(|RouteRow(route)| route).collect(),
            gateway_priority,
            gateway_metric,
            resolvers,
            aliases,
            ports,
            // Older releases stored lists of all addresses.
            allow: allow
                .into_iter()
                .map(Allowance::from)
                .filter(|allowance| !allowance.from.is_everybody())
                .collect(),
            host_ports,
            sysctls,
            dns: dns.into(),
            owner: owner.map(Owner::from),
            labels,
        }
    }
}

/// For what was handed over it has no path, so that an older release takes the endpoint for one whose namespace is gone.
impl From<Place> for NetnsRow {
    fn from(place: Place) -> Self {
        let Place::Netns(NetnsRef { path, id }) = place else {
            return Self::default();
        };
        let NetnsId { dev, ino, cookie } = id;
        let id = NetnsIdRow { dev, ino, cookie };
        Self { path, id }
    }
}

impl From<NetnsRow> for NetnsRef {
    fn from(row: NetnsRow) -> Self {
        let NetnsRow { path, id } = row;
        let NetnsIdRow { dev, ino, cookie } = id;
        let id = NetnsId { dev, ino, cookie };
        Self { path, id }
    }
}

impl From<Allowance> for AllowanceRow {
    fn from(allowance: Allowance) -> Self {
        let Allowance { ports, from } = allowance;
        Self { ports, from }
    }
}

impl From<AllowanceRow> for Allowance {
    fn from(row: AllowanceRow) -> Self {
        let AllowanceRow { ports, from } = row;
        Self { ports, from }
    }
}

impl From<Owner> for OwnerRow {
    fn from(owner: Owner) -> Self {
        let Owner { engine, id } = owner;
        Self { engine, id }
    }
}

impl From<OwnerRow> for Owner {
    fn from(row: OwnerRow) -> Self {
        let OwnerRow { engine, id } = row;
        Self { engine, id }
    }
}
