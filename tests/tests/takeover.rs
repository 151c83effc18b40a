//! A host that the release before has set up is taken over: endpoints and open connections go on.
//!
//! `TIDEGATE_TEST_0_1_0` names a folder with the programs of 0.1.0; without it they are built from the commit of the
//! release.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what is not as it should be fails the test"
)]

use serde_json::Value;
use test_support::need;
use tidegate_tests::before::RELEASE_0_1_0;
use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp};
use tidegate_tests::{Attached, Host, Lab, Netns, Programs, links_in, require_root_kernel};

/// A host of the release before, with what was set up on it.
struct Before {
    lab: Lab,
    front: Attached,
    back: Attached,
    /// What the release before says of the endpoints.
    endpoints: Value,
    networks: Value,
    interfaces: Vec<String>,
    connections: Vec<(&'static str, Connection)>,
    _servers: Vec<Server>,
}

impl Before {
    fn set_up(driver: &str) -> Self {
        let programs = RELEASE_0_1_0.programs();
        let mut host = Host::new(&programs, &["--nft-driver", driver]);
        host.start();
        let lab = Lab::of(host);
        lab.host.ok(&["network", "create", "web"]);
        let subnet = ["--subnet", "10.9.1.0/24", "--no-ipv6"];
        let create = [&["network", "create", "db"], &subnet[..]].concat();
        lab.host.ok(&create);
        let front = lab.attach("web", "front", &["8080:80", "5353:53/udp"]);
        let back = lab.attach("db", "back", &["192.0.2.1:9090:90"]);
        let name = front.netns.name();
        lab.host
            .ok(&["attach", "db", "--netns", name, "--name", "front-db"]);
        let servers = vec![
            Server::start(&front.netns, "front", 80),
            Server::start(&front.netns, "front", 53),
            Server::start(&back.netns, "back", 90),
            Server::start(&lab.outside, "outside", 7777),
        ];
        let open =
            |what, from: &Netns, to: &str| (what, Connection::open(from, to.parse().unwrap()));
        let connections = vec![
            open("in by IPv4", &lab.outside, "192.0.2.1:8080"),
            open("in by IPv6", &lab.outside, "[2001:db8::1]:8080"),
            open("in at one address", &lab.outside, "192.0.2.1:9090"),
            open("out by IPv4", &front.netns, "192.0.2.2:7777"),
            open("out by IPv6", &front.netns, "[2001:db8::2]:7777"),
            open("inside a network", &front.netns, &back.v4(90).to_string()),
        ];
        Self {
            endpoints: lab.host.json(&["endpoint", "ls"]),
            networks: lab.host.json(&["network", "ls"]),
            interfaces: interfaces(&[&lab.host.netns, &front.netns, &back.netns]),
            lab,
            front,
            back,
            connections,
            _servers: servers,
        }
    }

    fn check_connections(&mut self, when: &str) {
        for (what, connection) in &mut self.connections {
            let echo = connection.echo(when);
            assert_eq!(echo.unwrap_or_else(|e| panic!("{what}, {when}: {e}")), when);
        }
    }

    /// Starts the daemon of this source tree, and checks that nobody notices.
    fn take_over(&mut self, driver: &str) {
        self.lab.host.use_programs(Programs::of_this_tree());
        self.lab.host.use_driver(driver);
        self.lab.host.start();
        self.check_connections("after the start");
        let host = &self.lab.host;
        contains(
            &host.json(&["endpoint", "ls"]),
            &self.endpoints,
            "endpoints",
        );
        contains(&host.json(&["network", "ls"]), &self.networks, "networks");
        assert_eq!(host.ruleset_diff(), "");
        let namespaces = [&host.netns, &self.front.netns, &self.back.netns];
        assert_eq!(interfaces(&namespaces), self.interfaces);
        let bridge = host.netns.sh("ip -d link show tgb0");
        assert!(bridge.contains("alias tidegate state "), "{bridge}");
        let info = host.json(&["info"]);
        assert!(info["degraded"].is_null(), "{info:#}");
        let outside = &self.lab.outside;
        for at in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
            assert_eq!(
                ask_tcp(outside, at.parse().unwrap()).unwrap().server,
                "front"
            );
        }
        let dns = "192.0.2.1:5353".parse().unwrap();
        assert_eq!(ask_udp(outside, dns).unwrap().server, "front");
    }

    /// What was set up can be changed and removed.
    fn remove_all(&self) {
        let host = &self.lab.host;
        host.ok(&["publish", "front", "8081:80"]);
        let at = "192.0.2.1:8081".parse().unwrap();
        assert_eq!(ask_tcp(&self.lab.outside, at).unwrap().server, "front");
        host.ok(&["detach", "front", "front-db", "back"]);
        host.ok(&["network", "rm", "web", "db"]);
        let links = links_in(&host.netns);
        assert!(!links.contains(": tg"), "{links:?}");
        assert_eq!(host.ruleset_diff(), "");
    }
}

/// The interfaces of namespaces, each with its index, Ethernet address and addresses: one that was made anew has another
/// index. What this release adds to a bridge is left out: its mark, and the address of the DNS server.
fn interfaces(namespaces: &[&Netns]) -> Vec<String> {
    let list = "ip -o link show up | sed 's/ mtu .*link/ link/; s/.[[:space:]]*alias .*//'; ip -o addr show scope global | sed '/fd6e:616d:6573::53/d'";
    namespaces.iter().map(|netns| netns.sh(list)).collect()
}

/// Everything that was said before is still said; more may be.
fn contains(now: &Value, before: &Value, what: &str) {
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => {
            for (key, value) in before {
                contains(&now[key], value, &format!("{what}.{key}"));
            }
        }
        (Value::Array(now), Value::Array(before)) => {
            assert_eq!(now.len(), before.len(), "{what}");
            for (index, (now, before)) in now.iter().zip(before).enumerate() {
                contains(now, before, &format!("{what}[{index}]"));
            }
        }
        _ => assert_eq!(now, before, "{what}"),
    }
}

/// Whether the programs of the release before can be had.
fn has_release_before() -> bool {
    let test = std::thread::current();
    need::met(test.name().unwrap_or("takeover"), &RELEASE_0_1_0.needs())
}

/// Over each driver, and where the driver is changed at the same time.
fn over_drivers(end: fn(&mut Host)) {
    require_root_kernel!();
    if !has_release_before() {
        return;
    }
    let drivers = Programs::of_this_tree().drivers();
    let old = RELEASE_0_1_0.programs().drivers();
    for then in &old {
        for now in &drivers {
            let mut before = Before::set_up(then);
            before.check_connections("before the end");
            end(&mut before.lab.host);
            before.check_connections("without a daemon");
            before.take_over(now);
            before.remove_all();
        }
    }
}

#[test]
fn a_host_of_0_1_0_whose_daemon_was_stopped_is_taken_over() {
    over_drivers(Host::stop);
}

#[test]
fn a_host_of_0_1_0_whose_daemon_was_killed_is_taken_over() {
    over_drivers(Host::kill);
}

#[test]
fn a_store_that_this_release_wrote_is_read_by_0_1_0() {
    require_root_kernel!();
    if !has_release_before() {
        return;
    }
    let mut before = Before::set_up("exec");
    before.lab.host.stop();
    before.take_over("exec");
    let host = &mut before.lab.host;
    host.ok(&["publish", "front", "8081:80"]);
    host.ok(&["unpublish", "front", "8081:80"]);
    host.stop();
    host.use_programs(&RELEASE_0_1_0.programs());
    host.start();
    assert_eq!(host.json(&["endpoint", "ls"]), before.endpoints);
    assert_eq!(host.json(&["network", "ls"]), before.networks);
}
