//! Another program changes the table again and again, and what gives transactions to the kernel is stopped meanwhile.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::traffic::{Server, ask_tcp, is_closed_tcp};
use tidegate_tests::{
    Attached, Host, Lab, Programs, bound, find_program, require_root_kernel, wait_until,
};

use crate::drivers;

const METRICS: &str = "127.0.0.1:9464";

/// An endpoint that publishes a port, and one of another network.
struct Scene {
    lab: Lab,
    front: Attached,
    back: Attached,
    _server: Server,
}

impl Scene {
    fn new(driver: &str) -> Self {
        Self::with(&["--nft-driver", driver])
    }

    fn with(arguments: &[&str]) -> Self {
        let mut host = Host::new(Programs::of_this_tree(), arguments);
        host.add_arguments(&["--metrics-listen", METRICS]);
        host.start();
        let lab = Lab::of(host);
        lab.host.ok(&["network", "create", "web"]);
        lab.host.ok(&["network", "create", "db"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let back = lab.attach("db", "back", &[]);
        let server = Server::start(&front.netns, "front", 80);
        Self {
            lab,
            front,
            back,
            _server: server,
        }
    }

    fn is_kept_apart(&self) -> bool {
        is_closed_tcp(&self.back.netns, self.front.v4(80))
            && is_closed_tcp(&self.lab.outside, self.front.v4(80))
    }

    fn is_published(&self) -> bool {
        let published: SocketAddr = "192.0.2.1:8080".parse().unwrap();
        ask_tcp(&self.lab.outside, published).is_ok_and(|reply| reply.server == "front")
    }

    fn has_table(&self) -> bool {
        let listed = self.lab.host.netns.sh("nft list tables");
        listed.contains("table inet tidegate")
    }
}

fn metrics(host: &Host) -> String {
    host.netns.run(|| {
        let mut stream = TcpStream::connect(METRICS).unwrap();
        let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
}

/// The table is restored after the twentieth flush like after the first, and `info` names the program that flushes it.
#[test]
fn the_table_is_restored_each_time_and_the_fight_is_reported() {
    require_root_kernel!();
    for driver in drivers() {
        let scene = Scene::new(&driver);
        let host = &scene.lab.host;
        let doctor = || host.tidegate(&["doctor"]).stdout;
        assert!(metrics(host).contains("\ntidegate_table_fought 0\n"));
        assert!(host.json(&["info"])["fight"].is_null());
        let mut listener = host.client_command(&["events", "--json"]);
        let heard = host.folder().join("events");
        listener.stdout(std::fs::File::create(&heard).unwrap());
        let mut listener = listener.spawn().unwrap();
        let begun = || {
            // Whether it listens shows what it hears.
            let made = host.tidegate(&["network", "create", "told"]).code;
            let removed = host.tidegate(&["network", "rm", "told"]).code;
            assert_eq!((made, removed), (Some(0), Some(0)));
            std::fs::read_to_string(&heard)
                .unwrap()
                .contains("network-created")
        };
        wait_until("events are heard", begun);
        let mended = || host.log().matches("put back").count();
        for _ in 0..20 {
            let before = mended();
            host.netns.sh("nft flush ruleset");
            wait_until("the table is put back", || {
                mended() > before && scene.has_table()
            });
        }
        assert!(scene.is_kept_apart() && scene.is_published());
        let fight = &host.json(&["info"])["fight"];
        assert_eq!(fight["program"], "nft");
        assert!(fight["times"].as_u64().unwrap() >= 3, "{fight}");
        assert!(
            host.ok(&["info"])
                .contains("changed again and again: put back")
        );
        let found = doctor();
        assert!(
            found.contains("FAULT") && found.contains("changed by nft"),
            "{found}"
        );
        assert!(metrics(host).contains("\ntidegate_table_fought 1\n"));
        assert!(
            host.log()
                .contains("changed again and again: put back 3 times in a row")
        );
        wait_until("the fight is told", || {
            let heard = std::fs::read_to_string(&heard).unwrap();
            heard.matches("table-fought").count() == 1
        });
        listener.kill().unwrap();
        listener.wait().unwrap();
    }
}

/// What goes from one network to the other during a fight, a datagram of a new connection each few milliseconds: how
/// many were sent, and how many arrived.
fn leaks(scene: &Scene, fight: &str) -> (u32, u32) {
    let port = SocketAddr::from(([0, 0, 0, 0], 7000));
    let receiver = scene.front.netns.run(|| bound(|| UdpSocket::bind(port)));
    receiver
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let is_over = AtomicBool::new(false);
    let to = scene.front.v4(7000);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            scene.back.netns.run(|| {
                let mut sent = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
                    if socket.send_to(b"?", to).is_ok() {
                        sent += 1;
                    }
                    std::thread::sleep(Duration::from_millis(3));
                }
                sent
            })
        });
        // While they come: a socket keeps a few hundred only.
        let counter = scope.spawn(|| {
            let mut arrived = 0;
            loop {
                match receiver.recv(&mut [0; 8]) {
                    Ok(_) => arrived += 1,
                    Err(_) if is_over.load(Ordering::Relaxed) => break arrived,
                    Err(_) => {}
                }
            }
        });
        scene.lab.host.netns.sh(fight);
        is_over.store(true, Ordering::Relaxed);
        let (sent, arrived) = (sender.join().unwrap(), counter.join().unwrap());
        (sent, arrived)
    })
}

#[test]
fn networks_are_kept_apart_nearly_all_the_time_of_a_fight() {
    require_root_kernel!();
    for driver in drivers() {
        let scene = Scene::new(&driver);
        // By one nft that lives on: the kernel lets nobody make a transaction before one that ends is gone, which takes it
        // some 11 ms after a flush.
        let slow = "for n in $(seq 60); do echo flush ruleset; sleep 0.1; done | nft -i";
        let (sent, arrived) = leaks(&scene, slow);
        // Were it not put back at once, nearly all would arrive.
        assert!(
            sent > 100 && arrived < sent / 2,
            "{driver}: {arrived} of {sent} arrived"
        );
        // As fast as it can, so that there is hardly a moment in which anybody can make another.
        leaks(&scene, "for n in $(seq 100); do nft flush ruleset; done");
        wait_until("the fight is won", || {
            scene.lab.host.ruleset_diff().is_empty()
        });
        assert!(scene.is_kept_apart() && scene.is_published(), "{driver}");
    }
}

#[test]
fn a_fight_names_only_the_program_that_causes_it() {
    require_root_kernel!();
    for driver in drivers() {
        let scene = Scene::new(&driver);
        let host = &scene.lab.host;
        let fighter = host.folder().join("fighter");
        std::fs::copy(find_program("nft").unwrap(), &fighter).unwrap();
        let mut listener = host.client_command(&["events", "--json"]);
        let heard = host.folder().join("events");
        listener.stdout(std::fs::File::create(&heard).unwrap());
        let listener = Ended(listener.spawn().unwrap());
        // In the midst of what the daemon does about it, at one time or another.
        let fight = "for n in $(seq 400); do echo flush ruleset; sleep 0.00$((n % 10)); done";
        let fight = format!("({fight}) | {} -i", fighter.display());
        for _ in 0..3 {
            host.netns.sh(&fight);
            assert_eq!(host.json(&["info"])["fight"]["program"], "fighter");
        }
        wait_until("the fight is won", || host.ruleset_diff().is_empty());
        drop(listener);
        let log = host.log();
        let heard = std::fs::read_to_string(&heard).unwrap();
        let named = |line: &&str| line.contains("program") && !line.contains("fighter");
        let others: Vec<&str> = log.lines().chain(heard.lines()).filter(named).collect();
        assert!(others.is_empty(), "{driver}: {others:#?}");
        assert!(log.contains("program=\"fighter\""), "{log}");
    }
}

/// The processes that give a daemon's transactions to the kernel.
fn driver_processes(host: &Host) -> Vec<Pid> {
    let daemon = host.pid().unwrap();
    let tasks = std::fs::read_dir(format!("/proc/{daemon}/task")).unwrap();
    let children = tasks.flatten().map(|task| {
        let listed = std::fs::read_to_string(task.path().join("children"));
        listed.unwrap_or_default()
    });
    let children: Vec<String> = children.collect();
    let children = children.iter().flat_map(|listed| listed.split_whitespace());
    let is_drivers = |child: &&str| {
        let words = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        let mut words = words.split('\0');
        words.any(|word| ["-i", "libnftables-process"].contains(&word))
    };
    let drivers = children.filter(is_drivers);
    drivers
        .map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap())
        .collect()
}

/// Whether the driver was waited for until its deadline. On a busy machine the DNS process may be, which is not the driver.
fn was_waited_for(log: &str) -> bool {
    let mut lines = log.lines().filter(|line| !line.contains("the DNS process"));
    lines.any(|line| line.contains("did not answer within"))
}

/// Does something with the driver's processes stopped for good.
fn with_stopped_drivers(host: &Host, work: impl FnOnce()) {
    let processes = driver_processes(host);
    assert!(!processes.is_empty(), "{}", host.log());
    for process in &processes {
        kill_process(*process, Signal::STOP).unwrap();
    }
    work();
    // It has not been waited for until it answers, or until a deadline: it was seen to be stopped.
    let log = host.log();
    assert!(!was_waited_for(&log), "{log}");
    for process in &processes {
        assert!(!driver_processes(host).contains(process), "it is replaced");
    }
}

#[test]
fn a_driver_that_is_stopped_keeps_neither_healing_nor_commands_waiting() {
    require_root_kernel!();
    for driver in drivers().iter().map(String::as_str).chain(["auto"]) {
        let scene = Scene::new(driver);
        let host = &scene.lab.host;
        with_stopped_drivers(host, || {
            host.netns.sh("nft flush ruleset");
            wait_until("the table is put back", || {
                scene.has_table() && host.log().contains("put back")
            });
        });
        assert!(scene.is_kept_apart() && scene.is_published(), "{driver}");
        with_stopped_drivers(host, || {
            host.ok(&["publish", "front", "8081:80"]);
        });
        assert_eq!(host.ruleset_diff(), "");
    }
}

/// While the file is there, the next `nft -i` takes it away and answers nothing for ever.
const STUCK: &str = r#"#!/bin/sh
if [ "$1" = -i ] && rm "STUCK" 2>/dev/null; then
    exec sleep 3600
fi
exec NFT "$@"
"#;

#[test]
fn an_nft_that_does_nothing_is_replaced_and_what_it_was_given_is_done_by_the_next() {
    require_root_kernel!();
    let folder = tempfile::tempdir().unwrap();
    let (program, stuck) = (folder.path().join("nft"), folder.path().join("stuck"));
    let nft = find_program("nft").unwrap();
    let script = STUCK
        .replace("STUCK", stuck.to_str().unwrap())
        .replace("NFT", nft.to_str().unwrap());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let scene = Scene::with(&[
        "--nft-driver",
        "exec",
        "--nft-path",
        program.to_str().unwrap(),
    ]);
    let host = &scene.lab.host;
    std::fs::write(&stuck, "").unwrap();
    for process in driver_processes(host) {
        kill_process(process, Signal::KILL).unwrap();
    }
    host.netns.sh("nft flush ruleset");
    wait_until("the table is put back", || {
        scene.has_table() && host.log().contains("put back")
    });
    assert!(!stuck.exists(), "it was tried");
    let log = host.log();
    assert!(!was_waited_for(&log), "{log}");
    assert!(scene.is_kept_apart() && scene.is_published());
}

/// A process that is ended with this.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn commands_have_their_turn_in_a_fight() {
    require_root_kernel!();
    let scene = Scene::new("auto");
    let host = &scene.lab.host;
    let mut fighter: Command = host.netns.command("sh");
    fighter.args(["-c", "while :; do nft flush ruleset; done"]);
    let fighter = Ended(fighter.spawn().unwrap());
    wait_until("there is a fight", || {
        !host.json(&["info"])["fight"].is_null()
    });
    for number in 0..5 {
        let port = format!("{}:80", 9000 + number);
        // A change may be lost to the fight as often as it is tried, but it is answered.
        wait_until("a port is published", || {
            host.tidegate(&["publish", "front", &port]).code == Some(0)
        });
    }
    drop(fighter);
    wait_until("the fight is won", || host.ruleset_diff().is_empty());
    let published: SocketAddr = "192.0.2.1:9004".parse().unwrap();
    assert_eq!(
        ask_tcp(&scene.lab.outside, published).unwrap().server,
        "front"
    );
}

/// How a fight ends that the daemon does not see the end of.
#[test]
fn a_daemon_that_stops_in_a_fight_leaves_the_whole_table() {
    require_root_kernel!();
    let mut scene = Scene::new("auto");
    let host = &scene.lab.host;
    let mut fighter: Command = host.netns.command("sh");
    let script = "(while :; do echo flush ruleset; sleep 0.001; done) | nft -i";
    fighter.args(["-c", script]).process_group(0);
    let mut fighter = Group(fighter.spawn().unwrap());
    wait_until("networks are closed instead", || {
        host.log()
            .contains("networks are closed to new connections")
    });
    fighter.end();
    scene.lab.host.stop();
    assert!(scene.is_kept_apart() && scene.is_published());
    scene.lab.host.start();
    assert_eq!(scene.lab.host.ruleset_diff(), "");
}

/// A process with all that it started, which are ended with this.
struct Group(Child);

impl Group {
    fn end(&mut self) {
        let group = Pid::from_child(&self.0);
        // It may have ended by itself.
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
        let _ = self.0.wait();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
