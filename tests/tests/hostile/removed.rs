//! Another program removes interfaces of ours while the daemon runs.

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Attached, Host, Lab, require_root_kernel, wait_until};

use crate::drivers;

fn is_well(host: &Host) -> bool {
    host.tidegate(&["doctor"]).code == Some(0) && host.json(&["info"])["degraded"].is_null()
}

fn wait_until_well(host: &Host) {
    wait_until("all is well", || is_well(host));
    assert_eq!(host.ruleset_diff(), "");
}

fn is_served(lab: &Lab) -> bool {
    let reply = ask_tcp(&lab.outside, "192.0.2.1:8080".parse().unwrap());
    reply.is_ok_and(|reply| reply.server == "front")
}

/// Two endpoints of an ordinary network, of which one publishes a port, with its server.
fn stage(driver: &str) -> (Lab, [Attached; 2], Server) {
    let lab = Lab::with_driver(driver);
    lab.host.ok(&["network", "create", "web"]);
    let front = lab.attach("web", "front", &["8080:80"]);
    let back = lab.attach("web", "back", &[]);
    let server = Server::start(&front.netns, "front", 80);
    assert!(is_served(&lab));
    (lab, [front, back], server)
}

#[test]
fn a_bridge_is_made_again_with_its_ports() {
    require_root_kernel!();
    for driver in drivers() {
        let (lab, [front, back], _server) = stage(&driver);
        let host = &lab.host;
        // Of one without addresses the kernel tells less.
        let closed = ["--isolated", "--host-access", "none"];
        host.ok(&[&["network", "create", "cell"][..], &closed].concat());
        let cells = ["one", "two"].map(|name| lab.attach("cell", name, &[]));
        let _one = Server::start(&cells[0].netns, "one", 80);
        let before = host.json(&["endpoint", "ls"]);
        for bridge in ["tgb0", "tgb3"] {
            host.netns.sh(&format!("ip link del {bridge}"));
            wait_until_well(host);
            assert!(
                host.netns
                    .sh(&format!("ip -o link show master {bridge}"))
                    .contains("tgv")
            );
        }
        wait_until("it is served", || is_served(&lab));
        assert_eq!(ask_tcp(&back.netns, front.v6(80)).unwrap().server, "front");
        assert_eq!(
            ask_tcp(&cells[1].netns, cells[0].v4(80)).unwrap().server,
            "one"
        );
        assert_eq!(host.json(&["endpoint", "ls"]), before);
        host.ok(&["publish", "back", "8081:80"]);
        host.ok(&["network", "rm", "--force", "web"]);
        assert!(!host.netns.sh("ip -o link").contains("tgb0"));
    }
}

#[test]
fn a_pair_removed_at_either_end_is_created_again() {
    require_root_kernel!();
    for driver in drivers() {
        let (lab, [front, back], _server) = stage(&driver);
        let host_end = front.endpoint["host-ifname"].as_str().unwrap();
        lab.host.netns.sh(&format!("ip link del {host_end}"));
        wait_until("it is served", || is_served(&lab));
        wait_until_well(&lab.host);
        front.netns.sh("ip link del eth0");
        wait_until("it is served", || is_served(&lab));
        wait_until_well(&lab.host);
        assert_eq!(ask_tcp(&back.netns, front.v4(80)).unwrap().server, "front");
        lab.host.ok(&["detach", "front"]);
        assert!(!front.netns.sh("ip -o link").contains("eth0"));
    }
}

#[test]
fn a_bridge_whose_name_another_takes_at_once_is_degraded_until_that_goes() {
    require_root_kernel!();
    for driver in drivers() {
        let (lab, [_front, _back], _server) = stage(&driver);
        let host = &lab.host;
        host.ok(&["network", "create", "db"]);
        host.ok(&["network", "connect", "web", "db"]);
        // The daemon would be quicker.
        let daemon = Pid::from_raw(host.pid().unwrap().try_into().unwrap()).unwrap();
        kill_process(daemon, Signal::STOP).unwrap();
        host.netns
            .sh("ip link del tgb0; ip link add tgb0 type bridge");
        kill_process(daemon, Signal::CONT).unwrap();
        let down = |what: &str, name: &str| {
            host.json(&[what, "inspect", name])["degraded"]["down"] == true
        };
        wait_until("it is told", || {
            down("network", "web") && down("endpoint", "front")
        });
        let listed = host.ok(&["network", "ls"]);
        assert!(
            listed.contains("degraded, down: its bridge tgb0 was removed"),
            "{listed}"
        );
        let rules = host.netns.sh("nft list table inet tidegate");
        assert!(
            !rules.contains("tgb0") && !rules.contains("8080"),
            "{rules}"
        );
        assert_eq!(host.ruleset_diff(), "");
        assert!(
            host.tidegate(&["doctor"])
                .stdout
                .contains("degraded: network web")
        );
        host.netns.sh("ip link del tgb0");
        wait_until_well(host);
        wait_until("it is served", || is_served(&lab));
    }
}
