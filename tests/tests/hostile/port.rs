//! Frames that an endpoint sends. The filter of its bridge port drops forbidden ones even without a table and a daemon.

use std::net::SocketAddr;

use tidegate_tests::forge::{Ear, frame, mac_of, send_udp, udp};
use tidegate_tests::frames;
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Attached, Lab, require_root_kernel};

use crate::drivers;

const GATEWAY: &str = "10.208.0.1:7001";

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The one port of the bridge.
fn port(lab: &Lab) -> String {
    let shown = lab.host.netns.sh("ip -br link show master tgb0");
    let name = shown.split('@').next().unwrap();
    name.to_owned()
}

/// Everything by which an endpoint can reach services on the host's loopback, or pass for one of them: routed there,
/// and in frames behind tags that the host takes off.
fn attack_loopback(endpoint: &Attached, gateway_mac: [u8; 6]) {
    let from = endpoint.v4(7000);
    for (from, to) in [
        (from, at("127.0.0.1:7001")),
        (from, at("127.9.9.9:7001")),
        (at("127.0.0.2:7000"), at(GATEWAY)),
    ] {
        send_udp(&endpoint.netns, from, to, "false");
        let macs = [mac_of(&endpoint.netns, "eth0"), gateway_mac];
        let frames: Vec<Vec<u8>> = (0..6)
            .map(|depth| {
                let tags = [(0x8100, 0), (0x88a8, 0)].repeat(3);
                frame(macs, &tags[..depth], &udp([from, to], "false"))
            })
            .collect();
        frames::send(&endpoint.netns, "eth0", &frames);
    }
}

/// Whether the attack reaches something; what is honest arrives all the same.
fn reaches_loopback(lab: &Lab, endpoint: &Attached) -> bool {
    let ear = Ear::open(&lab.host.netns, at("0.0.0.0:7001"));
    attack_loopback(endpoint, mac_of(&lab.host.netns, "tgb0"));
    let honest = endpoint.v4(7000);
    send_udp(&endpoint.netns, honest, at(GATEWAY), "true");
    let (heard, from) = ear.next();
    assert!(heard == "false" || from == honest, "{from}");
    heard == "false"
}

fn stage(driver: &str) -> (Lab, Attached, Server) {
    let lab = Lab::with_driver(driver);
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &["127.0.0.1:8081:80"]);
    let server = Server::start(&front.netns, "front", 80);
    front.netns.sh("ip addr del 127.0.0.1/8 dev lo
         for dev in /proc/sys/net/ipv4/conf/*; do echo 1 > $dev/route_localnet; done
         ip route add 127.0.0.0/8 via 10.208.0.1");
    // What else may stop it is a choice of the host's.
    lab.host
        .netns
        .sh("for dev in /proc/sys/net/ipv4/conf/*; do echo 0 > $dev/rp_filter; done");
    (lab, front, server)
}

#[test]
fn while_the_table_is_away_the_hosts_loopback_is_out_of_reach_for_endpoints() {
    require_root_kernel!();
    for driver in drivers() {
        for nf_call in [0, 1] {
            let (mut lab, front, _server) = stage(&driver);
            lab.host.netns.sh(&format!(
                "sysctl -q -w net.bridge.bridge-nf-call-iptables={nf_call}"
            ));
            // Answers of the published port go there, and are let through.
            let answer = ask_tcp(&lab.host.netns, at("127.0.0.1:8081")).unwrap();
            assert_eq!(answer.server, "front");
            assert!(!reaches_loopback(&lab, &front), "{driver} with the table");
            lab.host.kill();
            lab.host.netns.sh("nft flush ruleset");
            assert!(!reaches_loopback(&lab, &front), "{driver} without");
            // The filter of its port is what stops it.
            lab.host
                .netns
                .sh(&format!("tc qdisc del dev {} clsact", port(&lab)));
            assert!(reaches_loopback(&lab, &front), "{driver} without a filter");
        }
    }
}

#[test]
fn a_start_guards_the_ports_that_a_release_without_guards_made() {
    require_root_kernel!();
    for driver in drivers() {
        let (mut lab, front, _server) = stage(&driver);
        let port = port(&lab);
        let found = |lab: &Lab| {
            let shown = lab.host.tidegate(&["doctor"]).stdout;
            let is_it = |line: &&str| line.ends_with("ports") || line.contains(&port);
            shown.lines().filter(is_it).collect::<String>()
        };
        assert!(found(&lab).contains("ok"), "{}", found(&lab));
        lab.host
            .netns
            .sh(&format!("tc qdisc del dev {port} clsact"));
        assert!(found(&lab).contains(&port), "{}", found(&lab));
        // The second start finds all in place.
        for _ in 0..2 {
            lab.host.kill();
            lab.host.start();
            assert!(found(&lab).contains("ok"), "{}", found(&lab));
            ask_tcp(&lab.host.netns, at("127.0.0.1:8081")).unwrap();
        }
        lab.host.kill();
        lab.host.netns.sh("nft flush ruleset");
        assert!(!reaches_loopback(&lab, &front), "{driver}");
    }
}

/// As on a kernel that lacks the filter: ports on 127.0.0.1 stay out of the host's reach, and are not opened to others.
#[test]
fn a_bridge_is_closed_if_a_port_cannot_be_guarded() {
    require_root_kernel!();
    for driver in drivers() {
        let (mut lab, front, _server) = stage(&driver);
        let port = port(&lab);
        lab.host.kill();
        // Somebody else has the place of the filter.
        lab.host.netns.sh(&format!(
            "tc qdisc del dev {port} clsact; tc qdisc add dev {port} ingress"
        ));
        lab.host.start();
        let shown = lab.host.tidegate(&["doctor"]).stdout;
        assert!(
            shown.contains(&port) && shown.contains("cls_bpf"),
            "{shown}"
        );
        assert!(lab.host.log().contains("127.0.0.1"), "{}", lab.host.log());
        lab.host.kill();
        lab.host.netns.sh("nft flush ruleset");
        assert!(!reaches_loopback(&lab, &front), "{driver}");
    }
}

/// A frame for the nearest bridge is received by the port itself, past what the table says of the bridge.
#[test]
fn frames_for_the_nearest_bridge_reach_no_service_of_the_host() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver).credulous();
        let create = ["network", "create", "web", "--host-access", "none"];
        lab.host.ok(&create);
        let front = lab.attach("web", "front", &[]);
        let ear = Ear::open(&lab.host.netns, at("0.0.0.0:7001"));
        let own = mac_of(&front.netns, "eth0");
        let [outside, service] = [at("192.0.2.2:7000"), at("192.0.2.1:7001")];
        let frames: Vec<Vec<u8>> = (0..16)
            .map(|last| [own, [0x01, 0x80, 0xc2, 0, 0, last]])
            .map(|macs| frame(macs, &[], &udp([outside, service], "false")))
            .collect();
        frames::send(&front.netns, "eth0", &frames);
        let honest = || send_udp(&lab.outside, outside, service, "true");
        assert_eq!(ear.next_of(honest).0, "true", "{driver}");
    }
}
