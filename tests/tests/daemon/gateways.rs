//! The way out of a namespace that is on several networks.

use std::net::IpAddr;

use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Lab, Netns, require_root_kernel};

use crate::drivers;

/// A machine outside that tells whom it sees, and a namespace to attach. In routed networks nothing is
/// translated: it sees the address by which the namespace came.
struct Stage {
    lab: Lab,
    netns: Netns,
    _server: Server,
}

impl Stage {
    fn new(driver: &str) -> Self {
        let lab = Lab::with_driver(driver);
        Self {
            netns: Netns::new(),
            _server: Server::start(&lab.outside, "outside", 80),
            lab,
        }
    }

    fn create(&self, network: &str, flags: &[&str]) {
        let fixed = ["network", "create", network, "--mode", "routed"];
        self.lab.host.ok(&[&fixed[..], flags].concat());
    }

    fn attach(&self, network: &str, flags: &[&str]) {
        let netns = self.netns.name();
        let fixed = ["attach", network, "--netns", netns, "--name", network];
        self.lab.host.ok(&[&fixed[..], flags].concat());
    }

    /// The networks by which the namespace reaches the outside over IPv4 and over IPv6.
    fn ways(&self) -> [String; 2] {
        ["192.0.2.2:80", "[2001:db8::2]:80"].map(|to| {
            let reply = ask_tcp(&self.netns, to.parse().unwrap()).unwrap();
            self.network_of(reply.saw)
        })
    }

    fn network_of(&self, ip: IpAddr) -> String {
        let endpoints = self.lab.host.json(&["endpoint", "ls"]);
        let has = |endpoint: &&serde_json::Value| {
            let addresses = endpoint["addresses"].as_array().unwrap();
            let mut addresses = addresses.iter().map(|net| net.as_str().unwrap());
            addresses.any(|net| net.split_once('/').unwrap().0 == ip.to_string())
        };
        let found = endpoints.as_array().unwrap().iter().find(has);
        found.unwrap_or_else(|| panic!("{ip} is no endpoint's"))["network"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

#[test]
fn the_network_of_the_highest_priority_leads_out_and_the_next_when_it_goes() {
    require_root_kernel!();
    for driver in drivers() {
        let stage = Stage::new(&driver);
        for network in ["a", "b", "c"] {
            stage.create(network, &[]);
        }
        let host = &stage.lab.host;
        host.ok(&["network", "create", "inside", "--internal"]);
        stage.attach("inside", &["--gateway-priority", "100"]);
        stage.attach("a", &[]);
        assert_eq!(stage.ways(), ["a", "a"], "{driver}");
        stage.attach("b", &["--gateway-priority", "10"]);
        assert_eq!(stage.ways(), ["b", "b"], "{driver}");
        stage.attach("c", &["--gateway-priority", "-10"]);
        assert_eq!(stage.ways(), ["b", "b"], "{driver}");
        host.ok(&["detach", "b"]);
        assert_eq!(stage.ways(), ["a", "a"], "{driver}");
        // The one that was attached first stays.
        stage.attach("b", &["--gateway-priority", "0"]);
        assert_eq!(stage.ways(), ["a", "a"], "{driver}");
        host.ok(&["detach", "a"]);
        assert_eq!(stage.ways(), ["b", "b"], "{driver}");
        host.ok(&["detach", "b"]);
        assert_eq!(stage.ways(), ["c", "c"], "{driver}");
        host.ok(&["detach", "c"]);
        assert_eq!(stage.netns.sh("ip route show default"), "");
    }
}

#[test]
fn each_family_has_its_own_way_out_and_a_restart_keeps_it() {
    require_root_kernel!();
    for driver in drivers() {
        let mut stage = Stage::new(&driver);
        stage.create("wide", &[]);
        stage.create("slim", &["--no-ipv6"]);
        stage.attach("wide", &[]);
        stage.attach("slim", &["--gateway-priority", "1"]);
        assert_eq!(stage.ways(), ["slim", "wide"], "{driver}");
        stage.lab.host.kill();
        assert_eq!(stage.netns.sh("ip route show default").lines().count(), 2);
        stage.lab.host.start();
        assert_eq!(stage.ways(), ["slim", "wide"], "{driver}");
        // A bridge that somebody removed is made anew, with what is on it.
        stage.lab.host.stop();
        stage.lab.host.netns.sh("ip link delete tgb1");
        stage.lab.host.start();
        assert_eq!(stage.ways(), ["slim", "wide"], "{driver}");
        stage.lab.host.ok(&["detach", "slim"]);
        assert_eq!(stage.ways(), ["wide", "wide"], "{driver}");
    }
}

#[test]
fn a_default_route_that_the_namespace_has_from_elsewhere_stays_its_only_one() {
    require_root_kernel!();
    for driver in drivers() {
        let stage = Stage::new(&driver);
        stage.create("a", &[]);
        stage
            .netns
            .sh("ip link set lo up; ip route add default dev lo metric 300");
        let before = stage.netns.sh("ip route show default");
        stage.attach("a", &["--gateway-priority", "10"]);
        assert_eq!(stage.netns.sh("ip route show default"), before);
        let ipv6 = stage.netns.sh("ip -6 route show default");
        assert!(ipv6.contains("dev eth0"), "{ipv6}");
    }
}
