//! Ports of the host: which are given, who has them, and what a change of them does to traffic.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp, is_closed_tcp, is_closed_udp};
use tidegate_tests::{Attached, Host, Lab, require_root_kernel};

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
        let refused = host.tidegate(&["publish", "front", "8081:80", "8080:80"]);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        let pid = format!("({}) has 0.0.0.0:8080", std::process::id());
        assert!(refused.stderr.contains("port 8080/tcp"), "{refused:#?}");
        assert!(refused.stderr.contains(&pid), "{refused:#?}");
        assert_eq!(host.snapshot(), before);
        // The other port of the request was let go of again.
        drop(listener);
        host.ok(&["publish", "front", "8080:80", "8081:80"]);
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
