//! Bridges and veths for tests.

use tidegate_model::links::{Bridge, Link, LinkStep, Peer, Sysctl, Veth};
use tidegate_model::{IfName, MacAddr, NetnsRef};

pub(crate) fn ifname(text: &str) -> IfName {
    text.parse().unwrap()
}

/// Bridge `br<n>` with the first addresses of 10.77.n.0/24 and fd77:n::/64.
pub(crate) fn bridge(n: u8) -> Bridge {
    let ifname = ifname(&format!("br{n}"));
    let sysctl = |path: &str, value: &str| Sysctl {
        path: format!("net/{path}").replace("IF", ifname.as_str()),
        value: value.into(),
    };
    Bridge {
        mac: MacAddr::local([0x77, 0, 0, n, 1]),
        mtu: Some(1400),
        addresses: vec![
            format!("10.77.{n}.1/24").parse().unwrap(),
            format!("fd77:{n}::1/64").parse().unwrap(),
        ],
        sysctls: vec![
            sysctl("ipv4/conf/IF/route_localnet", "1"),
            sysctl("ipv6/conf/IF/accept_ra", "0"),
        ],
        sealed: false,
        answered: Vec::new(),
        ifname,
    }
}

/// A veth `ve<host>` from bridge `br<n>` to `eth0` in a namespace, with the addresses that end
/// in `host` and default routes via the bridge.
pub(crate) fn veth(n: u8, host: u8, netns: &NetnsRef) -> Veth {
    Veth {
        ifname: ifname(&format!("ve{host}")),
        bridge: ifname(&format!("br{n}")),
        bridge_mac: MacAddr::local([0x77, 0, 0, n, 1]),
        mtu: Some(1400),
        netns_number: 1000 - i32::from(n),
        isolated: false,
        bound: false,
        peer: Peer {
            netns: Some(netns.clone()),
            ifname: ifname("eth0"),
            mac: MacAddr::local([0x77, 0, 0, n, host]),
            sysctls: Vec::new(),
            addresses: vec![
                format!("10.77.{n}.{host}/24").parse().unwrap(),
                format!("fd77:{n}::{host:x}/64").parse().unwrap(),
            ],
            routes: Vec::new(),
            gateways: vec![
                format!("10.77.{n}.1").parse().unwrap(),
                format!("fd77:{n}::1").parse().unwrap(),
            ],
            gateway_metric: None,
            resolvers: Vec::new(),
            resolver_metric: 0,
        },
    }
}

pub(crate) fn add_bridge(n: u8) -> LinkStep {
    LinkStep::AddBridge(bridge(n))
}

pub(crate) fn add_veth(n: u8, host: u8, netns: &NetnsRef) -> LinkStep {
    LinkStep::AddVeth(veth(n, host, netns))
}

/// The link of that name.
pub(crate) fn find<'a>(links: &'a [Link], name: &str) -> Option<&'a Link> {
    links.iter().find(|link| link.ifname.as_str() == name)
}
