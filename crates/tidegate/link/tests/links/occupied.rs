//! What is occupied, as it changes.

use std::collections::BTreeSet;

use ipnet::IpNet;
use test_support::require_root_kernel;
use tidegate_link::{Links, Location, Rtnetlink};
use tidegate_model::links::LinkStep;

use crate::fixture::{add_bridge, add_veth, bridge};
use crate::world::{Kernel, World};

/// What is occupied, without what every host has.
fn occupied(kernel: &mut Kernel) -> BTreeSet<String> {
    let routes = kernel.links.occupied_subnets().unwrap().into_iter();
    let is_own = |net: &IpNet| net.addr().is_loopback() || net.to_string().starts_with("fe80");
    let others = routes.filter(|net| !is_own(net));
    others.map(|net| net.to_string()).collect()
}

fn assert_occupied(kernel: &mut Kernel, wanted: &[&str]) {
    let wanted: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
    assert_eq!(occupied(kernel), wanted);
}

#[test]
fn changes_of_routes_addresses_and_links_by_others_are_noticed_at_once() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    assert_occupied(&mut kernel, &[]);
    kernel.host.sh(
        "ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up
             ip address add 192.0.2.1/24 dev up0",
    );
    assert_occupied(&mut kernel, &["192.0.2.0/24"]);
    kernel
        .host
        .sh("ip route add 198.51.100.0/24 via 192.0.2.9; ip -6 route add fd88::/48 dev up0");
    assert_occupied(
        &mut kernel,
        &["192.0.2.0/24", "198.51.100.0/24", "fd88::/48"],
    );
    // The kernel does not tell of the IPv4 routes that go with it.
    kernel.host.sh("ip link set up0 down");
    assert_occupied(&mut kernel, &["192.0.2.0/24"]);
    kernel
        .host
        .sh("ip address add 10.9.0.1/16 dev up1; ip link del up0");
    assert_occupied(&mut kernel, &[]);
}

#[test]
fn changes_of_our_own_bridges_are_noticed_too() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let ours = ["10.77.1.0/24", "fd77:1::/64"];
    assert_occupied(&mut kernel, &[]);
    for _ in 0..3 {
        kernel.links.apply(&add_bridge(1)).unwrap();
        assert_occupied(&mut kernel, &ours);
        kernel.host.sh("ip route add 198.51.100.0/24 via 10.77.1.9");
        let more = [&ours[..], &["198.51.100.0/24"]].concat();
        assert_occupied(&mut kernel, &more);
        kernel
            .links
            .apply(&LinkStep::DeleteBridge(bridge(1)))
            .unwrap();
        assert_occupied(&mut kernel, &[]);
    }
    // One that an earlier daemon made.
    kernel.links.apply(&add_bridge(1)).unwrap();
    kernel.links = Rtnetlink::open(&Location::Path(kernel.host.path())).unwrap();
    kernel.links.links().unwrap();
    assert_occupied(&mut kernel, &ours);
    kernel
        .links
        .apply(&LinkStep::DeleteBridge(bridge(1)))
        .unwrap();
    assert_occupied(&mut kernel, &[]);
}

#[test]
fn more_than_can_be_heard_is_looked_up() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    let netns = kernel.add_netns();
    kernel.links.apply(&add_bridge(1)).unwrap();
    kernel.links.apply(&add_veth(1, 2, &netns)).unwrap();
    kernel.links.occupied_subnets().unwrap();
    kernel.host.sh(
        "for a in $(seq 0 15); do for b in $(seq 0 255); do echo route add 172.16.$a.$b via 10.77.1.9; done; done | ip -batch -",
    );
    assert_eq!(occupied(&mut kernel).len(), 2 + 16 * 256);
}
