//! Ports of the host: which are given, who has them, and what a change of them does to traffic.

use std::net::{Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use serde_json::Value;
use socket2::{Domain, Socket, Type};
use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp, is_closed_tcp, is_closed_udp};
use tidegate_tests::{Attached, Host, Lab, Netns, require_root_kernel, wait_until};

use crate::drivers;

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn ports(host: &Host, endpoint: &str) -> Vec<String> {
    let shown = host.json(&["endpoint", "inspect", endpoint]);
    let ports = shown["ports"].as_array().unwrap();
    ports
        .iter()
        .map(|port| port.as_str().unwrap().to_owned())
        .collect()
}

fn stage(driver: &str, published: &[&str]) -> (Lab, Attached, Server) {
    let lab = Lab::with_driver(driver);
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", published);
    let server = Server::start(&front.netns, "front", 80);
    (lab, front, server)
}

#[test]
fn a_port_that_a_process_listens_on_is_refused_with_its_name_and_left_to_it() {
    require_root_kernel!();
    for driver in drivers() {
        let (lab, _front, _server) = stage(&driver, &[]);
        let host = &lab.host;
        let listener = host
            .netns
            .run(|| TcpListener::bind("0.0.0.0:8080").unwrap());
        let before = host.snapshot();
        let pid = format!("({}) has 0.0.0.0:8080", std::process::id());
        // A child of another test, which has not executed its program yet, may have the listener too, and be named.
        wait_until("the process that listens is named", || {
            let refused = host.tidegate(&["publish", "front", "8081:80", "8080:80"]);
            assert_eq!(refused.code, Some(1), "{refused:#?}");
            assert!(refused.stderr.contains("port 8080/tcp"), "{refused:#?}");
            refused.stderr.contains(&pid)
        });
        assert_eq!(host.snapshot(), before);
        drop(listener);
        // The other port of the request was let go of again. Here too, a child of another test may still have the listener.
        wait_until("both ports are published", || {
            let published = host.tidegate(&["publish", "front", "8080:80", "8081:80"]);
            published.code == Some(0)
        });
    }
}

#[test]
fn nobody_can_take_a_published_port_even_after_a_crash_of_the_daemon() {
    require_root_kernel!();
    for driver in drivers() {
        let (mut lab, _front, _server) =
            stage(&driver, &["8080:80", "127.0.0.1:8081:80", "53:80/udp"]);
        let is_held = |host: &Host| {
            host.netns.run(|| {
                TcpListener::bind("[::]:8080").is_err()
                    && TcpListener::bind("192.0.2.1:8080").is_err()
                    && TcpListener::bind("127.0.0.1:8081").is_err()
                    && UdpSocket::bind("0.0.0.0:53").is_err()
                    && TcpListener::bind("192.0.2.1:8081").is_ok()
            })
        };
        assert!(is_held(&lab.host), "{driver}");
        lab.host.kill();
        lab.host.start();
        assert!(is_held(&lab.host), "{driver}");
        lab.host.ok(&["detach", "front"]);
        let is_free = |port: u16| move || TcpListener::bind(("::", port)).is_ok();
        assert!(lab.host.netns.run(is_free(8080)) && lab.host.netns.run(is_free(8081)));
    }
}

#[test]
fn free_ports_are_those_that_nobody_listens_on_and_answer_on_both_families() {
    require_root_kernel!();
    for driver in drivers() {
        let (lab, _front, _server) = stage(&driver, &[]);
        let host = &lab.host;
        let _taken = host
            .netns
            .run(|| TcpListener::bind("127.0.0.1:61000").unwrap());
        host.ok(&["publish", "front", "80", "9000-9009:80", "127.0.0.1::80"]);
        let expected = ["61001:80/tcp", "9000:80/tcp", "127.0.0.1:61002:80/tcp"];
        assert_eq!(ports(host, "front"), expected);
        for to in ["192.0.2.1:61001", "[2001:db8::1]:61001", "192.0.2.1:9000"] {
            let reply = ask_tcp(&lab.outside, at(to)).unwrap_or_else(|e| panic!("{to}: {e}"));
            assert_eq!(reply.server, "front");
        }
    }
}

#[test]
fn the_range_of_free_ports_can_be_set() {
    require_root_kernel!();
    let mut host = crate::unstarted(&["--free-ports", "7000-7000"]);
    host.start();
    let lab = Lab::of(host);
    lab.host.ok(&["network", "create", "web"]);
    let _front = lab.attach("web", "front", &["80"]);
    assert_eq!(ports(&lab.host, "front"), ["7000:80/tcp"]);
    let refused = lab.host.tidegate(&["publish", "front", "81-82"]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
}

#[test]
fn a_range_is_published_port_by_port() {
    require_root_kernel!();
    for driver in drivers() {
        let (lab, front, _server) = stage(&driver, &["8000-8001:80-81"]);
        let _other = Server::start(&front.netns, "other", 81);
        let asked = |port: &str| ask_tcp(&lab.outside, at(port)).unwrap().server;
        assert_eq!(asked("192.0.2.1:8000"), "front");
        assert_eq!(asked("192.0.2.1:8001"), "other");
    }
}

#[test]
fn a_port_is_published_on_the_host_address_of_its_network() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&["network", "create", "web", "--host-ip", "127.0.0.1"]);
        let front = lab.attach("web", "front", &["8080:80", "0.0.0.0:8081:80"]);
        let _server = Server::start(&front.netns, "front", 80);
        assert_eq!(
            ask_tcp(&host.netns, at("127.0.0.1:8080")).unwrap().server,
            "front"
        );
        assert_eq!(
            ask_tcp(&lab.outside, at("192.0.2.1:8081")).unwrap().server,
            "front"
        );
        assert!(is_closed_tcp(&lab.outside, at("192.0.2.1:8080")));
    }
}

#[test]
fn a_running_endpoint_is_published_and_withdrawn_with_its_connections() {
    require_root_kernel!();
    for driver in drivers() {
        let (lab, _front, _server) = stage(&driver, &["8080:80"]);
        let (host, outside) = (&lab.host, &lab.outside);
        let (tcp, udp) = (at("192.0.2.1:8090"), at("192.0.2.1:8090"));
        assert!(is_closed_tcp(outside, tcp));
        host.ok(&["publish", "front", "8090:80", "8090:80/udp"]);
        let mut kept = Connection::open(outside, at("192.0.2.1:8080"));
        let mut ended = Connection::open(outside, tcp);
        assert_eq!(ask_udp(outside, udp).unwrap().server, "front");
        assert_eq!(host.ruleset_diff(), "");

        host.ok(&["unpublish", "front", "8090:80", "8090:80/udp"]);
        assert!(is_closed_tcp(outside, tcp) && is_closed_udp(outside, udp));
        assert!(ended.echo_within_a_moment("gone").is_err(), "{driver}");
        assert_eq!(kept.echo("still here").unwrap(), "still here");
        assert_eq!(ports(host, "front"), ["8080:80/tcp"]);
        assert_eq!(host.ruleset_diff(), "");
    }
}

/// What the client prints as JSON. The exit status is not checked.
fn parsed(host: &Host, arguments: &[&str]) -> Value {
    let output = host.tidegate(&[arguments, &["--json"]].concat());
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:#?}"))
}

/// Who answers at a port of one family, over TCP and UDP.
fn answered(from: &Netns, to: &str) -> String {
    let replies = [ask_tcp(from, at(to)), ask_udp(from, at(to))];
    let [tcp, udp] = replies.map(|reply| reply.unwrap_or_else(|e| panic!("{to}: {e}")).server);
    assert_eq!(tcp, udp, "{to}");
    tcp
}

fn is_closed(from: &Netns, to: &str) -> bool {
    is_closed_tcp(from, at(to)) && is_closed_udp(from, at(to))
}

#[test]
fn an_unspecified_address_publishes_a_port_only_in_its_family() {
    require_root_kernel!();
    for driver in drivers() {
        let ports = ["0.0.0.0:9000:80", "[::]:9001:80", "9002:80"];
        let ports: Vec<String> = ports
            .iter()
            .flat_map(|port| [format!("{port}/tcp"), format!("{port}/udp")])
            .collect();
        let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
        let (mut lab, _front, _server) = stage(&driver, &ports);
        let check = |lab: &Lab| {
            let (host, outside) = (&lab.host, &lab.outside);
            for (from, v4, v6) in [
                (outside, "192.0.2.1", "[2001:db8::1]"),
                (&host.netns, "127.0.0.1", "[::1]"),
            ] {
                assert_eq!(answered(from, &format!("{v4}:9000")), "front", "{driver}");
                assert_eq!(answered(from, &format!("{v6}:9001")), "front", "{driver}");
                assert_eq!(answered(from, &format!("{v4}:9002")), "front", "{driver}");
                assert_eq!(answered(from, &format!("{v6}:9002")), "front", "{driver}");
                assert!(is_closed(from, &format!("{v6}:9000")), "{driver}");
                assert!(is_closed(from, &format!("{v4}:9001")), "{driver}");
            }
            let explained = |to| host.tidegate(&["explain", "outside", to]).code;
            assert_eq!(explained("192.0.2.1:9000"), Some(0));
            let kept_out = parsed(host, &["explain", "outside", "[2001:db8::1]:9000"]);
            assert_eq!(kept_out["paths"][0]["fate"], "reaches-host", "{kept_out:#}");
            assert_eq!(host.ruleset_diff(), "");
        };
        check(&lab);
        // Another program can still take the port in the family that is not published.
        lab.host.netns.run(|| {
            let only_v6 = Socket::new(Domain::IPV6, Type::STREAM, None).unwrap();
            only_v6.set_only_v6(true).unwrap();
            let all = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 9000));
            only_v6.bind(&all.into()).unwrap();
            assert!(TcpListener::bind("127.0.0.1:9000").is_err());
            assert!(TcpListener::bind("[::1]:9001").is_err());
            drop(TcpListener::bind("0.0.0.0:9001").unwrap());
        });
        lab.host.stop();
        lab.host.start();
        check(&lab);
        let inspected = lab.host.json(&["endpoint", "inspect", "front"]);
        assert_eq!(inspected["ports"][0], "0.0.0.0:9000:80/tcp");
        assert_eq!(inspected["ports"][2], "[::]:9001:80/tcp");
    }
}

#[test]
fn both_families_of_one_port_can_be_two_endpoints_and_are_withdrawn_separately() {
    require_root_kernel!();
    for driver in drivers() {
        let (lab, _front, _server) = stage(&driver, &["0.0.0.0:9000:80"]);
        let (host, outside) = (&lab.host, &lab.outside);
        let back = lab.attach("web", "back", &["[::]:9000:80"]);
        let _back = Server::start(&back.netns, "back", 80);
        let asked = |to| ask_tcp(outside, at(to)).unwrap().server;
        assert_eq!(asked("192.0.2.1:9000"), "front");
        assert_eq!(asked("[2001:db8::1]:9000"), "back");
        for taken in ["9000:1", "127.0.0.1:9000:1", "[2001:db8::1]:9000:1"] {
            let refused = host.tidegate(&["publish", "back", taken]);
            assert_eq!(refused.code, Some(1), "{refused:#?}");
            let own = "is already published by this endpoint, back, as [::]:9000:80/tcp";
            let of_front = "is published already, by endpoint front as 0.0.0.0:9000:80/tcp";
            let told = &refused.stderr;
            assert!(told.contains(own) || told.contains(of_front), "{told}");
        }
        let mut open = Connection::open(outside, at("192.0.2.1:9000"));
        host.ok(&["unpublish", "back", "[::]:9000:80"]);
        assert!(is_closed_tcp(outside, at("[2001:db8::1]:9000")));
        assert_eq!(open.echo("still").unwrap(), "still");
        assert_eq!(host.ruleset_diff(), "");
    }
}

#[test]
fn a_networks_unspecified_host_address_names_the_family_of_its_ports() {
    require_root_kernel!();
    let lab = Lab::of(Host::with_driver("exec"));
    let host = &lab.host;
    host.ok(&["network", "create", "web", "--host-ip", "0.0.0.0"]);
    let front = lab.attach("web", "front", &["9000:80", "80", "9010-9011:80-81"]);
    let _server = Server::start(&front.netns, "front", 80);
    for (v4, v6) in [
        ("192.0.2.1:9000", "[2001:db8::1]:9000"),
        ("192.0.2.1:61000", "[2001:db8::1]:61000"),
        ("192.0.2.1:9010", "[2001:db8::1]:9010"),
    ] {
        assert_eq!(ask_tcp(&lab.outside, at(v4)).unwrap().server, "front");
        assert!(is_closed_tcp(&lab.outside, at(v6)), "{v6}");
    }
}

#[test]
fn a_loopback_port_is_refused_where_it_would_be_open_at_the_endpoints_own_address() {
    require_root_kernel!();
    let lab = Lab::of(Host::with_driver("exec"));
    let host = &lab.host;
    host.ok(&["network", "create", "web", "--mode", "routed"]);
    let _front = lab.attach("web", "front", &[]);
    let before = host.snapshot();
    for port in ["127.0.0.1:9000:80", "[::1]:9000:80"] {
        let refused = host.tidegate(&["publish", "front", port]);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(refused.stderr.contains("hint: "), "{refused:#?}");
    }
    assert_eq!(host.snapshot(), before);
}
