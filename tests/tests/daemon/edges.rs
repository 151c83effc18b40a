//! The smallest subnets, names that are taken, link-local addresses, and the most ports that there can be.

use std::net::SocketAddr;

use serde_json::Value;
use tidegate_tests::traffic::{Server, ask_tcp, ask_udp};
use tidegate_tests::{Attached, Host, Lab, Netns, names, require_root_kernel};

use crate::drivers;

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Runs a command that must be refused as a mistake of the user, with these words and a hint.
fn refuse(host: &Host, line: &str, expected: &[&str]) {
    let refused = host.tidegate(&words(line));
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(refused.stderr.contains("\nhint: "), "{refused:#?}");
    for words in expected {
        assert!(refused.stderr.contains(words), "{words}: {refused:#?}");
    }
}

/// Whether an endpoint is reached at its own addresses and at its published port, and reaches the outside and its names.
fn works(lab: &Lab, endpoint: &Attached, name: &str, port: u16) {
    let _server = Server::start(&endpoint.netns, name, 80);
    for to in [endpoint.v4(80), endpoint.v6(80)] {
        assert_eq!(ask_tcp(&lab.host.netns, to).unwrap().server, name, "{to}");
    }
    for host in ["192.0.2.1", "[2001:db8::1]"] {
        let to = at(&format!("{host}:{port}"));
        assert_eq!(ask_tcp(&lab.outside, to).unwrap().server, name, "{to}");
    }
    for outside in ["192.0.2.2:7000", "[2001:db8::2]:7000"] {
        let reply = ask_tcp(&endpoint.netns, at(outside)).unwrap();
        assert_eq!(reply.server, "outside", "{outside}");
    }
    let own = [endpoint.v4(1).ip().to_string()];
    let gateways = endpoint.endpoint["gateways"].as_array().unwrap();
    for gateway in gateways
        .iter()
        .map(|it| it.as_str().unwrap().parse().unwrap())
    {
        let answer = names::ask_udp(&endpoint.netns, gateway, name, "A").unwrap();
        assert_eq!(answer.data, own, "{gateway}");
    }
}

#[test]
fn a_subnet_of_two_addresses_has_a_gateway_and_one_endpoint() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        let _outside = Server::start(&lab.outside, "outside", 7000);
        let host = &lab.host;
        host.ok(&words(
            "network create low --subnet 10.7.0.0/31 --subnet fd07::/127",
        ));
        host.ok(&words(
            "network create high --subnet 10.7.0.2/31 --gateway 10.7.0.3 --subnet fd07::2/127 --gateway fd07::3 --anti-spoofing",
        ));
        let low = lab.attach("low", "one", &["8080:80"]);
        let high = lab.attach("high", "two", &["8081:80"]);
        assert_eq!(low.v4(80), at("10.7.0.1:80"));
        assert_eq!(high.v6(80), at("[fd07::2]:80"));
        let full = Netns::new();
        let attach = format!("attach low --netns {}", full.name());
        refuse(
            host,
            &attach,
            &["no free address is left in 10.7.0.0/31 of network low"],
        );
        for single in ["10.7.0.8/32", "fd07::8/128"] {
            let create = format!("network create single --subnet {single}");
            let expected = [
                "it is a single address, and a network needs two",
                "the narrowest subnets are 10.1.2.0/31",
            ];
            refuse(host, &create, &expected);
        }
        works(&lab, &low, "one", 8080);
        works(&lab, &high, "two", 8081);
        lab.host.kill();
        lab.host.start();
        works(&lab, &low, "one", 8080);
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}

#[test]
fn names_that_other_links_have_are_skipped_and_never_used_twice() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        let create = |lab: &Lab, network: &str| -> Value {
            lab.host.json(&["network", "create", network])["bridge"].clone()
        };
        lab.host
            .netns
            .sh("ip link add tgb0 type bridge; ip link add other type bridge
             ip link property add dev other altname tgb1; ip link add tgv4 type bridge");
        assert_eq!(create(&lab, "web"), "tgb2", "{driver}");
        assert_eq!(create(&lab, "db"), "tgb3");
        let front = lab.attach("web", "front", &["8080:80"]);
        assert_eq!(front.endpoint["host-ifname"], "tgv5");
        let _server = Server::start(&front.netns, "front", 80);
        assert_eq!(
            ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
            "front"
        );
        lab.host.netns.sh("ip link del tgb0; ip link del tgv4");
        lab.host.kill();
        lab.host.start();
        assert_eq!(create(&lab, "more"), "tgb6");
        assert_eq!(
            ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
            "front"
        );
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}

#[test]
fn a_port_at_a_link_local_address_answers_for_ipv4_and_is_refused_for_ipv6() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.netns.sh("ip addr add 169.254.7.1/16 dev wan");
        lab.outside.sh("ip addr add 169.254.7.2/16 dev wan");
        host.ok(&words("network create web"));
        let front = lab.attach(
            "web",
            "front",
            &["169.254.7.1:8080:80", "169.254.7.1:8080:80/udp"],
        );
        let _server = Server::start(&front.netns, "front", 80);
        let to = at("169.254.7.1:8080");
        for from in [&lab.outside, &host.netns] {
            assert_eq!(ask_tcp(from, to).unwrap().server, "front", "{driver}");
        }
        assert_eq!(ask_udp(&lab.outside, to).unwrap().server, "front");
        let link_local = ["is a link-local address, and the kernel forwards no packets from or to"];
        for line in [
            "publish front [fe80::1]:8081:80",
            "publish front [fe80::1%wan]:8081:80",
            "network create db --host-ip fe80::1",
            "network create db --host-ip fe80::1%wan",
            "network create db --snat fe80::1",
        ] {
            refuse(host, line, &link_local);
        }
        assert_eq!(host.ruleset_diff(), "");
    }
}

/// How many ports a bridge can have (`BR_MAX_PORTS` of the kernel's net/bridge/br_private.h, less the number 0).
const MOST_PORTS: usize = 1023;

#[test]
fn a_bridge_with_the_most_ports_is_said_to_be_full_with_what_to_do() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let host = &lab.host;
    host.ok(&words("network create web --no-ipv6"));
    // Both ends of each pair, and one end of the last.
    let pairs = (0..MOST_PORTS.div_ceil(2))
        .map(|n| format!("link add d{n} master tgb0 type veth peer name e{n}\n"));
    let others = (0..MOST_PORTS / 2).map(|n| format!("link set e{n} master tgb0\n"));
    let batch = host.folder().join("batch");
    std::fs::write(&batch, pairs.chain(others).collect::<String>()).unwrap();
    host.netns.sh(&format!("ip -batch {}", batch.display()));
    let netns = Netns::new();
    let attach = format!("attach web --netns {}", netns.name());
    let before = host.snapshot();
    let expected = [
        "a port of bridge tgb0, which is full",
        "at most 1,023 ports",
        "tidegate network connect",
    ];
    refuse(host, &attach, &expected);
    before.assert_unchanged(&host.snapshot(), "a full bridge");
    host.netns.sh("ip link del d7");
    host.ok(&words(&attach));
}
