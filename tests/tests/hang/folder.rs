//! A state folder on a file system that comes to hang: a command that is to write there keeps the others waiting, and
//! nothing else.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::{DeadMount, Host, Lab, require_root_kernel, wait_until};

use crate::drivers;

/// Has the state folder lead to nowhere, as that of a file system whose server is gone; the path that it is kept at.
fn comes_to_hang(host: &Host, dead: &DeadMount) -> std::path::PathBuf {
    let kept = host.folder().join("kept");
    fs::rename(host.state_dir(), &kept).unwrap();
    dead.link(&host.state_dir());
    kept
}

fn answers_again(host: &Host, kept: &std::path::Path) {
    fs::remove_file(host.state_dir()).unwrap();
    fs::rename(kept, host.state_dir()).unwrap();
}

/// Begins a command that has to write.
fn begun(host: &Host) -> Child {
    let mut command = host.client_command(&["network", "create", "late", "--timeout", "300"]);
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    let command = command.stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Checks that the table is restored although another command holds the engine.
fn is_mended_past(host: &Host) {
    let count = |what: &str| host.log().matches(what).count();
    let before = count("the table is restored without waiting for it");
    // One that comes before the command has its turn is mended as ever.
    while count("the table is restored without waiting for it") == before {
        let mended = count("put back program");
        host.netns.sh("nft flush ruleset");
        wait_until("the table is put back", || {
            count("put back program") > mended
        });
    }
    let table = host.netns.sh("nft list ruleset");
    assert!(table.contains("tgb0"), "{table}");
}

fn lab(driver: &str) -> Lab {
    let lab = Lab::with_driver(driver);
    lab.host.ok(&["network", "create", "web"]);
    lab
}

#[test]
fn a_repair_does_not_wait_for_a_command_that_waits_for_the_state_directory() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = lab(&driver);
        let _front = lab.attach("web", "front", &["8080:80"]);
        let dead = DeadMount::new();
        let kept = comes_to_hang(&lab.host, &dead);
        let mut stuck = begun(&lab.host);
        let planned = lab.host.ok(&["ruleset"]);
        is_mended_past(&lab.host);
        is_mended_past(&lab.host);
        // What only asks for the state is answered, and says what was so before.
        for (command, said) in [
            (&["info"][..], "tidegated.sock"),
            (&["network", "ls"], "web"),
            (&["network", "inspect", "web"], "web"),
            (&["endpoint", "ls"], "front"),
            (&["endpoint", "inspect", "front"], "8080"),
            (&["ruleset"], &planned),
        ] {
            let answer = lab.host.ok(command);
            assert!(answer.contains(said), "{command:?}: {answer}");
        }
        assert!(stuck.try_wait().unwrap().is_none(), "it waits");
        answers_again(&lab.host, &kept);
        drop(dead);
        // Whether it was done or refused is told, and so it is.
        let is_done = stuck.wait().unwrap().success();
        let has = |lab: &Lab, name: &str| lab.host.ok(&["network", "ls"]).contains(name);
        assert_eq!(has(&lab, "late"), is_done);
        lab.host.ok(&["network", "create", "after"]);
        assert_eq!(lab.host.ruleset_diff(), "");
        lab.host.kill();
        lab.host.start();
        assert!(has(&lab, "web") && has(&lab, "after"));
        assert_eq!(has(&lab, "late"), is_done);
        assert_eq!(lab.host.ruleset_diff(), "");
        lab.host.stop();
    }
}

#[test]
fn a_stop_gets_past_a_command_that_waits_for_the_state_folder_and_the_next_start_finds_all() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = lab(&driver);
        let dead = DeadMount::new();
        let kept = comes_to_hang(&lab.host, &dead);
        let stuck = begun(&lab.host);
        is_mended_past(&lab.host);
        let status = lab.host.stop_with_status();
        assert_eq!(status.code(), Some(2), "{}", lab.host.log());
        assert!(lab.host.log().contains("stopping: some work did not end"));
        let told = stuck.wait_with_output().unwrap();
        let told = String::from_utf8(told.stderr).unwrap();
        assert!(told.contains("the daemon is being stopped"), "{told}");
        assert!(told.contains("\nhint: start tidegated again"), "{told}");
        answers_again(&lab.host, &kept);
        lab.host.start();
        let networks = lab.host.ok(&["network", "ls"]);
        assert!(networks.contains("web"), "{networks}");
        assert!(!networks.contains("late"), "{networks}");
        assert_eq!(lab.host.ruleset_diff(), "");
        lab.host.stop();
    }
}

#[test]
fn a_command_that_ends_during_a_stop_is_answered() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = lab(&driver);
        let dead = DeadMount::new();
        let kept = comes_to_hang(&lab.host, &dead);
        let late = begun(&lab.host);
        is_mended_past(&lab.host);
        let daemon = Pid::from_raw(lab.host.pid().unwrap().try_into().unwrap()).unwrap();
        kill_process(daemon, Signal::TERM).unwrap();
        wait_until("the stop begins", || {
            lab.host.log().contains("stopping: SIGTERM")
        });
        // Longer than silent clients are waited for.
        std::thread::sleep(Duration::from_secs(4));
        answers_again(&lab.host, &kept);
        drop(dead);
        let told = late.wait_with_output().unwrap();
        let text = String::from_utf8(told.stderr).unwrap();
        assert!(!text.contains("ended the connection"), "{text}");
        assert!(!text.contains("is being stopped"), "{text}");
        assert_eq!(lab.host.stop_with_status().code(), Some(0));
        lab.host.start();
        let networks = lab.host.ok(&["network", "ls"]);
        assert_eq!(
            networks.contains("late"),
            told.status.success(),
            "{networks}"
        );
        lab.host.stop();
    }
}
