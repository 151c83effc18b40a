//! Ports that are reached at `[::1]`, where the daemon passes on what comes.

use std::net::{SocketAddr, TcpListener};

use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp, is_closed_tcp, is_closed_udp};
use tidegate_tests::{Lab, require_root_kernel};

use crate::drivers;

fn at(port: u16) -> SocketAddr {
    SocketAddr::new("::1".parse().unwrap(), port)
}

#[test]
fn new_connections_are_relayed_after_a_restart_and_none_once_the_port_is_withdrawn() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80", "8080:80/udp", "[::1]:8081:80"]);
        let _server = Server::start(&front.netns, "front", 80);
        let mut open = Connection::open(&lab.host.netns, at(8080));
        assert_eq!(open.echo("before").unwrap(), "before");
        lab.host.kill();
        open.echo("the daemon is gone").unwrap_err();
        lab.host.start();
        for reply in [
            ask_tcp(&lab.host.netns, at(8080)),
            ask_udp(&lab.host.netns, at(8080)),
            ask_tcp(&lab.host.netns, at(8081)),
        ] {
            assert_eq!(reply.unwrap().server, "front", "{driver}");
        }
        let mut withdrawn = Connection::open(&lab.host.netns, at(8080));
        let mut kept = Connection::open(&lab.host.netns, at(8081));
        lab.host
            .ok(&["unpublish", "front", "8080:80", "8080:80/udp"]);
        withdrawn.echo("no").unwrap_err();
        assert_eq!(kept.echo("yes").unwrap(), "yes", "{driver}");
        assert!(is_closed_tcp(&lab.host.netns, at(8080)));
        assert!(is_closed_udp(&lab.host.netns, at(8080)));
        // The port is anybody's.
        lab.host.netns.run(|| TcpListener::bind(at(8080)).unwrap());
        lab.host.ok(&["detach", "front"]);
        kept.echo("no").unwrap_err();
        assert!(is_closed_tcp(&lab.host.netns, at(8081)));
    }
}

#[test]
fn an_endpoint_without_ipv6_is_reached_at_its_ipv4_address() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web", "--no-ipv6"]);
        let front = lab.attach("web", "front", &["[::1]:8080:80", "[::1]:8080:80/udp"]);
        let _server = Server::start(&front.netns, "front", 80);
        for reply in [
            ask_tcp(&lab.host.netns, at(8080)),
            ask_udp(&lab.host.netns, at(8080)),
        ] {
            let reply = reply.unwrap();
            assert_eq!(reply.server, "front", "{driver}");
            assert_eq!(reply.saw.to_string(), "10.208.0.1", "{driver}");
        }
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}

#[test]
fn a_port_of_the_ipv6_loopback_address_is_refused_for_sctp() {
    require_root_kernel!();
    let lab = Lab::with_driver("exec");
    lab.host.ok(&["network", "create", "web"]);
    let netns = tidegate_tests::Netns::new();
    let before = lab.host.snapshot();
    let port = "[::1]:8080:80/sctp";
    let attach = ["attach", "web", "--netns", netns.name(), "-p", port];
    let refused = lab.host.tidegate(&attach);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(
        refused.stderr.contains("does not support SCTP"),
        "{refused:#?}"
    );
    assert_eq!(lab.host.snapshot(), before);
}
