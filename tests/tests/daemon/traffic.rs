//! What goes through and what does not.

use std::net::{IpAddr, SocketAddr};

use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp, is_closed_tcp, is_closed_udp};
use tidegate_tests::{Attached, Host, Lab, require_root_kernel};

use crate::drivers;

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

/// Two networks: `front` and `side` on `web`, `back` on `db`; `front` publishes ports, and every
/// namespace has a server on port 80 (and `front` one on 53 and on 443, which is not published).
struct Stage {
    lab: Lab,
    front: Attached,
    side: Attached,
    back: Attached,
    _servers: Vec<Server>,
}

fn stage(driver: &str) -> Stage {
    let lab = Lab::with_driver(driver);
    lab.host.ok(&["network", "create", "web"]);
    lab.host.ok(&["network", "create", "db"]);
    let front = lab.attach(
        "web",
        "front",
        &["8080:80", "5353:53/udp", "127.0.0.1:8081:80"],
    );
    let side = lab.attach("web", "side", &[]);
    let back = lab.attach("db", "back", &[]);
    let servers = vec![
        Server::start(&front.netns, "front", 80),
        Server::start(&front.netns, "front", 53),
        Server::start(&front.netns, "front", 443),
        Server::start(&side.netns, "side", 80),
        Server::start(&back.netns, "back", 80),
        Server::start(&lab.outside, "outside", 80),
    ];
    Stage {
        lab,
        front,
        side,
        back,
        _servers: servers,
    }
}

#[test]
fn a_published_port_answers_from_everywhere() {
    require_root_kernel!();
    for driver in drivers() {
        let Stage {
            lab,
            front,
            side,
            back,
            _servers,
        } = &stage(&driver);
        let (host, outside) = (&lab.host.netns, &lab.outside);
        for (from, to, who) in [
            (outside, "192.0.2.1:8080", "outside"),
            (outside, "[2001:db8::1]:8080", "outside, IPv6"),
            (host, "127.0.0.1:8080", "the host, over loopback"),
            (
                host,
                "127.0.0.1:8081",
                "the host, over loopback, where only that is bound",
            ),
            (host, "192.0.2.1:8080", "the host, over its own address"),
            (
                host,
                "[2001:db8::1]:8080",
                "the host, over its own address, IPv6",
            ),
            (
                &side.netns,
                "192.0.2.1:8080",
                "an endpoint of the same network",
            ),
            (
                &side.netns,
                "[2001:db8::1]:8080",
                "an endpoint of the same network, IPv6",
            ),
            (
                &back.netns,
                "192.0.2.1:8080",
                "an endpoint of another network",
            ),
            (
                &back.netns,
                "[2001:db8::1]:8080",
                "an endpoint of another network, IPv6",
            ),
            (&front.netns, "192.0.2.1:8080", "the endpoint itself"),
            (
                &front.netns,
                "[2001:db8::1]:8080",
                "the endpoint itself, IPv6",
            ),
        ] {
            let reply = ask_tcp(from, at(to)).unwrap_or_else(|e| panic!("{driver}: {who}: {e}"));
            assert_eq!(reply.server, "front", "{who}");
        }
        for (from, to, who) in [
            (outside, "192.0.2.1:5353", "outside"),
            (outside, "[2001:db8::1]:5353", "outside, IPv6"),
            (host, "192.0.2.1:5353", "the host"),
            (
                &side.netns,
                "192.0.2.1:5353",
                "an endpoint of the same network",
            ),
            (
                &back.netns,
                "192.0.2.1:5353",
                "an endpoint of another network",
            ),
        ] {
            let reply = ask_udp(from, at(to)).unwrap_or_else(|e| panic!("{driver}: {who}: {e}"));
            assert_eq!(reply.server, "front", "{who}, UDP");
        }
    }
}

#[test]
fn an_endpoint_sees_who_asks_and_the_outside_sees_the_host() {
    require_root_kernel!();
    for driver in drivers() {
        let Stage { lab, front, .. } = &stage(&driver);
        let seen = |from, to| ask_tcp(from, at(to)).unwrap().saw;
        assert_eq!(seen(&lab.outside, "192.0.2.1:8080"), ip("192.0.2.2"));
        assert_eq!(seen(&lab.outside, "[2001:db8::1]:8080"), ip("2001:db8::2"));
        assert_eq!(seen(&front.netns, "192.0.2.2:80"), ip("192.0.2.1"));
        assert_eq!(seen(&front.netns, "[2001:db8::2]:80"), ip("2001:db8::1"));
        let udp = ask_udp(&front.netns, at("192.0.2.2:80")).unwrap();
        assert_eq!(udp.saw, ip("192.0.2.1"));
    }
}

#[test]
fn endpoints_of_a_network_reach_each_other() {
    require_root_kernel!();
    for driver in drivers() {
        let Stage { front, side, .. } = &stage(&driver);
        assert_eq!(ask_tcp(&side.netns, front.v4(443)).unwrap().server, "front");
        assert_eq!(ask_tcp(&front.netns, side.v6(80)).unwrap().server, "side");
    }
}

#[test]
fn unpublished_ports_do_not_answer() {
    require_root_kernel!();
    for driver in drivers() {
        let Stage {
            lab, front, back, ..
        } = &stage(&driver);
        // The wire itself works: else every port would look closed.
        ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap();
        for (from, to, what) in [
            (
                &lab.outside,
                at("192.0.2.1:443"),
                "a port that is not published",
            ),
            (
                &lab.outside,
                at("[2001:db8::1]:443"),
                "a port that is not published, IPv6",
            ),
            (
                &lab.outside,
                at("192.0.2.1:8081"),
                "a port that is published on loopback only",
            ),
            (&lab.outside, front.v4(80), "the endpoint's address"),
            (&lab.outside, front.v6(80), "the endpoint's address, IPv6"),
            (&back.netns, front.v4(80), "an endpoint of another network"),
            (
                &back.netns,
                front.v6(80),
                "an endpoint of another network, IPv6",
            ),
            (
                &front.netns,
                at("127.0.0.1:8081"),
                "the loopback of an endpoint",
            ),
        ] {
            assert!(is_closed_tcp(from, to), "{driver}: {what} answers at {to}");
        }
        assert!(
            is_closed_udp(&lab.outside, front.v4(53)),
            "{driver}: the endpoint's UDP port"
        );
        assert!(
            is_closed_udp(&lab.outside, at("192.0.2.1:53")),
            "{driver}: UDP, not published"
        );
    }
}

#[test]
fn a_port_is_closed_once_its_endpoint_is_detached() {
    require_root_kernel!();
    for driver in drivers() {
        let Stage { lab, .. } = &stage(&driver);
        ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap();
        ask_udp(&lab.outside, at("192.0.2.1:5353")).unwrap();
        lab.host.ok(&["detach", "front"]);
        assert!(is_closed_tcp(&lab.outside, at("192.0.2.1:8080")));
        assert!(is_closed_udp(&lab.outside, at("192.0.2.1:5353")));
        let second = lab.attach("web", "second", &["8080:80", "5353:53/udp"]);
        let _server = Server::start(&second.netns, "second", 80);
        let _udp = Server::start(&second.netns, "second", 53);
        assert_eq!(
            ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
            "second"
        );
        assert_eq!(
            ask_udp(&lab.outside, at("192.0.2.1:5353")).unwrap().server,
            "second"
        );
    }
}

#[test]
fn an_open_connection_outlives_restarts_of_the_daemon() {
    require_root_kernel!();
    for driver in drivers() {
        let Stage { lab, .. } = &mut stage(&driver);
        let mut outside = Connection::open(&lab.outside, at("192.0.2.1:8080"));
        let mut own = Connection::open(&lab.host.netns, at("127.0.0.1:8080"));
        for end in [Host::stop as fn(&mut Host), Host::kill] {
            end(&mut lab.host);
            assert_eq!(
                outside.echo("without a daemon").unwrap(),
                "without a daemon"
            );
            ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap();
            lab.host.start();
            assert_eq!(outside.echo("with a daemon").unwrap(), "with a daemon");
            assert_eq!(own.echo("over loopback").unwrap(), "over loopback");
        }
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}
