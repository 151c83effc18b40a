//! What the fake adds for tests.

use tidegate_link::fakes::FakeLinks;
use tidegate_link::{ErrorKind, Links};
use tidegate_model::Protocol;
use tidegate_model::links::{LinkStep, Sysctl};
use tidegate_model::tracked::{Ends, Fate, Tracked};

use crate::fixture::{add_bridge, add_veth, find, ifname};

#[test]
fn the_step_that_was_named_fails_once_and_does_nothing() {
    let mut links = FakeLinks::new();
    let watched = links.clone();
    watched.fail_step(1, ErrorKind::Permission);
    links.apply(&add_bridge(1)).unwrap();
    let error = links.apply(&add_bridge(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(watched.steps(), [add_bridge(1)]);
    assert_eq!(find(&links.links().unwrap(), "br2"), None);
    links.apply(&add_bridge(2)).unwrap();
    assert_eq!(watched.steps(), [add_bridge(1), add_bridge(2)]);
}

#[test]
fn a_namespace_takes_its_veths_with_it() {
    let mut links = FakeLinks::new();
    let netns = links.add_netns("/run/netns/a");
    links.apply(&add_bridge(1)).unwrap();
    links.apply(&add_veth(1, 2, &netns)).unwrap();
    links.remove_netns(&netns.path);
    assert_eq!(find(&links.links().unwrap(), "ve2"), None);
}

#[test]
fn a_link_that_somebody_else_removed_is_gone() {
    let mut links = FakeLinks::new();
    links.apply(&add_bridge(1)).unwrap();
    links.remove_link(&ifname("br1"));
    assert_eq!(find(&links.links().unwrap(), "br1"), None);
}

#[test]
fn tracked_connections_are_listed_until_they_are_deleted() {
    let links = FakeLinks::new();
    let tracked = |from: u8| {
        let ends = Ends {
            source: [192, 0, 2, from].into(),
            source_port: 40000,
            destination: [127, 0, 0, 1].into(),
            destination_port: 8053,
        };
        Tracked {
            protocol: Protocol::Udp.number(),
            original: ends,
            reply: ends,
            source_translated: false,
            destination_translated: false,
            assured: false,
            expected: false,
        }
    };
    links.track(tracked(1));
    links.track(tracked(2));
    let fate = |found: &Tracked| match *found == tracked(1) {
        true => Fate::ForgetIfHosts(found.original.destination),
        false => Fate::ForgetIfHosts(found.original.source),
    };
    links.fail_forgetting(1);
    let mut connections = links.connections();
    connections.forget(&fate).unwrap_err();
    assert_eq!(connections.forget(&fate).unwrap(), 1);
    assert_eq!(links.tracked(), [tracked(2)]);
}

#[test]
fn sysctls_can_be_read_back() {
    let mut links = FakeLinks::new();
    let sysctl = Sysctl {
        path: "net/ipv4/ip_forward".into(),
        value: "1".into(),
    };
    links.apply(&LinkStep::SetSysctl(sysctl)).unwrap();
    links.apply(&add_bridge(1)).unwrap();
    assert_eq!(links.sysctl("net/ipv4/ip_forward").as_deref(), Some("1"));
    let of_bridge = links.sysctl("net/ipv4/conf/br1/route_localnet");
    assert_eq!(of_bridge.as_deref(), Some("1"));
}
