//! Links that were removed and that the kernel still has for a moment.

use std::thread::sleep;
use std::time::{Duration, Instant};

use test_support::{Netns, require_root_kernel};
use tidegate_link::{Links, Location, Rtnetlink};
use tidegate_model::links::{GROUP, LinkStep};

use crate::fixture::{add_bridge, add_veth, bridge, veth};
use crate::world::{Kernel, World};

/// Far longer than it takes.
const TIME_LIMIT: Duration = Duration::from_secs(60);

fn wait_until_loopback_alone_is_left(netns: &Netns) {
    let since = Instant::now();
    while netns.sh("ip -o link").lines().count() != 1 {
        let left = netns.sh("ip -o -d addr");
        assert!(since.elapsed() < TIME_LIMIT, "{left}");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_removed_link_can_be_created_again_at_once_and_is_deleted_soon() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let netns = kernel.add_netns();
    let made = [add_bridge(1), add_veth(1, 2, &netns)];
    let removed = [
        LinkStep::DeleteVeth(veth(1, 2, &netns)),
        LinkStep::DeleteBridge(bridge(1)),
    ];
    for _ in 0..8 {
        for step in made.iter().chain(&removed) {
            kernel.links.apply(step).unwrap();
        }
    }
    wait_until_loopback_alone_is_left(&kernel.host);
    wait_until_loopback_alone_is_left(kernel.netns(&netns));
}

#[test]
fn a_removed_link_has_no_address_and_carries_no_packets() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let netns = kernel.add_netns();
    kernel.links.apply(&add_bridge(1)).unwrap();
    // Looked at while the kernel still has most of them.
    for _ in 0..20 {
        kernel.links.apply(&add_veth(1, 2, &netns)).unwrap();
        kernel
            .links
            .apply(&LinkStep::DeleteVeth(veth(1, 2, &netns)))
            .unwrap();
        let inside = kernel
            .netns(&netns)
            .sh("ip -o addr; ip -o route; ip -o link show up");
        assert!(
            !inside.contains("tgy") && !inside.contains("10.77"),
            "{inside}"
        );
        let ports = kernel
            .host
            .sh("ip -o link show master br1; ip -o link show up");
        assert!(!ports.contains("tgx"), "{ports}");
    }
}

#[test]
fn the_end_of_the_daemon_leaves_nothing_that_was_removed() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    for n in 1..=8 {
        kernel.links.apply(&add_bridge(n)).unwrap();
        kernel
            .links
            .apply(&LinkStep::DeleteBridge(bridge(n)))
            .unwrap();
    }
    drop(kernel.links);
    assert_eq!(kernel.host.sh("ip -o link").lines().count(), 1);
}

#[test]
fn the_next_daemon_deletes_retired_links_of_a_killed_one() {
    require_root_kernel!();
    let host = Netns::new();
    // As they are left: the next group after ours is that of pairs, the one after it that of bridges.
    let (pairs, bridges) = (GROUP + 1, GROUP + 2);
    host.sh(&format!(
        "ip link add tgx2 group {pairs} type veth peer name tgx3
         ip link add tgx4 group {bridges} type bridge"
    ));
    let mut links = Rtnetlink::open(&Location::Path(host.path())).unwrap();
    let listed = links.links().unwrap();
    let is_retired = |name: &str| name == "tgx2" || name == "tgx4";
    assert!(!listed.iter().any(|link| is_retired(link.ifname.as_str())));
    wait_until_loopback_alone_is_left(&host);
}

#[test]
fn a_pair_whose_other_end_has_another_name_now_is_gone_with_the_answer() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let netns = kernel.add_netns();
    kernel.links.apply(&add_bridge(1)).unwrap();
    kernel.links.apply(&add_veth(1, 2, &netns)).unwrap();
    let inside = kernel.netns(&netns);
    inside.sh("ip link set eth0 down; ip link set eth0 name other
               ip link add eth0 type bridge");
    kernel
        .links
        .apply(&LinkStep::DeleteVeth(veth(1, 2, &netns)))
        .unwrap();
    let left = kernel.netns(&netns).sh("ip -o link");
    assert!(!left.contains("other") && left.contains("eth0"), "{left}");
}
