//! Loops of frames that an endpoint builds.

use std::thread::sleep;
use std::time::Duration;

use tidegate_tests::forge::mac_of;
use tidegate_tests::frames;
use tidegate_tests::traffic::{Server, ask_tcp, ask_udp};
use tidegate_tests::{Attached, Lab, require_root_kernel, wait_until};

use crate::drivers;

/// Frames in a second that are no storm: a few of the kernel's own.
const CALM: u64 = 200;

/// Puts an endpoint's end into a bridge of its own that sends back what comes.
fn reflect(endpoint: &Attached) {
    endpoint.netns.sh("ip addr flush dev eth0
         ip link add mirror type bridge
         ip link set eth0 master mirror
         bridge link set dev eth0 hairpin on
         ip link set mirror up");
}

/// A broadcast that is of no use to anybody (an experimental ethertype, IEEE 802), under any Ethernet address.
fn broadcast(from_mac: [u8; 6]) -> Vec<u8> {
    let payload = [0; 46];
    [&[0xff; 6][..], &from_mac, &[0x88, 0xb5], &payload].concat()
}

/// Frames that have passed the ports of the bridge in either direction.
fn passed(lab: &Lab) -> u64 {
    let counters = lab
        .host
        .netns
        .sh("ip -o link show master tgb0 | sed 's/^[0-9]*: //; s/[@:].*//'");
    let mut sum = 0;
    for port in counters.lines() {
        let shown = lab.host.netns.sh(&format!("ip -j -s link show dev {port}"));
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        for way in ["rx", "tx"] {
            sum += shown[0]["stats64"][way]["packets"].as_u64().unwrap();
        }
    }
    sum
}

fn is_calm(lab: &Lab) -> bool {
    let before = passed(lab);
    sleep(Duration::from_secs(1));
    passed(lab) - before < CALM
}

#[test]
fn an_endpoint_that_sends_back_what_comes_makes_no_storm() {
    require_root_kernel!();
    for driver in drivers() {
        for nf_call in [0, 1] {
            let lab = Lab::with_driver(&driver);
            for family in ["ip", "ip6"] {
                lab.host.netns.sh(&format!(
                    "sysctl -q -w net.bridge.bridge-nf-call-{family}tables={nf_call}"
                ));
            }
            lab.host.ok(&["network", "create", "web"]);
            let ports = ["8080:80/tcp", "8080:80/udp"];
            let front = lab.attach("web", "front", &ports);
            let back = lab.attach("web", "back", &[]);
            let _server = Server::start(&front.netns, "front", 80);
            // An endpoint reaches its own published port, and so do others, without a port that sends back.
            for from in [&front, &back] {
                for to in ["192.0.2.1:8080", "[2001:db8::1]:8080", "10.208.0.1:8080"] {
                    let to = to.parse().unwrap();
                    assert_eq!(ask_tcp(&from.netns, to).unwrap().server, "front");
                    assert_eq!(ask_udp(&from.netns, to).unwrap().server, "front");
                }
            }
            let macs = [&front, &back].map(|of| mac_of(&of.netns, "eth0"));
            reflect(&front);
            let forged = [2, 0, 0, 0, 0, 9];
            let frames = [macs[0], macs[1], forged].map(broadcast);
            frames::send(&front.netns, "eth0", &vec![frames.clone(); 10].concat());
            frames::send(&back.netns, "eth0", &vec![frames.clone(); 10].concat());
            wait_until("the storm has ended", || is_calm(&lab));
        }
    }
}

#[test]
fn endpoints_that_are_bound_to_their_addresses_make_no_storm_together() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host
            .ok(&["network", "create", "web", "--anti-spoofing"]);
        let mirrors = ["a", "b", "c"].map(|name| lab.attach("web", name, &[]));
        let honest = lab.attach("web", "honest", &[]);
        let macs = [&mirrors[0], &mirrors[1], &honest].map(|of| mac_of(&of.netns, "eth0"));
        mirrors.iter().for_each(reflect);
        let frames = macs.map(broadcast);
        for endpoint in [&mirrors[0], &honest] {
            frames::send(&endpoint.netns, "eth0", &vec![frames.clone(); 10].concat());
            endpoint.netns.try_sh("ping -c 1 -W 1 10.208.0.99");
        }
        wait_until("the storm has ended", || is_calm(&lab));
    }
}
