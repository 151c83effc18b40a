//! Who is not on the allow-list of a published port, and tries to reach it all the same.

use std::net::SocketAddr;

use serde_json::Value;
use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp, is_closed_tcp, is_closed_udp};
use tidegate_tests::{Attached, Host, Lab, Netns, require_root_kernel};

use crate::drivers;

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The machine outside, with more addresses: of the host's network, and of one behind it.
fn more_addresses(lab: &Lab) {
    lab.outside.sh("ip addr add 192.0.2.200/24 dev wan
         ip addr add 2001:db8::200/64 dev wan nodad
         ip addr add 198.51.100.7/32 dev lo
         ip addr add 2001:db8:5::7/128 dev lo nodad");
    lab.host.netns.sh("ip route add 198.51.100.7 via 192.0.2.2
         ip -6 route add 2001:db8:5::7 via 2001:db8::2");
}

/// Has the machine outside speak under another source, as a host with these addresses would.
fn speak_as(outside: &Netns, v4: &str, v6: &str) {
    outside.sh(&format!(
        "ip route replace 192.0.2.1 dev wan src {v4}
         ip -6 route replace 2001:db8::1 dev wan src {v6}"
    ));
}

fn is_open(from: &Netns, to: &str) -> bool {
    let asked = [ask_tcp(from, at(to)), ask_udp(from, at(to))];
    asked
        .iter()
        .all(|reply| reply.as_ref().is_ok_and(|reply| reply.server == "front"))
}

fn is_shut(from: &Netns, to: &str) -> bool {
    is_closed_tcp(from, at(to)) && is_closed_udp(from, at(to))
}

fn stage(lab: &Lab, create: &[&str], attach: &[&str]) -> (Attached, Server) {
    lab.host
        .ok(&[&["network", "create", "web"], create].concat());
    lab.host.ok(&["network", "create", "db"]);
    let netns = Netns::new();
    let front = ["attach", "web", "--netns", netns.name(), "--name", "front"];
    let endpoint = lab.host.json(&[&front, attach].concat());
    let server = Server::start(&netns, "front", 80);
    (Attached { netns, endpoint }, server)
}

const LISTED: [&str; 12] = [
    "-p",
    "8080:80",
    "-p",
    "8080:80/udp",
    "--allow",
    "192.0.2.128/25",
    "--allow",
    "198.51.100.7",
    "--allow",
    "2001:db8::200",
    "--allow",
    "2001:db8:5::/48",
];

const HOST: [&str; 2] = ["192.0.2.1:8080", "[2001:db8::1]:8080"];

fn explained(host: &Host, from: &str, to: &str) -> Value {
    let output = host.tidegate(&["explain", from, to, "--json"]);
    let said: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    said["paths"][0].clone()
}

#[test]
fn a_port_with_a_list_is_reached_from_there_and_from_nowhere_else() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        more_addresses(&lab);
        let (front, _server) = stage(&lab, &[], &LISTED);
        let same = lab.attach("web", "same", &[]);
        let other = lab.attach("db", "other", &[]);
        let check = |lab: &Lab| {
            for (v4, v6, is_listed) in [
                ("192.0.2.2", "2001:db8::2", false),
                ("192.0.2.200", "2001:db8::200", true),
                ("198.51.100.7", "2001:db8:5::7", true),
            ] {
                speak_as(&lab.outside, v4, v6);
                for to in HOST {
                    let seen = match is_listed {
                        true => is_open(&lab.outside, to),
                        false => is_shut(&lab.outside, to),
                    };
                    assert!(seen, "{driver}: {v4}, {v6} at {to}");
                }
            }
            for to in HOST {
                for endpoint in [&same, &other, &front] {
                    assert!(
                        is_shut(&endpoint.netns, to),
                        "{driver}: an endpoint at {to}"
                    );
                }
                assert!(is_open(&lab.host.netns, to), "{driver}: the host at {to}");
            }
            for to in ["127.0.0.1:8080", "[::1]:8080"] {
                assert!(is_open(&lab.host.netns, to), "{driver}: the host at {to}");
            }
            assert_eq!(lab.host.ruleset_diff(), "", "{driver}");
        };
        check(&lab);
        // Nor after a start, or when somebody flushed the ruleset.
        lab.host.kill();
        lab.host.start();
        check(&lab);
        lab.host.netns.sh("nft flush ruleset");
        tidegate_tests::wait_until("the table is back", || lab.host.ruleset_diff().is_empty());
        check(&lab);
    }
}

#[test]
fn an_endpoints_own_address_does_not_bypass_a_list() {
    require_root_kernel!();
    for driver in drivers() {
        for mode in ["routed", "nat-unprotected"] {
            let lab = Lab::with_driver(&driver);
            more_addresses(&lab);
            let (front, _server) = stage(&lab, &["--mode", mode], &LISTED);
            let _other = Server::start(&front.netns, "front", 443);
            lab.outside
                .sh("ip route del default; ip -6 route del default");
            let [v4, v6] = [front.v4(80), front.v6(80)].map(|to| to.to_string());
            for (source4, source6, is_listed) in [
                ("192.0.2.2", "2001:db8::2", false),
                ("192.0.2.200", "2001:db8::200", true),
            ] {
                lab.outside.sh(&format!(
                    "ip route replace default via 192.0.2.1 src {source4}
                     ip -6 route replace default via 2001:db8::1 src {source6}"
                ));
                for to in [&v4, &v6] {
                    let seen = match is_listed {
                        true => is_open(&lab.outside, to),
                        false => is_shut(&lab.outside, to),
                    };
                    assert!(seen, "{driver}, {mode}: {source4}, {source6} at {to}");
                }
                for (from, to) in [(source4, &v4), (source6, &v6)] {
                    let said = explained(&lab.host, from, &format!("{to}/tcp"));
                    let reaches = said["fate"]["reaches-endpoint"] == "front";
                    assert_eq!(reaches, is_listed, "{said:#}");
                }
            }
            let other = lab.attach("db", "other", &[]);
            assert!(is_shut(&other.netns, &v4) && is_shut(&other.netns, &v6));
            // What has no list is as the mode says.
            let unlisted = front.v4(443).to_string();
            assert_eq!(is_open(&lab.outside, &unlisted), mode == "nat-unprotected");
        }
    }
}

#[test]
fn a_list_of_one_family_shuts_the_other_and_of_everybody_neither() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let (_front, _server) = stage(&lab, &["--allow", "203.0.113.0/24"], &[]);
        let publish = |ports: [&str; 2], allow: &[&str]| {
            let allow = allow.iter().flat_map(|source| ["--allow", source]);
            let arguments = ["publish", "front"].into_iter().chain(ports).chain(allow);
            lab.host.ok(&arguments.collect::<Vec<_>>());
        };
        publish(["8080:80", "8080:80/udp"], &["192.0.2.0/24"]);
        publish(["8081:80", "8081:80/udp"], &["::/0"]);
        publish(["8082:80", "8082:80/udp"], &["0.0.0.0/0", "::/0"]);
        publish(["8083:80", "8083:80/udp"], &[]);
        let outside = &lab.outside;
        assert!(is_open(outside, "192.0.2.1:8080") && is_shut(outside, "[2001:db8::1]:8080"));
        assert!(is_shut(outside, "192.0.2.1:8081") && is_open(outside, "[2001:db8::1]:8081"));
        assert!(is_open(outside, "192.0.2.1:8082") && is_open(outside, "[2001:db8::1]:8082"));
        assert!(is_shut(outside, "192.0.2.1:8083") && is_shut(outside, "[2001:db8::1]:8083"));
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}

#[test]
fn clients_removed_from_a_list_lose_their_connections() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let (_front, _server) = stage(&lab, &[], &["-p", "8080:80", "--allow", "192.0.2.2"]);
        let mut open = Connection::open(&lab.outside, at("192.0.2.1:8080"));
        assert_eq!(open.echo("here").unwrap(), "here");
        lab.host.ok(&["unpublish", "front", "8080:80"]);
        lab.host
            .ok(&["publish", "front", "8080:80", "--allow", "192.0.2.3"]);
        assert!(open.echo_within_a_moment("still here").is_err(), "{driver}");
        assert!(is_closed_tcp(&lab.outside, at("192.0.2.1:8080")));
    }
}

/// What endpoints ask of their gateway's port for names is no published port 53.
#[test]
fn an_allow_list_of_port_53_does_not_block_the_dns_server() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let ports = [
            "-p",
            "53:80",
            "-p",
            "53:80/udp",
            "--allow",
            "203.0.113.0/24",
        ];
        let (front, _server) = stage(&lab, &[], &ports);
        for gateway in ["10.208.0.1", "fd74:6964:6567::1"] {
            let answer = tidegate_tests::names::ask_udp(
                &front.netns,
                gateway.parse().unwrap(),
                "front",
                "A",
            );
            assert!(answer.is_some(), "{driver}: {gateway}");
        }
        assert!(is_shut(&lab.outside, "192.0.2.1:53"));
    }
}

#[test]
fn explain_and_inspect_tell_which_list_it_is() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        let (_front, _server) = stage(&lab, &[], &["-p", "8080:80", "--allow", "192.0.2.128/25"]);
        let kept_out = explained(host, "192.0.2.2", "192.0.2.1:8080");
        assert_eq!(kept_out["fate"], "dropped");
        assert_eq!(
            kept_out["why"],
            "not on the allow-list of the port: 8080:80/tcp of endpoint front is for 192.0.2.128/25"
        );
        let hint = kept_out["hint"].as_str().unwrap();
        // What it says to do does let it in.
        let commands: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
        assert_eq!(commands.len(), 2, "{hint}");
        let let_in = explained(host, "192.0.2.200", "192.0.2.1:8080");
        assert_eq!(let_in["fate"]["reaches-endpoint"], "front");
        assert!(
            let_in["why"].as_str().unwrap().contains("192.0.2.128/25"),
            "{let_in:#}"
        );
        assert_eq!(
            explained(host, "host", "192.0.2.1:8080")["fate"]["reaches-endpoint"],
            "front"
        );
        assert_eq!(
            explained(host, "outside", "192.0.2.1:8080")["fate"],
            "dropped"
        );

        let inspected = host.json(&["endpoint", "inspect", "front"]);
        assert_eq!(inspected["allow"][0]["from"][0], "192.0.2.128/25");
        assert_eq!(inspected["allow"][0]["ports"][0], "8080:80/tcp");
        let shown = host.ok(&["endpoint", "inspect", "front"]);
        assert!(shown.contains("8080:80/tcp from 192.0.2.128/25"), "{shown}");
        let listed = host.ok(&["endpoint", "ls"]);
        assert!(listed.contains("8080:80/tcp (restricted)"), "{listed}");

        for command in commands {
            let words: Vec<&str> = command.split(' ').skip(1).collect();
            host.ok(&words);
        }
        assert!(ask_tcp(&lab.outside, at("192.0.2.1:8080")).is_ok());
    }
}

#[test]
fn lists_that_make_no_sense_are_refused_and_change_nothing() {
    require_root_kernel!();
    let lab = Lab::with_driver("exec");
    let host = &lab.host;
    let (_front, _server) = stage(
        &lab,
        &["--mode", "routed"],
        &["-p", "80", "--allow", "192.0.2.0/24"],
    );
    let before = host.snapshot();
    let many: Vec<String> = (0..65).map(|n| format!("10.0.{n}.1")).collect();
    let many: Vec<&str> = many.iter().flat_map(|source| ["--allow", source]).collect();
    for (allow, reason) in [
        (
            &["--allow", "192.0.2.1/24"][..],
            "it has host bits: the prefix is 192.0.2.0/24",
        ),
        (&["--allow", "lan"], "it is neither a prefix nor an address"),
        (
            &["--allow", "0.0.0.0"],
            "no packet comes from the unspecified address",
        ),
        (&many, "it may have 64"),
        (&["--allow", "198.51.100.0/24"], "can have only one list"),
    ] {
        let arguments = [&["publish", "front", "80"], allow].concat();
        let refused = host.tidegate(&arguments);
        assert!(refused.stderr.contains(reason), "{refused:#?}");
        assert!(refused.stderr.contains("hint: "), "{refused:#?}");
        assert!(matches!(refused.code, Some(1 | 2)), "{refused:#?}");
    }
    assert_eq!(host.snapshot(), before);
}

#[test]
fn the_configuration_says_who_may_reach_ports_without_a_list() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        host.stop();
        host.add_arguments(&["--allow", "192.0.2.2,2001:db8::/32"]);
        host.start();
        let lab = Lab::of(host);
        let (_front, _server) = stage(&lab, &[], &["-p", "8080:80", "-p", "8080:80/udp"]);
        let other = lab.attach("db", "other", &[]);
        for to in HOST {
            assert!(is_open(&lab.outside, to), "{driver}: {to}");
            assert!(is_shut(&other.netns, to), "{driver}: {to}");
        }
    }
}
