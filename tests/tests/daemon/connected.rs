//! Networks that are connected both ways or one way: who reaches whom.

use std::io::ErrorKind;
use std::net::SocketAddr;

use serde_json::json;
use tidegate_tests::traffic::{Connection, Server, ask_tcp, ask_udp, is_closed_tcp, is_closed_udp};
use tidegate_tests::{Attached, Lab, require_root_kernel};

use crate::drivers;

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Both addresses of an endpoint, with a port.
fn at(endpoint: &Attached, port: u16) -> [SocketAddr; 2] {
    [endpoint.v4(port), endpoint.v6(port)]
}

/// Whether one reaches the other's server by every protocol and family; neither yes nor no is a fault.
fn reaches(from: &Attached, to: &Attached) -> bool {
    let [v4, v6] = at(to, 80);
    let seen = [v4, v6].map(|at| {
        let open = [ask_tcp(&from.netns, at), ask_udp(&from.netns, at)];
        open.map(|reply| reply.is_ok())
    });
    let is_open = seen.as_flattened() == [true; 4];
    let is_closed = seen.as_flattened() == [false; 4];
    assert!(is_open || is_closed, "{seen:?}");
    is_open
}

#[test]
fn one_way_lets_one_network_open_connections_and_changes_to_both_ways_and_back() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        for name in ["a", "b"] {
            lab.host.ok(&["network", "create", name]);
        }
        let [a, b] = ["a", "b"].map(|name| lab.attach(name, name, &[]));
        let _servers = [(&a, "a"), (&b, "b")].map(|(it, name)| Server::start(&it.netns, name, 80));
        let is_closed = |from: &Attached, to: &Attached| {
            let mut at = at(to, 80).into_iter();
            at.all(|at| is_closed_tcp(&from.netns, at) && is_closed_udp(&from.netns, at))
        };

        lab.host.ok(&words("network connect a b --one-way"));
        lab.host.kill();
        lab.host.start();
        assert_eq!(lab.host.ruleset_diff(), "", "{driver}");
        assert!(reaches(&a, &b) && is_closed(&b, &a), "{driver}: one way");
        // Errors about what was sent come back: no process has this port.
        for at in at(&b, 9) {
            let refused = ask_udp(&a.netns, at).unwrap_err();
            assert_eq!(
                refused.kind(),
                ErrorKind::ConnectionRefused,
                "{driver}: {at}"
            );
        }
        let seen = |name: &str| {
            let view = lab.host.json(&["network", "inspect", name]);
            ["peers", "one-way-to", "one-way-from"].map(|key| view[key].clone())
        };
        assert_eq!(seen("a"), [json!(["b"]), json!(["b"]), json!(null)]);
        assert_eq!(seen("b"), [json!(null), json!(null), json!(["a"])]);
        let listed = lab.host.ok(&words("network ls"));
        assert!(
            listed.contains("to:b") && listed.contains("from:a"),
            "{listed}"
        );
        let explained = lab.host.tidegate(&words("explain b a:80"));
        assert_eq!(explained.code, Some(1), "{explained:#?}");
        let hint =
            "do: network a is connected to network b one way: `tidegate network connect a b`";
        assert!(explained.stdout.contains(hint), "{explained:#?}");
        lab.host.ok(&words("explain a b:80"));
        let again = lab.host.tidegate(&words("network connect a b --one-way"));
        assert_eq!(again.code, Some(1), "{again:#?}");

        lab.host.ok(&words("network connect a b"));
        assert!(reaches(&a, &b) && reaches(&b, &a), "{driver}: both ways");
        assert_eq!(seen("a"), [json!(["b"]), json!(null), json!(null)]);
        let mut open = Connection::open(&b.netns, a.v4(80));
        assert_eq!(open.echo("before").unwrap(), "before");

        lab.host.ok(&words("network connect a b --one-way"));
        assert!(
            reaches(&a, &b) && is_closed(&b, &a),
            "{driver}: one way again"
        );
        assert_eq!(
            open.echo("open connections continue").unwrap(),
            "open connections continue"
        );

        lab.host.ok(&words("network connect b a --one-way"));
        assert!(
            reaches(&b, &a) && is_closed(&a, &b),
            "{driver}: the other way"
        );
        // The network that does not list the other takes its pair along.
        lab.host.ok(&words("detach a"));
        lab.host.ok(&words("network rm a"));
        assert_eq!(seen("b"), [json!(null), json!(null), json!(null)]);
        assert_eq!(lab.host.ruleset_diff(), "", "{driver}");
    }
}
