//! The host's loopback addresses, asked for over the wire or used as a source.

use std::net::SocketAddr;

use tidegate_tests::forge::{Ear, send_udp};
use tidegate_tests::traffic::{Server, ask_tcp, ask_udp, is_closed_tcp, is_closed_udp};
use tidegate_tests::{Attached, Lab, Netns};

use crate::{Attack, with_drivers};

/// What is tried here.
pub(crate) const ATTACKS: [Attack; 2] = [
    a_port_that_is_published_on_loopback_is_reached_by_the_host_alone_in,
    nobody_sends_as_the_hosts_loopback_in,
];

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A lab with an endpoint that is published on the host's loopback alone, and on every address.
fn stage(lab: &Lab) -> (Attached, Server) {
    lab.host.ok(&["network", "create", "web"]);
    let ports = ["127.0.0.1:8081:80", "[::1]:8081:80", "8080:80"];
    let ports = ports.map(|port| ["tcp", "udp"].map(|protocol| format!("{port}/{protocol}")));
    let ports: Vec<&str> = ports.as_flattened().iter().map(String::as_str).collect();
    let front = lab.attach("web", "front", &ports);
    let server = Server::start(&front.netns, "front", 80);
    (front, server)
}

/// How strictly the host looks at sources by itself (`rp_filter`, kernel's ip-sysctl.rst).
fn filter_sources(host: &Netns, value: u8) {
    host.sh(&format!(
        "for dev in /proc/sys/net/ipv4/conf/*; do echo {value} > $dev/rp_filter; done"
    ));
}

/// A neighbour that has no loopback of its own, and sends what is for such addresses to the host.
fn send_loopback(from: &Netns, gateway4: &str, gateway6: &str) {
    from.sh(&format!(
        "ip addr del 127.0.0.1/8 dev lo
         ip addr del ::1/128 dev lo
         for dev in /proc/sys/net/ipv4/conf/*; do echo 1 > $dev/route_localnet; done
         ip route add 127.0.0.0/8 via {gateway4}
         ip -6 route add ::1 via {gateway6}"
    ));
}

#[test]
fn a_port_that_is_published_on_loopback_is_reached_only_by_the_host() {
    with_drivers(a_port_that_is_published_on_loopback_is_reached_by_the_host_alone_in);
}

fn a_port_that_is_published_on_loopback_is_reached_by_the_host_alone_in(driver: &str, lab: &Lab) {
    let (_front, _server) = &stage(lab);
    let intruder = lab.attach("web", "intruder", &[]).netns;
    send_loopback(&lab.outside, "192.0.2.1", "2001:db8::1");
    send_loopback(&intruder, "10.208.0.1", "fd74:6964:6567::1");
    let strangers = [&lab.outside, &intruder];
    let targets = [
        "127.0.0.1:8081",
        "[::1]:8081",
        "127.0.0.1:8080",
        "127.0.0.77:8080",
    ];
    for rp_filter in [0, 1, 2] {
        filter_sources(&lab.host.netns, rp_filter);
        std::thread::scope(|scope| {
            for (from, to) in targets
                .iter()
                .flat_map(|to| strangers.map(|from| (from, to)))
            {
                let to = at(to);
                let whose = format!("{driver}, rp_filter {rp_filter}: {to} from {}", from.name());
                scope.spawn(move || {
                    assert!(is_closed_tcp(from, to), "TCP {whose}");
                    assert!(is_closed_udp(from, to), "UDP {whose}");
                });
            }
        });
        // The host itself reaches it, and others what is published for them.
        for to in [
            "127.0.0.1:8081",
            "127.0.0.1:8080",
            "127.0.0.77:8080",
            "[::1]:8081",
        ] {
            assert_eq!(ask_tcp(&lab.host.netns, at(to)).unwrap().server, "front");
            assert_eq!(ask_udp(&lab.host.netns, at(to)).unwrap().server, "front");
        }
        for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
            assert_eq!(ask_tcp(&lab.outside, at(to)).unwrap().server, "front");
            assert_eq!(ask_udp(&intruder, at(to)).unwrap().server, "front");
        }
    }
}

#[test]
fn nobody_sends_as_the_hosts_loopback() {
    with_drivers(nobody_sends_as_the_hosts_loopback_in);
}

fn nobody_sends_as_the_hosts_loopback_in(driver: &str, lab: &Lab) {
    let (front, _server) = &stage(lab);
    filter_sources(&lab.host.netns, 0);
    for (to, forged, local) in [
        ("192.0.2.1:7001", "127.0.0.2:7000", "0.0.0.0:7001"),
        ("[2001:db8::1]:7001", "[::1]:7000", "[::]:7001"),
    ] {
        let ear = Ear::open(&lab.host.netns, at(local));
        for (from, honest) in [
            (&lab.outside, ["192.0.2.2:7000", "[2001:db8::2]:7000"]),
            (
                &front.netns,
                [front.v4(7000), front.v6(7000)]
                    .map(|at| at.to_string())
                    .each_ref()
                    .map(String::as_str),
            ),
        ] {
            let honest = at(honest[usize::from(at(to).is_ipv6())]);
            let truth = format!("from {honest}");
            loop {
                let (text, source) = ear.next_of(|| {
                    send_udp(from, at(forged), at(to), "false");
                    send_udp(from, honest, at(to), &truth);
                });
                assert_ne!(text, "false", "{driver}: from {} as {source}", from.name());
                if text == truth {
                    break;
                }
            }
        }
    }
}
