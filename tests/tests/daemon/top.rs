//! Traffic of published ports.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};
use tidegate_tests::traffic::{Connection, Server, is_closed_tcp};
use tidegate_tests::{Lab, require_root_kernel, wait_until};

use crate::drivers;

#[test]
fn it_shows_connections_and_their_traffic_if_the_kernel_counts() {
    require_root_kernel!();
    let lab = Lab::with_driver(&drivers()[0]);
    let host = &lab.host;
    host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &["8080:80", "8081:80"]);
    let _server = Server::start(&front.netns, "front", 80);
    let at = "192.0.2.1:8080".parse().unwrap();
    let ports = |top: &Value| {
        let port = |index: usize| top["ports"][index].clone();
        let [first, second] = [port(0), port(1)];
        assert_eq!(
            (&first["endpoint"], &first["port"], &second["port"]),
            (
                &json!("front"),
                &json!("8080:80/tcp"),
                &json!("8081:80/tcp")
            )
        );
        [first, second]
    };

    host.netns
        .sh("echo 0 > /proc/sys/net/netfilter/nf_conntrack_acct");
    let mut uncounted = Connection::open(&lab.outside, at);
    assert_eq!(uncounted.echo("hello").unwrap(), "hello");
    let top = host.json(&["top", "--once"]);
    assert_eq!(top["counted"], false);
    let [used, unused] = ports(&top);
    assert_eq!(
        (&used["connections"], &unused["connections"]),
        (&json!(1), &json!(0))
    );
    let text = host.ok(&["top", "--once"]);
    assert!(text.contains("nf_conntrack_acct=1"), "{text}");

    host.netns
        .sh("echo 1 > /proc/sys/net/netfilter/nf_conntrack_acct");
    let mut counted = Connection::open(&lab.outside, at);
    let message = "x".repeat(3000);
    assert_eq!(counted.echo(&message).unwrap(), message);
    let top = host.json(&["top", "--once"]);
    assert_eq!(top["counted"], true);
    let [used, unused] = ports(&top);
    assert_eq!(used["connections"], 2);
    for way in ["received", "sent"] {
        let of = |what: &str| used[way][what].as_u64().unwrap();
        assert!(of("bytes") > 3000 && of("packets") >= 3, "{top}");
        assert_eq!(unused[way], json!({ "packets": 0, "bytes": 0 }));
    }
}

/// The kernel tracks it for two minutes more.
#[test]
fn a_connection_that_both_ends_closed_is_not_open() {
    require_root_kernel!();
    let lab = Lab::with_driver(&drivers()[0]);
    let host = &lab.host;
    host.netns
        .sh("echo 1 > /proc/sys/net/netfilter/nf_conntrack_acct");
    host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &["8080:80", "9999:99"]);
    let _server = Server::start(&front.netns, "front", 80);
    let at = |port: u16| std::net::SocketAddr::from(([192, 0, 2, 1], port));
    let port = |index: usize| host.json(&["top", "--once"])["ports"][index].clone();
    let mut kept = Connection::open(&lab.outside, at(8080));
    let mut ended = Connection::open(&lab.outside, at(8080));
    for connection in [&mut kept, &mut ended] {
        assert_eq!(connection.echo("hello").unwrap(), "hello");
    }
    assert_eq!(port(0)["connections"], 2);
    drop(ended);
    wait_until("the end is seen", || port(0)["connections"] == 1);
    assert_eq!(kept.echo("hello").unwrap(), "hello");
    drop(kept);
    wait_until("the other end is seen", || port(0)["connections"] == 0);
    // They are tracked still, and what passed counts.
    assert!(port(0)["received"]["bytes"].as_u64().unwrap() > 0);
    // Nobody listens there: nothing is accepted.
    assert!(is_closed_tcp(&lab.outside, at(9999)));
    assert_eq!(port(1)["connections"], 0);
}

#[test]
fn it_is_updated_until_interrupted() {
    require_root_kernel!();
    let lab = Lab::with_driver(&drivers()[0]);
    let mut command = lab.host.client_command(&["top", "--json"]);
    let mut top = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(top.stdout.take().unwrap()).lines();
    let seen: Vec<Value> = lines
        .take(2)
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    top.kill().unwrap();
    top.wait().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|top| top["ports"] == json!([])), "{seen:?}");
}
