//! What the flags of `network create` do, and networks that are connected or removed.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Lab, links_in, require_root_kernel};

use crate::drivers;

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[test]
fn the_outside_sees_the_address_that_was_chosen_or_the_endpoints_own() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.netns.sh("ip addr add 192.0.2.7/24 dev wan");
        let _server = Server::start(&lab.outside, "outside", 80);
        host.ok(&words("network create a --snat 192.0.2.7"));
        host.ok(&words("network create b --no-masquerade"));
        host.ok(&words("network create c --mode6 routed"));
        let [a, b, c] = ["a", "b", "c"].map(|name| lab.attach(name, name, &[]));
        let seen = |from: &tidegate_tests::Attached, to| ask_tcp(&from.netns, at(to)).unwrap().saw;
        let (v4, v6) = ("192.0.2.2:80", "[2001:db8::2]:80");
        assert_eq!(seen(&a, v4), ip("192.0.2.7"), "{driver}");
        assert_eq!(seen(&a, v6), ip("2001:db8::1"), "{driver}");
        assert_eq!(seen(&b, v4), b.v4(0).ip());
        assert_eq!(seen(&b, v6), b.v6(0).ip());
        assert_eq!(seen(&c, v4), ip("192.0.2.1"));
        assert_eq!(seen(&c, v6), c.v6(0).ip());
    }
}

#[test]
fn a_trusted_interface_reaches_every_port_and_an_internal_network_lets_nothing_out() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&words("network create web --trusted-interface wan"));
        host.ok(&words("network create vault --internal"));
        let front = lab.attach("web", "front", &["8080:80"]);
        let inner = lab.attach("vault", "inner", &[]);
        let _servers = [
            Server::start(&front.netns, "front", 80),
            Server::start(&lab.outside, "outside", 80),
        ];
        for to in [front.v4(80), front.v6(80)] {
            assert_eq!(ask_tcp(&lab.outside, to).unwrap().server, "front");
        }
        // Even where the endpoint finds a way by itself.
        let gateway = host.json(&words("network inspect vault"))["subnets"][0]["gateway"].clone();
        let gateway = gateway.as_str().unwrap();
        let route = format!("ip route add default via {gateway}");
        inner.netns.sh(&route);
        for to in ["192.0.2.2:80", "192.0.2.1:8080"] {
            assert!(is_closed_tcp(&inner.netns, at(to)), "{to}");
        }
    }
}

#[test]
fn addresses_come_from_the_range_of_a_subnet_and_then_from_the_next_subnet() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&words(
            "network create web --no-ipv6 --bridge webbr --label tier=front \
             --subnet 10.1.0.0/24 --ip-range 10.1.0.8/31 --aux-address router=10.1.0.8 \
             --subnet 10.2.0.0/24",
        ));
        let one = lab.attach("web", "one", &[]);
        let two = lab.attach("web", "two", &[]);
        assert_eq!(one.v4(0).ip(), ip("10.1.0.9"));
        assert_eq!(two.v4(0).ip(), ip("10.2.0.2"));
        let addresses = host.netns.sh("ip -4 -o addr show dev webbr");
        assert!(addresses.contains("10.1.0.1/24") && addresses.contains("10.2.0.1/24"));
        // Across subnets, by way of the host.
        let _server = Server::start(&two.netns, "two", 80);
        assert_eq!(ask_tcp(&one.netns, two.v4(80)).unwrap().server, "two");
        assert_eq!(
            host.json(&words("network inspect web"))["labels"]["tier"],
            "front"
        );
    }
}

#[test]
fn connected_networks_stay_so_over_a_restart_until_they_are_disconnected() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        for name in ["a", "b"] {
            lab.host.ok(&["network", "create", name]);
        }
        let [a, b] = ["a", "b"].map(|name| lab.attach(name, name, &[]));
        let _server = Server::start(&b.netns, "b", 80);
        assert!(is_closed_tcp(&a.netns, b.v4(80)));
        lab.host.ok(&words("network connect a b"));
        lab.host.kill();
        lab.host.start();
        for to in [b.v4(80), b.v6(80)] {
            let reply = ask_tcp(&a.netns, to).unwrap();
            assert_eq!(
                (reply.server.as_str(), lab.host.ruleset_diff().as_str()),
                ("b", "")
            );
        }
        lab.host.ok(&words("network disconnect b a"));
        assert!(is_closed_tcp(&a.netns, b.v4(80)) && is_closed_tcp(&a.netns, b.v6(80)));
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}

#[test]
fn a_forced_removal_takes_the_endpoints_along_and_leaves_nothing() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&words("network create db"));
        let before = (links_in(&host.netns), host.ok(&["ruleset", "--live"]));
        host.ok(&words("network create web"));
        host.ok(&words("network connect web db"));
        let _endpoints = ["one", "two"].map(|name| lab.attach("web", name, &[]));
        host.ok(&words("publish one 8080:80"));
        let refused = host.tidegate(&words("network rm web"));
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        host.ok(&words("network rm --force web"));
        assert_eq!(host.ruleset_diff(), "");
        assert_eq!(host.json(&words("endpoint ls")), serde_json::json!([]));
        let names = |links: &str| links.lines().count();
        assert_eq!(names(&links_in(&host.netns)), names(&before.0));
        assert_eq!(host.ok(&["ruleset", "--live"]), before.1);
    }
}

/// `doctor` has the whole table checked and not applied. What libnftables 1.0.6 remembers of that must not matter to the next
/// transaction.
#[test]
fn networks_come_and_go_while_others_check_and_list_the_table() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&words("network create web"));
        let _front = lab.attach("web", "front", &[]);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let beside = |command: &'static [&'static str]| {
                let done = &done;
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        for line in command {
                            // A doctor that finds something says so by its exit status.
                            let code = host.tidegate(&words(line)).code;
                            assert!(code == Some(0) || line == &"doctor", "{line}: {code:?}");
                        }
                    }
                })
            };
            let others = [
                beside(&["ruleset --live", "ruleset --diff"]),
                beside(&["doctor"]),
                beside(&["publish front 8443:443", "unpublish front 8443:443"]),
            ];
            let mut calls = ["network create other", "network rm other"].repeat(60);
            calls.retain(|line| host.tidegate(&words(line)).code != Some(0));
            done.store(true, Ordering::Relaxed);
            for other in others {
                other.join().unwrap();
            }
            assert_eq!(calls, [""; 0], "{driver}, refused");
        });
        assert_eq!(host.ruleset_diff(), "");
    }
}

#[test]
fn no_icc_separates_endpoints_with_any_sysctls_of_br_netfilter() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host
            .netns
            .sh("cd /proc/sys/net/bridge 2>/dev/null || exit 0
                           for key in bridge-nf-call-iptables bridge-nf-call-ip6tables; do
                               echo 0 > $key; done");
        lab.host.ok(&words("network create web --no-icc"));
        let front = lab.attach("web", "front", &["8080:80"]);
        let side = lab.attach("web", "side", &[]);
        let _server = Server::start(&front.netns, "front", 80);
        for to in [front.v4(80), front.v6(80)] {
            assert!(is_closed_tcp(&side.netns, to), "{driver}: {to}");
        }
        for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
            assert_eq!(
                ask_tcp(&side.netns, at(to)).unwrap().server,
                "front",
                "{driver}"
            );
        }
    }
}
