//! A state directory that is not the one of the host: a start refuses it and changes nothing.

use std::fs;
use std::path::PathBuf;

use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Host, Lab, Output, require_root_kernel};

use crate::{drivers, unstarted};

fn database(host: &Host) -> PathBuf {
    host.state_dir().join("state.redb")
}

/// What a refused start must leave as it is: links with their addresses, and rules.
fn everything(host: &Host) -> String {
    host.netns
        .sh("ip -o link | cut -d: -f1,2; ip -o addr show scope global; nft list ruleset")
}

/// Starts the daemon, which must refuse and change nothing.
fn refused(host: &Host, reason: &str) -> Output {
    let before = everything(host);
    let output = host.start_to_end();
    assert_eq!(output.code, Some(1), "{output:#?}");
    let expected = format!("the saved state in {} {reason}", host.state_dir().display());
    assert!(output.stderr.contains(&expected), "{output:#?}");
    for hint in [
        "\nhint: the networks of this host still work",
        "--state-dir",
        "--discard-unknown",
    ] {
        assert!(output.stderr.contains(hint), "{output:#?}");
    }
    assert_eq!(everything(host), before, "{reason}");
    output
}

/// The state of another host: with the same name, subnets and bridge.
fn state_of_another_host() -> Vec<u8> {
    let mut other = unstarted(&[]);
    other.start();
    other.ok(&["network", "create", "web"]);
    other.stop();
    fs::read(database(&other)).unwrap()
}

#[test]
fn a_state_directory_that_is_not_the_hosts_removes_nothing() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let _server = Server::start(&front.netns, "front", 80);
        lab.host.stop();
        let older = fs::read(database(&lab.host)).unwrap();
        lab.host.start();
        lab.host
            .ok(&["network", "create", "db", "--internal", "--bridge", "br-db"]);
        let _back = lab.attach("db", "back", &[]);
        lab.host.ok(&["network", "create", "lone", "--isolated"]);
        let believed = lab.host.json(&["endpoint", "ls"]);
        lab.host.stop();
        let right = fs::read(database(&lab.host)).unwrap();
        let inside = front.netns.sh("ip -o link show eth0");

        // It is not mounted, or misspelt.
        fs::remove_dir_all(lab.host.state_dir()).unwrap();
        let output = refused(&lab.host, "is empty, and a start would remove bridge ");
        for known in [
            "bridge tgb0 (",
            "; 1 endpoint)",
            "bridge br-db (",
            "bridge tgb4 (",
        ] {
            assert!(output.stderr.contains(known), "{output:#?}");
        }
        assert!(
            !lab.host.state_dir().exists(),
            "a refused start left a file"
        );
        // Nothing but the flag stands for the flag.
        let mut by_environment = lab.host.daemon_command();
        by_environment.env("TIDEGATE_DISCARD_UNKNOWN", "true");
        assert_eq!(by_environment.output().unwrap().status.code(), Some(1));

        fs::create_dir_all(lab.host.state_dir()).unwrap();
        fs::write(database(&lab.host), state_of_another_host()).unwrap();
        refused(&lab.host, "is not the one of this host's networks");
        fs::write(database(&lab.host), &older).unwrap();
        let output = refused(&lab.host, "is older than this host's networks");
        assert!(!output.stderr.contains("bridge tgb0"), "{output:#?}");

        fs::write(database(&lab.host), &right).unwrap();
        lab.host.start();
        assert_eq!(lab.host.json(&["endpoint", "ls"]), believed);
        assert_eq!(front.netns.sh("ip -o link show eth0"), inside);
        let reply = ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap());
        assert_eq!(reply.unwrap().server, "front");
        lab.host.stop();

        fs::write(database(&lab.host), &older).unwrap();
        lab.host.add_arguments(&["--discard-unknown"]);
        lab.host.start();
        let log = lab.host.log();
        assert!(log.contains("removing bridge br-db ("), "{log}");
        assert!(!lab.host.netns.sh("ip -o link").contains("br-db"));
        assert_eq!(front.netns.sh("ip -o link show eth0"), inside);
    }
}

#[test]
fn networks_without_a_mark_are_kept_and_marked_by_their_own_state_alone() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    host.ok(&["network", "create", "web"]);
    host.stop();
    // As release 0.1.0 leaves them.
    host.netns.sh("ip link set tgb0 alias ''");
    let right = fs::read(database(&host)).unwrap();
    fs::remove_file(database(&host)).unwrap();
    refused(&host, "is empty");
    fs::write(database(&host), right).unwrap();
    host.start();
    let link = host.netns.sh("ip -d link show tgb0");
    assert!(link.contains("alias tidegate state "), "{link}");
}

#[test]
fn a_damaged_state_is_not_given_up_by_what_its_hint_says() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    host.ok(&["network", "create", "web"]);
    host.stop();
    fs::write(database(&host), "scribble").unwrap();
    let before = everything(&host);
    let output = host.start_to_end();
    assert_eq!(output.code, Some(2), "{output:#?}");
    assert!(
        output.stderr.contains("restore it from a backup"),
        "{output:#?}"
    );
    let damaged = database(&host).with_extension("redb.damaged");
    let moved = format!("mv {} {}", database(&host).display(), damaged.display());
    assert!(output.stderr.contains(&moved), "{output:#?}");
    host.netns.sh(&moved);
    refused(&host, "is empty");
    assert_eq!(everything(&host), before);
    host.add_arguments(&["--discard-unknown"]);
    host.start();
    assert_eq!(host.ok(&["network", "ls", "--json"]).trim(), "[]");
}
