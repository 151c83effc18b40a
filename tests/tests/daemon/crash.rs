//! A daemon that is killed in the middle of its work.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tidegate_tests::{Host, Netns, require_root_kernel};

use crate::agreement::{assert_agreement, links, names};
use crate::drivers;

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
