//! What people write at the keyboard, and what they are told.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use serde_json::json;
use tidegate_tests::user::{NOBODY, as_user};
use tidegate_tests::{Host, Lab, Netns, require_root_kernel};

use crate::{drivers, unstarted};

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// What a refused command prints.
fn refused(host: &Host, line: &str) -> String {
    let output = host.tidegate(&words(line));
    assert_eq!(output.code, Some(1), "{output:#?}");
    output.stderr
}

#[test]
fn lists_are_taken_with_commas_and_addresses_of_both_families_by_either_flag() {
    require_root_kernel!();
    let lab = Lab::with_driver(&drivers()[0]);
    let host = &lab.host;
    host.ok(&words("network create web --subnet 10.9.0.0/24,fd50::/64"));
    for (flags, addresses) in [
        (
            "--ip fd50::10 --ip 10.9.0.10",
            ["10.9.0.10/24", "fd50::10/64"],
        ),
        ("--ip 10.9.0.11,fd50::11", ["10.9.0.11/24", "fd50::11/64"]),
        (
            "--ip6 10.9.0.12 --ip fd50::12",
            ["10.9.0.12/24", "fd50::12/64"],
        ),
    ] {
        let netns = Netns::new();
        let attach = format!("attach web --netns {} {flags}", netns.name());
        let endpoint = host.json(&words(&attach));
        assert_eq!(endpoint["addresses"], json!(addresses), "{flags}");
    }
    let wrong = refused(host, "network create db --subnet 10.8.0.0");
    assert_eq!(
        wrong,
        "error: invalid prefix \"10.8.0.0\": it has no prefix length (--subnet)\n\
         hint: write the prefix length too, such as 10.8.0.0/24\n"
    );
}

#[test]
fn published_ranges_stay_ranges_and_a_host_port_withdraws_its_port() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        host.ok(&words("network create web --no-ipv6"));
        let _front = lab.attach("web", "front", &["8443:443", "9000-9009:90-99", "80:8080"]);
        host.ok(&words("publish front 8080:80 --allow 192.0.2.0/24"));
        let listed = host.ok(&words("endpoint ls"));
        let ports = "8443:443/tcp,9000-9009:90-99/tcp,80:8080/tcp,8080:80/tcp (restricted)";
        assert!(listed.contains(ports), "{listed}");
        let ports = host.ok(&words("port ls"));
        let lines: Vec<Vec<&str>> = ports
            .lines()
            .map(|it| it.split_whitespace().collect())
            .collect();
        assert_eq!(
            lines[2],
            [
                "9000-9009:90-99/tcp",
                "front",
                "web",
                "10.208.0.2",
                "everybody",
                "daemon"
            ]
        );
        assert_eq!(
            lines[4],
            [
                "8080:80/tcp",
                "front",
                "web",
                "10.208.0.2",
                "192.0.2.0/24",
                "daemon"
            ]
        );
        assert_eq!(host.json(&words("port ls"))[0]["ports"], "8443:443/tcp");
        let ambiguous = refused(host, "unpublish front 80");
        assert!(
            ambiguous.contains("ambiguous: it is the endpoint's port of 8080:80/tcp"),
            "{ambiguous}"
        );
        let withdrawn = host.ok(&words("unpublish front 8443"));
        assert!(
            withdrawn.starts_with("ENDPOINT  WITHDRAWN     STILL PUBLISHED\nfront     8443:443/tcp  9000-9009:90-99/tcp,"),
            "{withdrawn}"
        );
        host.ok(&words("unpublish front 9003"));
        let listed = host.ok(&words("endpoint ls"));
        let ports = "9000-9002:90-92/tcp,9004-9009:94-99/tcp,80:8080/tcp";
        assert!(
            listed.contains(ports) && !listed.contains("8443"),
            "{listed}"
        );
        assert_eq!(host.ruleset_diff(), "", "{driver}");
    }
}

/// What is published or withdrawn is told, also where one word means several ports.
#[test]
fn publish_and_unpublish_tell_what_they_changed() {
    require_root_kernel!();
    let lab = Lab::with_driver(&drivers()[0]);
    let host = &lab.host;
    host.ok(&words("network create web --no-ipv6"));
    let _front = lab.attach("web", "front", &["8080:80", "127.0.0.1:9000:80", "81:81"]);
    let published = host.ok(&words("publish front 82"));
    assert_eq!(
        published.lines().last().unwrap(),
        "front     61000:82/tcp  8080:80/tcp,127.0.0.1:9000:80/tcp,81:81/tcp,61000:82/tcp"
    );
    let again = refused(host, "publish front 8080:80");
    assert_eq!(
        again,
        "error: port 8080:80/tcp is already published by this endpoint, front, as 8080:80/tcp\n\
         hint: leave it out: clients reach it already; to change which, `tidegate unpublish front 8080:80/tcp` first\n"
    );
    let taken = refused(host, "publish front 81:83");
    assert!(
        taken.contains("(`83/tcp` takes a free one)") && !taken.contains("-p "),
        "{taken}"
    );
    let withdrawn = host.ok(&words("unpublish front 80"));
    assert_eq!(
        withdrawn,
        "ENDPOINT  WITHDRAWN                          STILL PUBLISHED\n\
         front     8080:80/tcp,127.0.0.1:9000:80/tcp  81:81/tcp,61000:82/tcp\n"
    );
    let changed = host.json(&words("unpublish front 81"));
    assert_eq!(changed["changed"], json!(["81:81/tcp"]));
    assert_eq!(changed["ports"], json!(["61000:82/tcp"]));
    // A name that `explain` means something else by.
    let netns = Netns::new();
    for line in [
        "network create host",
        "network create 10.0.0.1",
        &format!("attach web --netns {} --name outside", netns.name()),
        &format!("attach web --netns {} --alias gateway", netns.name()),
    ] {
        let told = refused(host, line);
        assert!(
            told.starts_with("error: ") && told.contains("\nhint: choose "),
            "{told}"
        );
    }
}

#[test]
fn a_bridge_with_the_name_of_another_interface_is_refused_in_a_sentence() {
    require_root_kernel!();
    let lab = Lab::with_driver(&drivers()[0]);
    let before = lab.host.snapshot();
    let told = refused(&lab.host, "network create web --bridge wan");
    assert!(
        told.contains("the host has an interface wan already"),
        "{told}"
    );
    assert!(told.contains("\nhint: choose another --bridge"), "{told}");
    assert!(!told.contains("os error"), "{told}");
    let after = lab.host.snapshot();
    assert_eq!(after.ruleset, before.ruleset);
    assert!(after.has_link("wan"));
    assert_eq!(lab.host.json(&words("network ls")), json!([]));
}

#[test]
fn a_user_who_may_not_use_the_socket_is_told_which_group_may() {
    require_root_kernel!();
    let mut host = unstarted(&[]);
    host.start();
    // A group that every system has.
    chown(host.socket(), None, Some(100)).unwrap();
    set_permissions(host.socket(), Permissions::from_mode(0o660)).unwrap();
    set_permissions(host.folder(), Permissions::from_mode(0o755)).unwrap();
    let output = as_user(&host.netns, NOBODY, || {
        host.client_command(&["info"]).output().unwrap()
    });
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.starts_with("error: no permission to talk to tidegated"),
        "{told}"
    );
    let group = "or join the group users with `usermod -aG users USER`";
    assert!(
        told.contains(group) && told.contains("root's power over the network"),
        "{told}"
    );
    // Nobody made a group for it.
    chown(host.socket(), None, Some(0)).unwrap();
    let output = as_user(&host.netns, NOBODY, || {
        host.client_command(&["info"]).output().unwrap()
    });
    let told = String::from_utf8(output.stderr).unwrap();
    for step in [
        "open the socket to the group tidegate",
        "chgrp tidegate ",
        "usermod -aG tidegate USER",
    ] {
        assert!(told.contains(step), "{step}: {told}");
    }
}
