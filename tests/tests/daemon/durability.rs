//! What was answered is there whatever becomes of the daemon, and nothing else is.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Host, Lab, Netns, require_root_kernel};

use crate::drivers;

fn names(list: &Value) -> BTreeSet<String> {
    let objects = list.as_array().unwrap().iter();
    objects
        .map(|object| object["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Names of the daemon's links that the kernel has.
fn links(host: &Host) -> BTreeSet<String> {
    let text = host.netns.sh("ip -j link");
    let links: Value = serde_json::from_str(&text).unwrap();
    let names = links
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["ifname"].as_str().unwrap().to_owned());
    names.filter(|name| name.starts_with("tg")).collect()
}

/// Kernel, daemon and store tell the same: links, elements, and what `ls` says now and after
/// another start.
fn assert_agreement(host: &mut Host) {
    let (networks, endpoints) = (
        host.json(&["network", "ls"]),
        host.json(&["endpoint", "ls"]),
    );
    let field = |list: &Value, key: &str| -> Vec<String> {
        let objects = list.as_array().unwrap().iter();
        objects
            .map(|object| object[key].as_str().unwrap().to_owned())
            .collect()
    };
    let mut believed: BTreeSet<String> = field(&networks, "bridge").into_iter().collect();
    believed.extend(field(&endpoints, "host-ifname"));
    assert_eq!(links(host), believed);
    assert_eq!(host.ruleset_diff(), "");
    host.kill();
    host.start();
    assert_eq!(host.json(&["network", "ls"]), networks);
    assert_eq!(host.json(&["endpoint", "ls"]), endpoints);
    assert_eq!(links(host), believed);
    assert_eq!(host.ruleset_diff(), "");
}

#[test]
fn a_kill_at_any_time_leaves_kernel_and_store_in_agreement() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        host.ok(&["network", "create", "web"]);
        let boxes: Vec<Netns> = (0..8).map(|_| Netns::new()).collect();
        for round in 0..5 {
            let (attached, maybe) = attach_and_detach_until_killed(&mut host, &boxes, round);
            host.start();
            let listed = names(&host.json(&["endpoint", "ls"]));
            for name in &attached {
                assert!(
                    listed.contains(name),
                    "{name} was answered for and is gone: {listed:?}"
                );
            }
            for name in &listed {
                let is_explained = attached.contains(name) || maybe.contains(name);
                assert!(
                    is_explained,
                    "{name} was detached and is there: {attached:?} {maybe:?}"
                );
            }
            assert_agreement(&mut host);
            for name in &listed {
                host.ok(&["detach", name]);
            }
        }
        assert_eq!(links(&host).len(), 1, "only the bridge is left");
        for netns in &boxes {
            assert_eq!(
                netns.sh("ip -o link").lines().count(),
                1,
                "only loopback is left"
            );
        }
        let planned = host.ok(&["ruleset"]);
        assert!(!planned.contains("dnat to 10.208"), "{planned}");
        assert_eq!(host.ruleset_diff(), "");
    }
}

/// Eight clients attach and detach a namespace each, 200 commands in all, and the daemon is
/// killed in the middle of it. Gives the endpoints for whose presence there was an answer, and
/// those for whose last command there was none.
fn attach_and_detach_until_killed(
    host: &mut Host,
    boxes: &[Netns],
    round: usize,
) -> (BTreeSet<String>, BTreeSet<String>) {
    const COMMANDS: usize = 200;
    let done = AtomicUsize::new(0);
    let kill_after = 20 + round * 35;
    let (mut attached, mut maybe) = (BTreeSet::new(), BTreeSet::new());
    let pid = host.pid().unwrap();
    std::thread::scope(|scope| {
        let (host, done) = (&*host, &done);
        let clients = boxes.iter().enumerate().map(|(index, netns)| {
            scope.spawn(move || client(host, netns, index, COMMANDS / boxes.len(), done))
        });
        let clients: Vec<_> = clients.collect();
        while done.load(Ordering::Relaxed) < kill_after {
            std::thread::sleep(Duration::from_millis(1));
        }
        // Not by way of `host`, which the clients are using.
        let killed = std::process::Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status();
        assert!(killed.unwrap().success());
        for client in clients {
            match client.join().unwrap() {
                Last::Attached(name) => drop(attached.insert(name)),
                Last::Unanswered(name) => drop(maybe.insert(name)),
                Last::Detached => {}
            }
        }
    });
    host.kill();
    (attached, maybe)
}

/// What became of a client's last command.
enum Last {
    Attached(String),
    Detached,
    Unanswered(String),
}

fn client(host: &Host, netns: &Netns, index: usize, commands: usize, done: &AtomicUsize) -> Last {
    let name = format!("ep{index}");
    let (port, udp) = (
        format!("{}:80", 8000 + index),
        format!("{}:53/udp", 9000 + index),
    );
    let mut last = Last::Detached;
    for command in 0..commands {
        let is_attach = command % 2 == 0;
        let output = if is_attach {
            let target = ["attach", "web", "--netns", netns.name(), "--name", &name];
            host.tidegate(&[&target[..], &["-p", &port, "-p", &udp]].concat())
        } else {
            host.tidegate(&["detach", &name])
        };
        if output.code != Some(0) {
            // Only the daemon's end may be in the way: a refusal would be a fault.
            assert_eq!(output.code, Some(2), "{output:#?}");
            let is_gone = output.stderr.contains("ended the connection");
            let was_never_there = output.stderr.contains("is not running");
            assert!(is_gone || was_never_there, "{output:#?}");
            return if is_gone {
                Last::Unanswered(name)
            } else {
                last
            };
        }
        done.fetch_add(1, Ordering::Relaxed);
        last = if is_attach {
            Last::Attached(name.clone())
        } else {
            Last::Detached
        };
    }
    last
}

#[test]
fn links_and_rules_that_were_lost_come_back_with_the_daemon() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        lab.host.ok(&["network", "create", "db"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let back = lab.attach("db", "back", &[]);
        let believed = lab.host.json(&["endpoint", "ls"]);
        lab.host.kill();
        let bridge = links(&lab.host)
            .into_iter()
            .find(|name| name.starts_with("tgb"))
            .unwrap();
        lab.host.netns.sh(&format!(
            "ip link del {bridge}; nft delete table inet tidegate
             ip link add tgb99 group {group} type bridge; ip link add tgv99 group {group} type bridge",
            group = 0x7469_6465
        ));
        let back_before = back.netns.sh("ip -o link show eth0");
        lab.host.start();
        assert_eq!(lab.host.json(&["endpoint", "ls"]), believed);
        assert_eq!(
            links(&lab.host).len(),
            4,
            "two bridges, two endpoints, no leftovers"
        );
        assert_eq!(
            back.netns.sh("ip -o link show eth0"),
            back_before,
            "it was left alone"
        );
        let _server = Server::start(&front.netns, "front", 80);
        assert_eq!(
            ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap())
                .unwrap()
                .server,
            "front"
        );
        assert_agreement(&mut lab.host);
    }
}

#[test]
fn an_endpoint_whose_namespace_is_gone_is_dropped_with_a_warning() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let stays = lab.attach("web", "stays", &[]);
        lab.host.kill();
        drop(front);
        lab.host.start();
        assert_eq!(
            names(&lab.host.json(&["endpoint", "ls"])),
            BTreeSet::from(["stays".into()])
        );
        let log = lab.host.log();
        assert!(log.contains("WARN") && log.contains("front"), "{log}");
        assert_agreement(&mut lab.host);
        drop(stays);
        // While the daemon runs, what is left of it can be detached.
        assert_eq!(lab.host.ok(&["detach", "stays"]), "stays\n");
        assert_agreement(&mut lab.host);
    }
}

#[test]
fn an_interface_that_took_the_place_of_an_endpoint_costs_that_endpoint_only() {
    require_root_kernel!();
    let mut lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &["8080:80"]);
    let _stays = lab.attach("web", "stays", &["9090:90"]);
    lab.host.kill();
    front
        .netns
        .sh("ip link del eth0; ip link add eth0 type bridge");
    lab.host.start();
    assert_eq!(
        names(&lab.host.json(&["endpoint", "ls"])),
        BTreeSet::from(["stays".into()])
    );
    assert_agreement(&mut lab.host);
    assert!(!lab.host.ok(&["ruleset"]).contains("8080"));
}

#[test]
fn a_table_that_somebody_else_changed_is_put_right_by_the_next_command() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let _front = lab.attach("web", "front", &["8080:80"]);
        let _side = lab.attach("web", "side", &["9090:80"]);
        lab.host
            .netns
            .sh("nft delete element inet tidegate publish4 '{ tcp . 8080 }'");
        lab.host.ok(&["detach", "front"]);
        assert_eq!(lab.host.ruleset_diff(), "");
        lab.host.netns.sh("nft flush ruleset");
        lab.host.ok(&["detach", "side"]);
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}

/// Tables that look as much like ours as can be.
const FOREIGN: &str = "nft '
    add table ip tidegate
    add chain ip tidegate forward { type filter hook forward priority 0; }
    add map ip tidegate publish4 { type inet_service : ipv4_addr; flags interval; }
    add element ip tidegate publish4 { 1-9 : 192.0.2.9 }
    add table inet junk
    add set inet junk bridges { type ifname; elements = { \"tgb0\", \"tgv1\" }; }
    add chain inet junk guard
    add rule inet junk guard iifname @bridges counter accept comment \"tidegate\"
'";

#[test]
fn a_foreign_table_is_never_touched() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.netns.sh(FOREIGN);
        let foreign = |host: &Host| {
            host.netns
                .sh("nft list table ip tidegate; nft list table inet junk")
        };
        let before = foreign(&lab.host);
        lab.host.ok(&["network", "create", "web"]);
        drop(lab.attach("web", "front", &["8080:80"]));
        lab.host.kill();
        lab.host.start();
        lab.host.ok(&["network", "rm", "web"]);
        lab.host.stop();
        assert_eq!(foreign(&lab.host), before);
    }
}
