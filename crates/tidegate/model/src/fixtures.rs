//! Values that the tests share.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::{
    AllowList, Endpoint, GatewayPriority, Name, NetnsId, NetnsRef, Network, Place, Policy, Subnet,
};

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A network with the subnets 10.1.2.0/24 and fd00:1::/64.
pub(crate) fn network(name: &str) -> Network {
    let subnet = |net: &str| Subnet::new(net.parse().unwrap(), None).unwrap();
    Network {
        name: self::name(name),
        bridge: "tgb0".parse().unwrap(),
        mac: "02:00:00:00:00:01".parse().unwrap(),
        subnets: ["10.1.2.0/24", "fd00:1::/64"].map(subnet).into(),
        mtu: None,
        host_ips: Vec::new(),
        allow: AllowList::default(),
        policy: Policy::default(),
        reserved: BTreeMap::new(),
        peers: BTreeSet::new(),
        labels: BTreeMap::new(),
        dns: Default::default(),
        remove_when_unused: false,
    }
}

/// An endpoint that publishes these ports.
pub(crate) fn endpoint(name: &str, network: &str, ports: &[&str]) -> Endpoint {
    Endpoint {
        name: self::name(name),
        network: self::name(network),
        place: Place::Netns(NetnsRef {
            path: "/run/netns/a".into(),
            id: NetnsId {
                dev: 4,
                ino: 7,
                cookie: None,
            },
        }),
        host_ifname: "tgv0".parse().unwrap(),
        ifname: "eth0".parse().unwrap(),
        mac: "02:00:00:00:00:02".parse().unwrap(),
        addresses: ["10.1.2.2/24", "fd00:1::2/64"]
            .map(|net| net.parse().unwrap())
            .into(),
        gateways: ["10.1.2.1", "fd00:1::1"].map(ip).into(),
        default_route: true,
        routes: Vec::new(),
        gateway_priority: GatewayPriority::default(),
        gateway_metric: None,
        resolvers: Vec::new(),
        aliases: Vec::new(),
        ports: ports.iter().map(|port| port.parse().unwrap()).collect(),
        allow: Vec::new(),
        host_ports: Default::default(),
        sysctls: Vec::new(),
        dns: Default::default(),
        owner: None,
        labels: BTreeMap::new(),
    }
}
