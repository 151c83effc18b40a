//! Published ports whose host ports a container engine holds itself.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use tidegate_tests::traffic::{Server, ask_tcp, ask_udp, is_closed_tcp};
use tidegate_tests::{Lab, Netns, require_root_kernel};

use crate::drivers;

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

/// Attaches as an engine does that holds the ports.
fn attach(lab: &Lab, name: &str, ports: &[&str]) -> (Netns, Server) {
    let netns = Netns::new();
    let published: Vec<&str> = ports.iter().flat_map(|port| ["-p", port]).collect();
    let fixed = ["attach", "web", "--netns", netns.name(), "--name", name];
    let engines = ["--hold-ports", "engine"];
    lab.host.ok(&[&fixed[..], &engines, &published].concat());
    let server = Server::start(&netns, name, 80);
    (netns, server)
}

fn stage(driver: &str) -> Lab {
    let lab = Lab::with_driver(driver);
    lab.host.ok(&["network", "create", "web"]);
    lab
}

/// podman since 5.3, and nerdctl.
#[test]
fn a_port_that_its_engine_holds_already_is_published_and_only_once() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = stage(&driver);
        let bind = || {
            let tcp = TcpListener::bind("0.0.0.0:8080").unwrap();
            (tcp, UdpSocket::bind("0.0.0.0:8080").unwrap())
        };
        let _engines = lab.host.netns.run(bind);
        let (_front, _server) = attach(&lab, "front", &["8080:80", "8080:80/udp"]);
        for restarted in [false, true] {
            if restarted {
                lab.host.kill();
                lab.host.start();
            }
            for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
                let reply = ask_tcp(&lab.outside, at(to)).unwrap_or_else(|e| panic!("{to}: {e}"));
                assert_eq!(reply.server, "front", "{driver}");
            }
            assert_eq!(
                ask_udp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
                "front"
            );
            // From the host, IPv4 and IPv6: the relay has the port that the engine left free.
            for to in ["127.0.0.1:8080", "[::1]:8080"] {
                let reply =
                    ask_tcp(&lab.host.netns, at(to)).unwrap_or_else(|e| panic!("{to}: {e}"));
                assert_eq!(reply.server, "front", "{driver}");
            }
            let shown = lab.host.json(&["endpoint", "inspect", "front"]);
            assert_eq!(shown["host-ports"], "engine", "{shown}");
            assert!(shown["degraded"].is_null(), "{shown}");
        }
        let before = lab.host.snapshot();
        let other = Netns::new();
        let fixed = ["attach", "web", "--netns", other.name(), "-p", "8080:80"];
        for more in [&[][..], &["--hold-ports", "engine"]] {
            let refused = lab.host.tidegate(&[&fixed[..], more].concat());
            assert_eq!(refused.code, Some(1), "{refused:#?}");
            assert!(refused.stderr.contains("published already"), "{refused:#?}");
        }
        assert_eq!(lab.host.snapshot(), before);
    }
}

/// podman before 5.3; and after a reboot, the daemon may start first.
#[test]
fn an_engine_can_hold_its_ports_later_too_even_after_a_restart_of_the_daemon() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = stage(&driver);
        let ports = [
            "8080:80",
            "8081:80/udp",
            "127.0.0.1:8082:80",
            "[::]:8083:80",
        ];
        let (_front, _server) = attach(&lab, "front", &ports);
        let hold = || {
            (
                TcpListener::bind("0.0.0.0:8080").unwrap(),
                UdpSocket::bind("0.0.0.0:8081").unwrap(),
                TcpListener::bind("127.0.0.1:8082").unwrap(),
                TcpListener::bind("[::]:8083").unwrap(),
            )
        };
        drop(lab.host.netns.run(hold));
        lab.host.kill();
        lab.host.start();
        let held = lab.host.netns.run(hold);
        assert_eq!(
            ask_tcp(&lab.outside, at("192.0.2.1:8080")).unwrap().server,
            "front"
        );
        lab.host.ok(&["publish", "front", "8084:80"]);
        let later = lab.host.netns.run(|| TcpListener::bind("0.0.0.0:8084"));
        assert!(later.is_ok(), "{driver}: {later:?}");
        lab.host.ok(&["detach", "front"]);
        drop((held, later));
        let all = lab.host.netns.run(|| TcpListener::bind("[::]:8080"));
        assert!(
            all.is_ok(),
            "{driver}: the relay let go of its port: {all:?}"
        );
    }
}

/// podman 6 binds every address of both families at once.
#[test]
fn an_engine_that_holds_both_families_keeps_them() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = stage(&driver);
        let engines = lab
            .host
            .netns
            .run(|| TcpListener::bind("[::]:8080").unwrap());
        let (_front, _server) = attach(&lab, "front", &["8080:80"]);
        for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
            let reply = ask_tcp(&lab.outside, at(to)).unwrap_or_else(|e| panic!("{to}: {e}"));
            assert_eq!(reply.server, "front", "{driver}");
        }
        drop(engines);
        assert!(is_closed_tcp(&lab.host.netns, at("[::1]:8080")), "{driver}");
    }
}

#[test]
fn an_engine_that_holds_ports_names_each_of_them() {
    require_root_kernel!();
    let drivers = drivers();
    let lab = stage(&drivers[0]);
    let netns = Netns::new();
    let fixed = ["attach", "web", "--netns", netns.name(), "-p", "80"];
    let refused = lab
        .host
        .tidegate(&[&fixed[..], &["--hold-ports", "engine"]].concat());
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(
        refused.stderr.contains("hint: give one host port"),
        "{refused:#?}"
    );
}
