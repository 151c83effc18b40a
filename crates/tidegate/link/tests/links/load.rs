//! Many links, and several at work at once.

use std::thread;

use test_support::{Netns, require_root_kernel};
use tidegate_link::{Links, Location, Rtnetlink};
use tidegate_model::links::{GROUP, LinkStep};

use crate::fixture::{add_bridge, bridge, ifname, veth};
use crate::world::{Kernel, World};

#[test]
fn two_hundred_veths_are_made_and_removed() {
    require_root_kernel!();
    let mut kernel = Kernel::new();
    kernel.links.apply(&add_bridge(1)).unwrap();
    let recorded = kernel.add_netns();
    let veths: Vec<_> = (2..=201)
        .map(|host| {
            let mut veth = veth(1, host, &recorded);
            veth.peer.ifname = ifname(&format!("eth{host}"));
            veth.peer.gateways.clear();
            veth
        })
        .collect();
    for veth in &veths {
        kernel
            .links
            .apply(&LinkStep::AddVeth(veth.clone()))
            .unwrap();
    }
    let links = kernel.links.links().unwrap();
    let ports = links
        .iter()
        .filter(|link| link.master == Some(ifname("br1")));
    assert_eq!(ports.count(), 200);
    assert_eq!(links.iter().filter(|link| link.group == GROUP).count(), 201);
    for veth in veths {
        kernel.links.apply(&LinkStep::DeleteVeth(veth)).unwrap();
    }
    let facts = kernel.links.netns(&recorded.path).unwrap();
    assert_eq!(facts.ifnames, [ifname("lo")]);
}

#[test]
fn two_sockets_in_one_namespace_do_not_disturb_each_other() {
    require_root_kernel!();
    let host = Netns::new();
    let make = |numbers: std::ops::Range<u8>| {
        let mut links = Rtnetlink::open(&Location::Path(host.path())).unwrap();
        for n in numbers {
            links.apply(&add_bridge(n)).unwrap();
            links.links().unwrap();
            links.occupied_subnets().unwrap();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| make(1..41));
        scope.spawn(|| make(41..81));
    });
    let mut links = Rtnetlink::open(&Location::Path(host.path())).unwrap();
    let listed = links.links().unwrap();
    for n in 1..81 {
        let wanted = bridge(n);
        let found = listed.iter().find(|link| link.ifname == wanted.ifname);
        assert_eq!(found.unwrap().addresses, wanted.addresses);
    }
}

#[test]
fn of_two_processes_that_create_the_same_bridge_one_succeeds_completely() {
    require_root_kernel!();
    let host = Netns::new();
    for n in 1..=20 {
        let make = || {
            let mut links = Rtnetlink::open(&Location::Path(host.path())).unwrap();
            links.apply(&add_bridge(n)).is_ok()
        };
        let made = thread::scope(|scope| {
            let other = scope.spawn(make);
            [make(), other.join().unwrap()]
        });
        assert_eq!(made.iter().filter(|made| **made).count(), 1);
        let mut links = Rtnetlink::open(&Location::Path(host.path())).unwrap();
        let listed = links.links().unwrap();
        let found = listed.iter().find(|link| link.ifname == bridge(n).ifname);
        assert_eq!(found.unwrap().addresses, bridge(n).addresses);
    }
}
