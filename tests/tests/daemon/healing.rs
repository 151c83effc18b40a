//! The daemon restores the table without a command, after any program removed it.

use std::net::SocketAddr;

use tidegate_tests::traffic::{Server, ask_tcp};
use tidegate_tests::{Host, Lab, require_root_kernel, wait_until};

use crate::drivers;

const PUT_BACK: &str = "changed by another program: put back";

/// What others do to a table that is not theirs.
const HARM: &[(&str, &str)] = &[
    ("nft flush ruleset", "table deleted"),
    ("nft delete table inet tidegate", "table deleted"),
    (
        "nft delete element inet tidegate publish4 '{ tcp . 8080 }'",
        "element of set publish4 deleted",
    ),
    (
        "nft insert rule inet tidegate forward drop",
        "rule of chain forward added",
    ),
    // As nftables.service is reloaded.
    (
        "printf 'flush ruleset\\ntable inet filter { chain input { type filter hook input priority 0; }; }\\n' | nft -f -",
        "table deleted",
    ),
];

fn published() -> SocketAddr {
    "192.0.2.1:8080".parse().unwrap()
}

fn put_back(host: &Host) -> usize {
    host.log().matches(PUT_BACK).count()
}

#[test]
fn every_change_of_the_table_is_undone_without_a_command_and_logged_with_its_program() {
    require_root_kernel!();
    for driver in drivers() {
        for (harm, what) in HARM {
            let lab = Lab::with_driver(&driver);
            lab.host.ok(&["network", "create", "web"]);
            let front = lab.attach("web", "front", &["8080:80"]);
            let _server = Server::start(&front.netns, "front", 80);
            lab.host.netns.sh(harm);
            wait_until("the change is said to be mended", || {
                put_back(&lab.host) > 0
            });
            assert_eq!(lab.host.ruleset_diff(), "", "after {harm}");
            let reply = ask_tcp(&lab.outside, published()).unwrap();
            assert_eq!(reply.server, "front", "after {harm}");
            let log = lab.host.log();
            let line = log.lines().find(|line| line.contains(PUT_BACK)).unwrap();
            assert!(line.contains("program=\"nft\""), "{line}");
            assert!(line.contains(what), "{line}");
            let process = line.split("process=").nth(1).unwrap();
            let process: u32 = process.split(' ').next().unwrap().parse().unwrap();
            assert_ne!(process, 0, "{line}");
        }
    }
}

#[test]
fn the_daemons_own_changes_cause_no_repair() {
    require_root_kernel!();
    for driver in drivers() {
        let mut lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let _front = lab.attach("web", "front", &["8080:80", "8081:81/udp"]);
        lab.host.ok(&["detach", "front"]);
        // Others' own tables are theirs.
        lab.host
            .netns
            .sh("nft add table inet other; nft delete table inet other");
        lab.host.ok(&["network", "rm", "web"]);
        // The last change of all is one that is mended: those before it have been looked at.
        assert_eq!(put_back(&lab.host), 0, "{}", lab.host.log());
        lab.host.netns.sh("nft delete table inet tidegate");
        wait_until("the last change is mended", || put_back(&lab.host) > 0);
        assert_eq!(put_back(&lab.host), 1, "{}", lab.host.log());
        lab.host.stop();
    }
}
