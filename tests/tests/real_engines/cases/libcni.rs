//! Debian's libcni: the steps of cnitool, and CNI's own plugins in the same list.

use super::Case;
use super::With::Libcni;
use crate::scene::From::{Container, Host, Outside};
use crate::scene::Scene;

pub(super) const CASES: &[Case] = &[
    Case::new("the steps of cnitool", Libcni, steps),
    Case::new("tuning, bandwidth and firewall behind", Libcni, behind),
    Case::new("bandwidth for both directions", Libcni, both_directions),
    Case::new("a plugin before that makes the interface", Libcni, before),
];

/// The published ports of a container.
const PORTS: &str =
    r#"{"portMappings": [{"hostPort": 8810, "containerPort": 80, "protocol": "tcp"}]}"#;
const PUBLISHED: &str = "tcp 192.0.2.1 8810";

/// A script that runs libcni for the container `web`, and prints `done`.
fn web(command: &str) -> String {
    format!("CAP_ARGS='{PORTS}' libcni {command} north /run/netns/web >/dev/null && echo done")
}

fn steps(s: &Scene<'_>) {
    s.network("north", "--subnet 10.7.0.0/24");
    s.start("web", "north", PORTS);
    s.start("peer", "north", "");
    for (question, from) in [
        ("the port, from outside", Outside),
        ("the port, from the host", Host),
        ("the port, from another container", Container("peer")),
        ("the port, from the container itself", Container("web")),
    ] {
        s.ask(question, from, PUBLISHED, "web");
    }
    s.tell_of("CHECK", "done", &web("check"));
    s.tell_of("a second ADD", "refused", &web("add"));
    s.ask("the port after a second ADD", Outside, PUBLISHED, "web");
    let address = s.address_of("web");
    let remove = format!("ip -n web address del {address}/24 dev eth0");
    s.sh(&remove).success();
    s.tell_of("CHECK without the address", "refused", &web("check"));
    for question in ["DEL", "DEL again"] {
        s.tell_of(question, "done", &web("del"));
    }
    s.ask("the port after DEL", Outside, PUBLISHED, "nothing");
    s.tell_of("CHECK after DEL", "refused", &web("check"));
    s.tell_of("ADD after DEL", "done", &web("add"));
    s.ask("the port after ADD", Outside, PUBLISHED, "web");
    s.sh("kill -KILL $(ip netns pids web); ip netns del web")
        .success();
    s.tell_of("DEL without the namespace", "done", &web("del"));
    s.ask(
        "the port of a namespace that is gone",
        Outside,
        PUBLISHED,
        "nothing",
    );
}

fn behind(s: &Scene<'_>) {
    let partners = [
        r#"{"type": "tuning", "sysctl": {"net.core.somaxconn": "500"}}"#,
        r#"{"type": "bandwidth", "ingressRate": 80000000, "ingressBurst": 8000000}"#,
        r#"{"type": "firewall", "backend": "iptables"}"#,
    ];
    s.chain("north", &[], &partners);
    s.start("web", "north", PORTS);
    s.start("peer", "north", "");
    let address = s.address_of("web");
    s.tell_of("CHECK", "done", &web("check"));
    let setting = "cat /proc/sys/net/core/somaxconn";
    s.tell_in("tuning's setting", "web", "500", setting);
    let shapers = "tc qdisc show | grep -c '^qdisc tbf'";
    s.tell_of("bandwidth's shapers", "2", shapers);
    let accepted = format!("iptables -S | grep -c -e '-[sd] {address}/32 .*ACCEPT' || true");
    s.tell_of("firewall's rules", "2", &accepted);
    s.ask("the port, from outside", Outside, PUBLISHED, "web");
    s.ask(
        "a container of the network",
        Container("peer"),
        &format!("tcp {address} 80"),
        "web",
    );
    let outside = "tcp 192.0.2.2 80";
    s.ask(
        "outside, from the container",
        Container("web"),
        outside,
        "outside",
    );
    s.stop_daemon("TERM");
    s.start_daemon();
    s.tell_of("bandwidth's shapers after a restart", "2", shapers);
    s.tell_of("CHECK after a restart", "done", &web("check"));
    s.sh("ip netns exec web sysctl -w net.core.somaxconn=400")
        .success();
    s.tell_of("CHECK without tuning's setting", "refused", &web("check"));
    for question in ["DEL", "DEL again"] {
        s.tell_of(question, "done", &web("del"));
    }
    s.tell_of("bandwidth's shapers after DEL", "1", shapers);
    s.tell_of("firewall's rules after DEL", "0", &accepted);
    s.ask("the port after DEL", Outside, PUBLISHED, "nothing");
}

fn both_directions(s: &Scene<'_>) {
    let bandwidth = r#"{"type": "bandwidth", "ingressRate": 80000000, "ingressBurst": 8000000, "egressRate": 80000000, "egressBurst": 8000000}"#;
    s.chain("north", &[], &[bandwidth]);
    s.sh("ip netns add web").success();
    s.tell_of("ADD", "done", &web("add"));
    s.tell_of("DEL", "done", &web("del"));
}

fn before(s: &Scene<'_>) {
    let first = r#"{"type": "ptp", "ipam": {"type": "host-local", "subnet": "10.8.0.0/24"}}"#;
    s.chain("north", &[first], &[]);
    s.sh("ip netns add web").success();
    // Tidegate says what to do, and CNI's bridge what is there.
    let say = "{ libcni add north /run/netns/web 2>&1 || true; } | \
               grep -q -e 'make \"tidegate\" the first plugin' -e 'already exists' && echo yes";
    s.tell_of("ADD is refused, with the reason", "yes", say);
    s.tell_of("DEL", "done", &web("del"));
    let links = "ip -n web -o link show | cut -d ' ' -f 2";
    s.tell_of("links that are left", "lo:", links);
}
