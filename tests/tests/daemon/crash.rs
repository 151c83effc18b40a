//! A daemon that is killed in the middle of its work.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::{Host, Netns, links_in, require_root_kernel, wait_until};

use crate::agreement::{assert_agreement, links, names};
use crate::drivers;

#[test]
fn a_kill_at_any_time_leaves_kernel_and_store_in_agreement() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        host.ok(&["network", "create", "web"]);
        let without_endpoints = host.ok(&["ruleset"]);
        let boxes: Vec<Netns> = (0..8).map(|_| Netns::new()).collect();
        for round in 0..3 {
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
            assert_eq!(links_in(netns).lines().count(), 1, "only loopback is left");
        }
        assert_eq!(host.ok(&["ruleset"]), without_endpoints);
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
    let kill_after = 20 + round * 65;
    let (mut attached, mut maybe) = (BTreeSet::new(), BTreeSet::new());
    let pid = host.pid().unwrap();
    std::thread::scope(|scope| {
        let (host, done) = (&*host, &done);
        let clients = boxes.iter().enumerate().map(|(index, netns)| {
            scope.spawn(move || client(host, netns, index, COMMANDS / boxes.len(), done))
        });
        let clients: Vec<_> = clients.collect();
        // A client that fails ends early, and shall not keep the test from saying so.
        let is_running = || clients.iter().any(|client| !client.is_finished());
        while done.load(Ordering::Relaxed) < kill_after && is_running() {
            std::thread::sleep(Duration::from_millis(1));
        }
        // Not by way of `host`, which the clients are using.
        signal(&[pid], Signal::KILL);
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
fn a_start_waits_for_what_a_killed_daemon_had_begun() {
    require_root_kernel!();
    let mut host = Host::with_driver("exec");
    host.ok(&["network", "create", "web"]);
    let netns = Netns::new();
    let nft = driver_processes(host.pid().unwrap());
    assert_eq!(nft.len(), 1, "one long-lived nft");
    signal(&nft, Signal::STOP);
    let attach = ["attach", "web", "--netns", netns.name(), "-p", "8080:80"];
    std::thread::scope(|scope| {
        let client = scope.spawn(|| host.tidegate(&attach));
        // The daemon waits for the nft that is stopped; in a moment it would replace it.
        wait_until("the transaction is in the pipe", || unread(nft[0]) > 0);
        signal(&[host.pid().unwrap()], Signal::KILL);
        assert_eq!(client.join().unwrap().code, Some(2));
    });
    host.kill();
    std::thread::scope(|scope| {
        let starting = scope.spawn(|| host.start());
        std::thread::sleep(Duration::from_millis(300));
        assert!(
            !starting.is_finished(),
            "it started before the last nft had ended"
        );
        signal(&nft, Signal::CONT);
        starting.join().unwrap();
    });
    assert_eq!(names(&host.json(&["endpoint", "ls"])), BTreeSet::new());
    assert_agreement(&mut host);
}

#[test]
fn a_driver_whose_process_is_killed_is_replaced_without_a_command_noticing() {
    require_root_kernel!();
    for driver in drivers() {
        let mut host = Host::with_driver(&driver);
        host.ok(&["network", "create", "web"]);
        let netns = Netns::new();
        for _ in 0..3 {
            // With a port: without one, there is nothing to tell nft.
            let attach = ["attach", "web", "--netns", netns.name(), "--name", "a"];
            let attach = [&attach[..], &["-p", "8080:80"]].concat();
            for command in [&attach[..], &["detach", "a"]] {
                let processes = driver_processes(host.pid().unwrap());
                assert_eq!(processes.len(), 1, "{driver}: {processes:?}");
                signal(&processes, Signal::KILL);
                host.ok(command);
            }
        }
        assert_agreement(&mut host);
    }
}

/// The processes of a daemon's nft driver.
fn driver_processes(pid: u32) -> Vec<u32> {
    let is_drivers = |child: &u32| {
        let words = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        words
            .split('\0')
            .any(|word| ["-i", "libnftables-process"].contains(&word))
    };
    children(pid).into_iter().filter(is_drivers).collect()
}

/// How many bytes a process has not read of its input.
fn unread(process: u32) -> u64 {
    let input = std::fs::File::open(format!("/proc/{process}/fd/0")).unwrap();
    rustix::io::ioctl_fionread(input).unwrap()
}

/// The children of every thread of a process (proc_pid_task(5)).
fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let lists =
        threads.map(|t| std::fs::read_to_string(t.unwrap().path().join("children")).unwrap());
    lists
        .flat_map(|l| {
            l.split_whitespace()
                .map(|p| p.parse().unwrap())
                .collect::<Vec<u32>>()
        })
        .collect()
}

fn signal(processes: &[u32], signal: Signal) {
    for pid in processes {
        let pid = Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}
