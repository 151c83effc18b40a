//! The store of the release 0.1.0.

use tidegate_model::{Endpoint, NetnsId, NetnsRef, Place};

use super::stored::{ENDPOINTS, NETWORKS, row};
use super::*;

/// Written by the programs of 0.1.0, built from commit 63c8630, from start to end: three networks made, one of them
/// removed and made anew with an MTU; five endpoints attached, one of them detached.
const OF_0_1_0: &[u8] = include_bytes!("0.1.0.redb");

/// A network as 0.1.0 stored it.
fn network_then(name: &str, number: u8, subnets: &[(&str, &str)]) -> Network {
    let subnet = |(net, gateway): &(&str, &str)| {
        Subnet::new(net.parse().unwrap(), Some(gateway.parse().unwrap())).unwrap()
    };
    Network {
        bridge: format!("tgb{number}").parse().unwrap(),
        mac: MacAddr::local([0x62, 0, 0, 0, number]),
        subnets: subnets.iter().map(subnet).collect(),
        mtu: None,
        ..network(name, number)
    }
}

/// An endpoint as 0.1.0 stored it.
fn endpoint_then(
    name: &str,
    network: &str,
    netns: (&str, u64),
    interfaces: (&str, &str),
    mac: [u8; 5],
    addresses: &[&str],
    gateways: &[&str],
) -> Endpoint {
    let (path, ino) = netns;
    let (host_ifname, ifname) = interfaces;
    Endpoint {
        name: name.parse().unwrap(),
        network: network.parse().unwrap(),
        place: Place::Netns(NetnsRef {
            path: path.into(),
            id: NetnsId {
                dev: 4,
                ino,
                cookie: None,
            },
        }),
        host_ifname: host_ifname.parse().unwrap(),
        ifname: ifname.parse().unwrap(),
        mac: MacAddr::local(mac),
        addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
        gateways: gateways.iter().map(|a| a.parse().unwrap()).collect(),
        default_route: true,
        routes: Vec::new(),
        gateway_priority: Default::default(),
        gateway_metric: None,
        resolvers: Vec::new(),
        aliases: Vec::new(),
        ports: Vec::new(),
        allow: Vec::new(),
        host_ports: Default::default(),
        sysctls: Vec::new(),
        dns: Default::default(),
        owner: None,
        labels: Default::default(),
    }
}

/// What the programs of 0.1.0 said that there is.
fn state_then() -> State {
    const WEB: [&str; 2] = ["10.208.0.1", "fd74:6964:6567::1"];
    let web = [("10.208.0.0/24", WEB[0]), ("fd74:6964:6567::/64", WEB[1])];
    let networks = [
        network_then("web", 0, &web),
        network_then("six", 2, &[("fd00:9:1::/64", "fd00:9:1::1")]),
        Network {
            mtu: Some(1400),
            ..network_then("lab", 3, &[("10.9.1.0/24", "10.9.1.254")])
        },
    ];
    let (box1, box2, box3) = (
        ("/run/netns/box1", 4_026_532_879),
        ("/run/netns/box2", 4_026_532_948),
        ("/run/netns/box3", 4_026_533_017),
    );
    let ports = [
        "8080:80/tcp",
        "127.0.0.1:5353:53/udp",
        "[2001:db8::1]:8443:443/tcp",
        "9000:9000/sctp",
    ];
    let endpoints = [
        Endpoint {
            ports: ports.iter().map(|port| port.parse().unwrap()).collect(),
            ..endpoint_then(
                "front",
                "web",
                box1,
                ("tgv4", "eth0"),
                [0x76, 10, 208, 0, 2],
                &["10.208.0.2/24", "fd74:6964:6567::2/64"],
                &WEB,
            )
        },
        endpoint_then(
            "front-lab",
            "lab",
            box1,
            ("tgv5", "eth1"),
            [0x76, 10, 9, 1, 1],
            &["10.9.1.1/24"],
            &[],
        ),
        endpoint_then(
            "ep-6",
            "web",
            box2,
            ("tgv6", "eth0"),
            [0x76, 10, 208, 0, 3],
            &["10.208.0.3/24", "fd74:6964:6567::3/64"],
            &WEB,
        ),
        endpoint_then(
            "back",
            "six",
            box3,
            ("tgv8", "eth0"),
            [0x76, 0, 0, 0, 2],
            &["fd00:9:1::2/64"],
            &["fd00:9:1::1"],
        ),
    ];
    let mut state = State {
        next_number: 9,
        ..State::default()
    };
    for network in networks {
        state.networks.insert(network.name.clone(), network);
    }
    for endpoint in endpoints {
        state.endpoints.insert(endpoint);
    }
    state
}

#[test]
fn a_store_of_0_1_0_is_read_and_written_on() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), OF_0_1_0).unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let mut state = store.load().unwrap();
    assert_eq!(state, state_then());
    let change = Change::AddNetwork(network("late", 9));
    store.commit(&state, &change).unwrap();
    state.apply(&change);
    drop(store);
    assert_eq!(Store::open(folder.path()).unwrap().load().unwrap(), state);
}

#[test]
fn rows_of_0_1_0_are_written_as_it_wrote_them_with_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), OF_0_1_0).unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let state = store.load().unwrap();
    let rows = |store: &Store| (row(store, NETWORKS, "web"), row(store, ENDPOINTS, "front"));
    let (network, endpoint) = rows(&store);
    store.rewrite(&state).unwrap();
    let policy = r#""policy":{"access":"open","icc":true,"anti-spoofing":false,"mode4":"nat","mode6":"nat","masquerade":true,"snat":[],"trusted-interfaces":[]}"#;
    let network = network.replace(r#""mtu":null"#, &format!(r#""mtu":null,{policy}"#));
    let endpoint = endpoint.replace(r#""ports""#, r#""gateway-priority":0,"ports""#);
    assert_eq!(rows(&store), (network, endpoint));
}
