//! What an installed daemon must do.

use std::net::SocketAddr;

use serde_json::Value;
use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{Host, Lab, Programs};

/// Starts the daemon in its own network namespace, attaches two others to a network, one with a
/// published port, and tries the ports from outside.
pub(crate) fn works(programs: &Programs, driver: &str, flavour: &str) {
    let mut host = Host::new(programs, &[]);
    host.start();
    let lab = Lab::of(host);
    is_as_planned(&lab.host.json(&["info"]), driver, flavour);

    lab.host.ok(&["network", "create", "web"]);
    let one = lab.attach("web", "one", &["8080:80"]);
    let two = lab.attach("web", "two", &[]);
    let _servers = [
        Server::start(&one.netns, "one", 80),
        Server::start(&one.netns, "hidden", 81),
    ];
    let _other = Server::start(&two.netns, "two", 80);

    let outside = |port| SocketAddr::from(([192, 0, 2, 1], port));
    let reply = ask_tcp(&lab.outside, outside(8080)).expect("the published port answers");
    assert_eq!(reply.server, "one");
    assert!(
        is_closed_tcp(&lab.outside, outside(80)),
        "80 of the host is not published"
    );
    assert!(
        is_closed_tcp(&lab.outside, outside(81)),
        "81 is not published"
    );
    assert!(
        is_closed_tcp(&lab.outside, one.v4(81)),
        "81 of the endpoint is not published"
    );
    assert!(
        is_closed_tcp(&lab.outside, two.v4(80)),
        "the other endpoint publishes nothing"
    );
    let inside = ask_tcp(&two.netns, one.v4(81)).expect("neighbours see each other's ports");
    assert_eq!(inside.server, "hidden");
    assert_eq!(
        lab.host.ruleset_diff(),
        "",
        "the kernel has what was planned"
    );
}

fn is_as_planned(info: &Value, driver: &str, flavour: &str) {
    let text = info.to_string();
    for (name, value) in [("name", driver), ("flavour", flavour)] {
        let member = format!("\"{name}\":\"{value}\"");
        assert!(text.contains(&member), "{member} is not in {info:#}");
    }
}
