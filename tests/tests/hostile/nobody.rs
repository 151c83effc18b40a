//! Source addresses that no host has: unspecified, broadcast, IPv4-mapped IPv6. Each attacker sends a packet with such a source,
//! and then one with its own source to the same port. The receiver must get only the second.

use std::net::{IpAddr, SocketAddr};

use tidegate_tests::forge::{Ear, frame, icmpv6, mac_of, send_udp, udp};
use tidegate_tests::{Lab, Netns, frames, wait_until};

use crate::{Attack, with_drivers};

/// What is tried here.
pub(crate) const ATTACKS: [Attack; 2] = [
    packets_from_addresses_that_no_host_has_are_dropped_in,
    unspecified_addresses_send_only_requests_for_an_address_in,
];

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Where an attacker sends: its interface, the host's on the same link, and the host's addresses.
struct Link<'a> {
    netns: &'a Netns,
    ifname: &'a str,
    hosts: &'a str,
    /// What it says honestly, and where to.
    honest: [(SocketAddr, SocketAddr); 2],
}

impl Link<'_> {
    /// Sends packets in frames to the host, with no regard to routes.
    fn send(&self, host: &Netns, packets: &[Vec<u8>]) {
        let addresses = [mac_of(self.netns, self.ifname), mac_of(host, self.hosts)];
        let packets = packets.iter();
        let frames: Vec<Vec<u8>> = packets
            .map(|packet| frame(addresses, &[], packet))
            .collect();
        frames::send(self.netns, self.ifname, &frames);
    }
}

/// Attackers outside, on a network with a way out and on one without, and on one that keeps its endpoints apart.
fn on_every_link(lab: &Lab, attack: impl Fn(&Link)) {
    lab.host.ok(&["network", "create", "web"]);
    lab.host.ok(&[
        "network",
        "create",
        "db",
        "--internal",
        "--host-access",
        "all",
    ]);
    lab.host.ok(&["network", "create", "apart", "--no-icc"]);
    let outside = [
        (at("192.0.2.2:7000"), at("192.0.2.1:7001")),
        (at("[2001:db8::2]:7000"), at("[2001:db8::1]:7001")),
    ];
    attack(&Link {
        netns: &lab.outside,
        ifname: "wan",
        hosts: "wan",
        honest: outside,
    });
    for (n, network) in ["web", "db", "apart"].into_iter().enumerate() {
        let endpoint = lab.attach(network, network, &[]);
        let subnet6 = if n == 0 {
            String::new()
        } else {
            format!(":{n}")
        };
        let gateways = [
            format!("10.208.{n}.1:7001"),
            format!("[fd74:6964:6567{subnet6}::1]:7001"),
        ];
        let [v4, v6] = gateways.map(|gateway| at(&gateway));
        attack(&Link {
            netns: &endpoint.netns,
            ifname: "eth0",
            hosts: &format!("tgb{n}"),
            honest: [(endpoint.v4(7000), v4), (endpoint.v6(7000), v6)],
        });
    }
}

#[test]
fn packets_from_addresses_that_no_host_has_are_dropped() {
    with_drivers(packets_from_addresses_that_no_host_has_are_dropped_in);
}

fn packets_from_addresses_that_no_host_has_are_dropped_in(driver: &str, lab: &Lab) {
    let forged = [
        "::",
        "::ffff:127.0.0.1",
        "::ffff:10.208.0.2",
        "::127.0.0.1",
        "::10.208.0.2",
        "::ffff:0:127.0.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "10.208.0.255",
        "10.208.1.255",
        "10.208.2.255",
        "192.0.2.255",
        "255.255.255.255",
        "224.0.0.5",
        "ff02::1",
    ];
    let ears = ["0.0.0.0:7001", "[::]:7001"].map(|any| Ear::open(&lab.host.netns, at(any)));
    on_every_link(lab, |link| {
        for (ear, (honest, to)) in ears.iter().zip(link.honest) {
            let forged = forged.iter().map(|ip| ip.parse::<IpAddr>().unwrap());
            let forged = forged.filter(|ip| ip.is_ipv4() == to.is_ipv4());
            let forged: Vec<Vec<u8>> = forged
                .map(|ip| udp([SocketAddr::new(ip, 7000), to], format!("as {ip}")))
                .collect();
            link.send(&lab.host.netns, &forged);
            let hear = || send_udp(link.netns, honest, to, "the truth");
            let (text, from) = ear.next_of(hear);
            assert_eq!(
                (&*text, from.ip()),
                ("the truth", honest.ip()),
                "{driver}: {}",
                link.hosts
            );
        }
    });
}

#[test]
fn unspecified_addresses_send_only_requests_for_an_address() {
    with_drivers(unspecified_addresses_send_only_requests_for_an_address_in);
}

fn unspecified_addresses_send_only_requests_for_an_address_in(driver: &str, lab: &Lab) {
    /// Multicast groups, and routers and neighbours that are looked for.
    const ASKED: [u8; 5] = [131, 132, 133, 135, 143];
    /// Errors, echoes, a redirection, and what no one knows.
    const OTHERS: [u8; 8] = [1, 2, 3, 4, 128, 129, 137, 200];
    let asked = Ear::open(&lab.host.netns, at("0.0.0.0:67"));
    on_every_link(lab, |link| {
        let ask = |from: &str, to: &str, text: &str| udp([at(from), at(to)], text);
        link.send(
            &lab.host.netns,
            &[
                ask("0.0.0.0:68", "127.0.0.1:67", "to the loopback"),
                ask("0.0.0.0:67", "255.255.255.255:67", "as a server"),
                ask("0.0.0.0:68", "255.255.255.255:67", "which address?"),
            ],
        );
        assert_eq!(asked.next().0, "which address?", "{driver}: {}", link.hosts);
        // What the host's ICMPv6 took from this link.
        let taken = |kind: u8| {
            let counted = format!(
                "awk '$1 == \"Icmp6InType{kind}\" {{ n = $2 }} END {{ print n + 0 }}' /proc/net/dev_snmp6/{}",
                link.hosts
            );
            lab.host.netns.sh(&counted).trim().parse::<u32>().unwrap()
        };
        let (_, to) = link.honest[1];
        let from_nowhere = |kind| icmpv6([at("[::]:0").ip(), to.ip()], kind, &[0; 20]);
        let before = ASKED.map(taken);
        // First what is taken, and then what is not: what comes by the same way comes in order.
        link.send(&lab.host.netns, &OTHERS.map(from_nowhere));
        link.send(&lab.host.netns, &ASKED.map(from_nowhere));
        wait_until("the host took what is asked", || {
            std::iter::zip(ASKED, before).all(|(kind, before)| taken(kind) > before)
        });
        for kind in OTHERS {
            assert_eq!(
                taken(kind),
                0,
                "{driver}: ICMPv6 type {kind} by {}",
                link.hosts
            );
        }
    });
}
