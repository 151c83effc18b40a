//! Values that the tests share.

use std::net::IpAddr;

use serde_json::json;

use crate::{Endpoint, Name, Network, Policy};

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A network with the subnets 10.1.2.0/24 and fd00:1::/64.
pub(crate) fn network(name: &str) -> Network {
    let row = json!({
        "name": name,
        "bridge": "tgb0",
        "mac": "02:00:00:00:00:01",
        "subnets": [
            { "net": "10.1.2.0/24", "gateway": "10.1.2.1" },
            { "net": "fd00:1::/64", "gateway": "fd00:1::1" },
        ],
        "mtu": null,
        "policy": Policy::default(),
    });
    serde_json::from_value(row).unwrap()
}

/// An endpoint that publishes these ports.
pub(crate) fn endpoint(name: &str, network: &str, ports: &[&str]) -> Endpoint {
    let row = json!({
        "name": name,
        "network": network,
        "netns": { "path": "/run/netns/a", "id": { "dev": 4, "ino": 7 } },
        "host-ifname": "tgv0",
        "ifname": "eth0",
        "mac": "02:00:00:00:00:02",
        "addresses": ["10.1.2.2/24", "fd00:1::2/64"],
        "gateways": ["10.1.2.1", "fd00:1::1"],
        "ports": ports,
    });
    serde_json::from_value(row).unwrap()
}
