//! Helper processes that are stopped (SIGSTOP), as by a debugger, a frozen cgroup or a host that swaps, or go round in circles.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::names::{Answer, ask_udp};
use tidegate_tests::{Host, Lab, Netns, Programs, find_program, require_root_kernel, wait_until};

use crate::drivers;

/// The processes that the daemon has started, whose command line has a word.
fn children(host: &Host, word: &str) -> Vec<Pid> {
    let daemon = host.pid().unwrap();
    let tasks = fs::read_dir(format!("/proc/{daemon}/task")).unwrap();
    let lists = tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let lists: Vec<String> = lists.collect();
    let pids = lists.iter().flat_map(|list| list.split_whitespace());
    let is_it = |pid: &&str| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split('\0').any(|part| part.ends_with(word))
    };
    pids.filter(is_it)
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
        .collect()
}

/// What the driver keeps running.
fn driver_processes(host: &Host, driver: &str) -> Vec<Pid> {
    let word = match driver {
        "library" => "libnftables-process",
        _ => "-i",
    };
    children(host, word)
}

/// Stops what the driver keeps running.
fn stop_driver(host: &Host, driver: &str) {
    let kept = driver_processes(host, driver);
    assert!(!kept.is_empty(), "{driver} keeps a process running");
    for process in kept {
        kill_process(process, Signal::STOP).unwrap();
    }
}

fn resolver(host: &Host) -> Option<u64> {
    host.json(&["info"])["names"]["process"].as_u64()
}

/// The resolver, once there is one: the daemon answers before that.
fn started_resolver(host: &Host) -> u64 {
    wait_until("there is a resolver", || resolver(host).is_some());
    resolver(host).unwrap()
}

fn stop_resolver(host: &Host) -> u64 {
    let process = started_resolver(host);
    let pid = Pid::from_raw(process.try_into().unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    process
}

/// Runs every command at the same time; each must be done.
fn every_command(lab: &Lab) {
    let commands: &[&[&str]] = &[
        &["info"],
        &["network", "ls"],
        &["network", "create", "other"],
        &["network", "inspect", "web"],
        &["network", "connect", "web", "db"],
        &["endpoint", "ls"],
        &["port", "ls"],
        &["endpoint", "inspect", "front"],
        &["endpoint", "resolv-conf", "front"],
        &["publish", "front", "8443:443"],
        &["unpublish", "front", "8080:80"],
        &["detach", "back"],
        &["ruleset"],
        &["ruleset", "--live"],
        &["ruleset", "--diff"],
        &["top", "--once"],
        &["explain", "front", "192.0.2.9:80/tcp"],
        &["gc"],
        &["doctor"],
    ];
    std::thread::scope(|scope| {
        for command in commands {
            scope.spawn(move || {
                let patient = [command, &["--timeout", "300"][..]].concat();
                let output = lab.host.tidegate(&patient);
                // What `doctor` finds is told by 1.
                let is_well =
                    output.code == Some(0) || command == &["doctor"] && output.code == Some(1);
                assert!(is_well, "{output:#?}\n{}", lab.host.log());
            });
        }
    });
    lab.host.ok(&["network", "disconnect", "web", "db"]);
    lab.host.ok(&["network", "rm", "other"]);
    lab.host.ok(&["unpublish", "front", "8443:443"]);
    lab.host.ok(&["publish", "front", "8080:80"]);
    assert_eq!(lab.host.ruleset_diff(), "");
}

fn lab(driver: &str) -> (Lab, [tidegate_tests::Attached; 2]) {
    let lab = Lab::with_driver(driver);
    lab.host.ok(&["network", "create", "web"]);
    lab.host.ok(&["network", "create", "db"]);
    let front = lab.attach("web", "front", &["8080:80"]);
    let back = lab.attach("db", "back", &[]);
    (lab, [front, back])
}

#[test]
fn commands_repairs_and_a_stop_do_not_wait_for_a_stopped_nft() {
    require_root_kernel!();
    for driver in drivers() {
        let (mut lab, _attached) = lab(&driver);
        // The program looks by another process than the one that it keeps.
        if driver == "library" {
            // The next process does what was only to look, and the log tells why it was the next.
            stop_driver(&lab.host, &driver);
            lab.host.ok(&["ruleset", "--live"]);
            let log = lab.host.log();
            assert!(log.contains("is stopped, and was killed"), "{log}");
        }
        stop_driver(&lab.host, &driver);
        every_command(&lab);
        stop_driver(&lab.host, &driver);
        lab.host.netns.sh("nft flush ruleset");
        wait_until("the table is back", || lab.host.log().contains("put back"));
        assert_eq!(lab.host.ruleset_diff(), "");
        stop_driver(&lab.host, &driver);
        lab.host.stop();
        lab.host.start();
        assert_eq!(lab.host.ruleset_diff(), "");
    }
}

#[test]
fn a_start_ends_what_a_killed_daemon_left_stopped() {
    require_root_kernel!();
    for driver in drivers() {
        let (mut lab, _attached) = lab(&driver);
        let left = driver_processes(&lab.host, &driver);
        stop_driver(&lab.host, &driver);
        lab.host.kill();
        lab.host.start();
        let log = lab.host.log();
        for process in left {
            let pid = process.as_raw_nonzero();
            assert!(log.contains(&format!("process={pid}")), "{driver}: {log}");
            wait_until("it has ended", || {
                fs::read_link(format!("/proc/{pid}/exe")).is_err()
            });
        }
        assert_eq!(lab.host.ruleset_diff(), "", "{driver}");
        let listed = lab.host.ok(&["endpoint", "ls"]);
        assert!(
            listed.contains("front") && listed.contains("back"),
            "{listed}"
        );
    }
}

/// Commands in an order in which each can be done, and what its answer has in it.
const ONE_BY_ONE: &[(&str, &str)] = &[
    ("info", "tidegated.sock"),
    ("network create other", "other"),
    ("network ls", "other"),
    ("network inspect web", "tgb0"),
    ("network connect web other", "other"),
    ("network disconnect web other", "tgb0"),
    (
        "attach web --netns NETNS --name third -p 8444:80",
        "8444:80/tcp",
    ),
    ("publish front 8443:443", "8080:80/tcp,8443:443/tcp"),
    ("unpublish front 8443:443", "8080:80/tcp"),
    ("endpoint ls", "8444:80/tcp"),
    ("port ls", "8444:80/tcp"),
    ("endpoint inspect front", "8080:80/tcp"),
    ("endpoint resolv-conf front", "nameserver"),
    ("explain front 192.0.2.2:80/tcp", "front"),
    ("top --once", "8444:80/tcp"),
    ("ruleset", "8444"),
    ("ruleset --live", "8444"),
    ("ruleset --diff", ""),
    ("detach third", "third"),
    ("network rm other", "other"),
    ("gc", ""),
    ("doctor", "sysctls"),
];

/// Runs each command with a helper stopped anew before it; each must be done, and say what is so.
fn each_command(lab: &Lab, what: &str, stop: impl Fn()) {
    let netns = Netns::new();
    for (line, said) in ONE_BY_ONE {
        stop();
        let line = line.replace("NETNS", netns.name());
        let words: Vec<&str> = line.split(' ').chain(["--timeout", "300"]).collect();
        let output = lab.host.tidegate(&words);
        let is_well = output.code == Some(0) || line == "doctor" && output.code == Some(1);
        assert!(is_well, "{what}: {output:#?}\n{}", lab.host.log());
        assert!(output.stdout.contains(said), "{what}: {output:#?}");
        if said.is_empty() {
            assert_eq!(output.stdout, "", "{what}: {output:#?}");
        }
    }
}

/// Sees that who listens to events hears of what is done.
fn is_heard(lab: &Lab, what: &str, stop: impl Fn()) {
    stop();
    let mut listening = lab.host.client_command(&["events", "--json"]);
    let listening = listening.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut listening = listening.spawn().unwrap();
    let mut lines = BufReader::new(listening.stdout.take().unwrap()).lines();
    let (heard, hear) = mpsc::channel();
    let reader = std::thread::spawn(move || heard.send(lines.next()));
    // What happens before it is let in it does not hear.
    wait_until("an event is heard", || {
        lab.host.ok(&["network", "create", "event"]);
        lab.host.ok(&["network", "rm", "event"]);
        match hear.try_recv() {
            Ok(line) => {
                let line = line.unwrap().unwrap();
                assert!(line.contains("\"event\""), "{what}: {line}");
                true
            }
            Err(_) => false,
        }
    });
    listening.kill().unwrap();
    listening.wait().unwrap();
    reader.join().unwrap().unwrap();
}

/// Both helpers and both drivers at once: most of the time is waiting.
fn with_each_helper_of_each_driver(work: impl Fn(&mut Lab, &str, &dyn Fn(&Host)) + Sync) {
    let work = &work;
    std::thread::scope(|scope| {
        for driver in drivers() {
            for helper in ["driver", "resolver"] {
                let driver = driver.clone();
                scope.spawn(move || {
                    let (mut lab, _attached) = lab(&driver);
                    let stop = |host: &Host| match helper {
                        "driver" => {
                            for process in driver_processes(host, &driver) {
                                kill_process(process, Signal::STOP).unwrap();
                            }
                        }
                        // Between two there is none.
                        _ => wait_until("a resolver is stopped", || {
                            let process =
                                resolver(host).and_then(|p| Pid::from_raw(p.try_into().ok()?));
                            process.is_some_and(|p| kill_process(p, Signal::STOP).is_ok())
                        }),
                    };
                    work(&mut lab, &format!("{helper} of {driver}"), &stop);
                });
            }
        }
    });
}

#[test]
fn each_command_is_answered_rightly_while_a_helper_is_stopped_and_so_are_healing_and_a_stop() {
    require_root_kernel!();
    with_each_helper_of_each_driver(|lab, what, stop| {
        each_command(lab, what, || stop(&lab.host));
        is_heard(lab, what, || stop(&lab.host));
        stop(&lab.host);
        lab.host.netns.sh("nft flush ruleset");
        wait_until("the table is back", || lab.host.log().contains("put back"));
        assert_eq!(lab.host.ruleset_diff(), "", "{what}");
        stop(&lab.host);
        lab.host.stop();
        lab.host.start();
        assert_eq!(lab.host.ruleset_diff(), "", "{what}");
        let listed = lab.host.ok(&["endpoint", "ls"]);
        assert!(
            listed.contains("front") && listed.contains("back"),
            "{what}: {listed}"
        );
        lab.host.stop();
    });
}

/// An instruction that jumps to itself, on architectures of which it is known. On others the test fails.
const JUMP_TO_ITSELF: Option<&[u8]> = match cfg!(target_arch = "x86_64") {
    true => Some(&[0xeb, 0xfe]),
    false if cfg!(target_arch = "aarch64") => Some(&[0, 0, 0, 0x14]),
    false => None,
};

/// Has a process go round in circles once what it waits for comes: the instruction after its system call
/// (proc_pid_syscall(5)) jumps to itself from now on.
fn spin(process: Pid, jump: &[u8]) {
    let folder = format!("/proc/{}", process.as_raw_nonzero());
    let mut after = None;
    wait_until("the process waits for something", || {
        let call = fs::read_to_string(format!("{folder}/syscall")).unwrap_or_default();
        let last = call.split_whitespace().last().unwrap_or_default();
        let hex = last.strip_prefix("0x").unwrap_or_default();
        after = u64::from_str_radix(hex, 16).ok();
        after.is_some()
    });
    let memory = fs::OpenOptions::new()
        .write(true)
        .open(format!("{folder}/mem"));
    memory.unwrap().write_all_at(jump, after.unwrap()).unwrap();
}

#[test]
fn a_helper_that_goes_round_in_circles_is_replaced_and_holds_up_nobody() {
    require_root_kernel!();
    let jump = JUMP_TO_ITSELF.unwrap();
    for driver in drivers() {
        let (mut lab, [front, _back]) = lab(&driver);
        let first = started_resolver(&lab.host);
        spin(Pid::from_raw(first.try_into().unwrap()).unwrap(), jump);
        wait_until("another process answers", || {
            resolver(&lab.host).is_some_and(|now| now != first)
        });
        // It was given up, and had not ended by itself.
        let log = lab.host.log();
        let is_told = ["it comes to no end", "it did not answer within 60s"];
        assert!(is_told.iter().any(|how| log.contains(how)), "{log}");
        let gateway = front.endpoint["gateways"][0].as_str().unwrap();
        let own = front.v4(0).ip().to_string();
        let answer = ask_udp(&front.netns, gateway.parse().unwrap(), "front", "A");
        assert_eq!(answer, Some(Answer::of(&[&own])));
        let kept = driver_processes(&lab.host, &driver);
        assert!(!kept.is_empty(), "{driver} keeps a process running");
        kept.iter().for_each(|process| spin(*process, jump));
        every_command(&lab);
        // By the time that it used of processors, or, where too many want these, by the clock.
        let log = lab.host.log();
        let is_told = ["comes to no end", "did not answer within 30s"];
        assert!(is_told.iter().any(|how| log.contains(how)), "{log}");
        let now = driver_processes(&lab.host, &driver);
        assert!(kept.iter().all(|process| !now.contains(process)));
        now.iter().for_each(|process| spin(*process, jump));
        lab.host.netns.sh("nft flush ruleset");
        wait_until("the table is back", || lab.host.log().contains("put back"));
        assert_eq!(lab.host.ruleset_diff(), "");
        lab.host.stop();
    }
}

#[test]
fn a_resolver_that_is_stopped_is_replaced_and_holds_up_nobody() {
    require_root_kernel!();
    for driver in drivers() {
        let (mut lab, [front, _back]) = lab(&driver);
        let first = stop_resolver(&lab.host);
        every_command(&lab);
        lab.host.netns.sh("nft flush ruleset");
        wait_until("the table is back", || lab.host.log().contains("put back"));
        wait_until("another process answers", || {
            resolver(&lab.host).is_some_and(|now| now != first)
        });
        // Not after a time limit: a starved process would not keep that either.
        let log = lab.host.log();
        assert!(log.contains("process: it is stopped"), "{log}");
        let gateway = front.endpoint["gateways"].as_array().unwrap();
        let gateway = gateway.iter().find_map(|ip| {
            let ip: std::net::IpAddr = ip.as_str()?.parse().ok()?;
            ip.is_ipv4().then_some(ip)
        });
        let own = front.v4(0).ip().to_string();
        let answer = ask_udp(&front.netns, gateway.unwrap(), "front", "A");
        assert_eq!(answer, Some(Answer::of(&[&own])));
        stop_resolver(&lab.host);
        lab.host.stop();
    }
}

#[test]
fn a_resolver_that_is_at_work_is_let_be() {
    require_root_kernel!();
    let host = Host::with_driver("auto");
    let first = Some(started_resolver(&host));
    // Longer than a pause and the time for an answer together.
    std::thread::sleep(Duration::from_secs(9));
    assert_eq!(resolver(&host), first, "{}", host.log());
}

#[test]
fn the_service_manager_hears_that_the_daemon_is_at_work_and_not_while_commands_stand_still() {
    require_root_kernel!();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let (asleep, nft) = (folder.path().join("asleep"), folder.path().join("nft"));
    let script = format!(
        "#!/bin/sh\n[ -e {} ] && exec sleep 1000\nexec {} \"$@\"\n",
        asleep.display(),
        find_program("nft").unwrap().display()
    );
    fs::write(&nft, script).unwrap();
    fs::set_permissions(&nft, fs::Permissions::from_mode(0o755)).unwrap();
    let nft = nft.display().to_string();
    let arguments = ["--nft-driver", "exec", "--nft-path", &nft];
    let mut host = Host::new(Programs::of_this_tree(), &arguments);
    host.start_by(&format!(
        "export NOTIFY_SOCKET={} WATCHDOG_USEC=1500000; exec \"$@\"",
        path.display()
    ));
    host.start();
    let hear = || {
        let mut said = [0; 1024];
        let count = manager.recv(&mut said).unwrap();
        String::from_utf8_lossy(&said[..count]).into_owned()
    };
    let mut heard = 0;
    while heard < 3 {
        heard += usize::from(hear().contains("WATCHDOG=1"));
    }
    // The next nft sleeps, and is given up after a while.
    fs::write(&asleep, "").unwrap();
    for process in children(&host, "-i") {
        kill_process(process, Signal::KILL).unwrap();
    }
    let command = host.tidegate(&["network", "create", "web"]);
    assert_ne!(command.code, Some(0), "{command:#?}");
    assert!(
        host.log().contains("not notifying the service manager"),
        "{}",
        host.log()
    );
    fs::remove_file(&asleep).unwrap();
    while !hear().contains("WATCHDOG=1") {}
    host.stop();
}
