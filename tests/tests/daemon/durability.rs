//! A change that was confirmed survives the end of the daemon, and a change that was not confirmed does not.

use std::collections::BTreeSet;

use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Host, Lab, require_root_kernel, wait_until};

use crate::agreement::{assert_agreement, links, names};
use crate::drivers;

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
        let _stays = lab.attach("web", "stays", &[]);
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
    }
}

#[test]
fn an_endpoint_is_removed_by_itself_when_its_namespace_ends() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80"]);
        let stays = lab.attach("web", "stays", &[]);
        assert_eq!(lab.host.ok(&["gc"]), "");
        drop(front);
        let listed = |host: &Host| names(&host.json(&["endpoint", "ls"]));
        wait_until("the endpoint is gone", || listed(&lab.host).len() == 1);
        assert_eq!(listed(&lab.host), BTreeSet::from(["stays".into()]));
        let log = lab.host.log();
        let line = log
            .lines()
            .find(|line| line.contains("its namespace is gone"));
        assert!(line.is_some_and(|line| line.contains("front")), "{log}");
        assert_agreement(&mut lab.host);
        // One whose last name is gone lives as long as a process is in it.
        let mut inside = stays.netns.command("sleep").arg("600").spawn().unwrap();
        let name = stays.netns.name().to_owned();
        wait_until("the process is in it", || {
            !lab.host
                .netns
                .sh(&format!("ip netns pids {name}"))
                .is_empty()
        });
        drop(stays);
        assert_eq!(lab.host.ok(&["gc"]), "");
        assert_eq!(listed(&lab.host), BTreeSet::from(["stays".into()]));
        inside.kill().unwrap();
        inside.wait().unwrap();
        wait_until("the endpoint is gone", || listed(&lab.host).is_empty());
        assert_agreement(&mut lab.host);
    }
}

#[test]
fn a_path_that_leads_to_the_hosts_own_namespace_now_costs_that_endpoint_only() {
    require_root_kernel!();
    let mut lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    let netns = tidegate_tests::Netns::new();
    let path = lab.host.folder().join("box");
    std::os::unix::fs::symlink(netns.path(), &path).unwrap();
    lab.host
        .ok(&["attach", "web", "--netns", path.to_str().unwrap()]);
    let _stays = lab.attach("web", "stays", &[]);
    lab.host.kill();
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(lab.host.netns.path(), &path).unwrap();
    lab.host.start();
    let listed = names(&lab.host.json(&["endpoint", "ls"]));
    assert_eq!(listed, BTreeSet::from(["stays".into()]));
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
    let degraded = |name: &str| lab.host.json(&["endpoint", "inspect", name])["degraded"].clone();
    assert_eq!(degraded("front")["down"], true);
    assert!(degraded("stays").is_null());
    assert!(!lab.host.ok(&["ruleset"]).contains("8080"));
    front.netns.sh("ip link del eth0");
    lab.host.ok(&["publish", "front", "8081:81"]);
    assert!(degraded("front").is_null());
    assert!(lab.host.ok(&["ruleset"]).contains("8080"));
    assert_agreement(&mut lab.host);
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
