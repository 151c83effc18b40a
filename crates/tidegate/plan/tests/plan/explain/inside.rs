//! What is said of a packet if somebody took something from a namespace at one of its ends.

use std::collections::BTreeSet;

use tidegate_api::explain::{Path, Verdict};
use tidegate_model::Name;
use tidegate_model::links::Inside;

use super::*;

/// The first path, and what all of them come to, after a change of the namespace of `front`.
fn asked(from: &str, to: &str, change: fn(&mut Inside)) -> (Verdict, Path) {
    let state = web(Policy::default(), &["8080:80"]);
    let mut routing = routing(&state);
    let inside = routing.namespaces.get_mut(&name("front")).unwrap();
    change(inside.as_mut().unwrap());
    let explained = explain_on(&state, &routing, from, to).unwrap();
    let verdict = explained.verdict();
    (verdict, explained.paths.into_iter().next().unwrap())
}

fn without_address(inside: &mut Inside) {
    let link = inside.link.as_mut().unwrap();
    link.addresses.retain(|net| net.addr().is_ipv6());
}

fn without_default(inside: &mut Inside) {
    inside.routes.retain(|route| route.to.prefix_len() != 0);
}

#[test]
fn a_packet_does_not_pass_without_what_its_ends_need() {
    let path = "--net=/run/netns/c ";
    for (from, to, change, why, mend) in [
        (
            "front",
            "192.0.2.7:80",
            without_address as fn(&mut Inside),
            "endpoint front: interface eth0 of the namespace lacks the address 10.208.0.2/24",
            "ip addr add 10.208.0.2/24 dev eth0`",
        ),
        (
            "host",
            "front:80",
            without_address,
            "endpoint front: interface eth0 of the namespace lacks the address 10.208.0.2/24",
            "ip addr add 10.208.0.2/24 dev eth0`",
        ),
        (
            "front",
            "192.0.2.7:80",
            without_default,
            "endpoint front: the namespace lacks the default route via 10.208.0.1 through eth0",
            "ip route add default via 10.208.0.1 dev eth0 metric 512`",
        ),
        (
            "192.0.2.7",
            "192.0.2.1:8080",
            without_default,
            "it arrives, but is not answered: endpoint front: the namespace lacks the default route via 10.208.0.1 \
             through eth0",
            "ip route add default via 10.208.0.1 dev eth0 metric 512`",
        ),
        (
            "back",
            "front:80",
            |inside| inside.link.as_mut().unwrap().up = false,
            "endpoint front: interface eth0 of the namespace is down",
            "ip link set eth0 up`",
        ),
        (
            "front",
            "back:80",
            |inside| inside.link = None,
            "endpoint front: the namespace has no interface eth0",
            "`tidegate detach front`",
        ),
    ] {
        let (verdict, said) = asked(from, to, |_| {});
        assert_eq!(verdict, Verdict::Passes, "{from} {to}: {said:?}");
        let (verdict, said) = asked(from, to, change);
        assert_eq!(verdict, Verdict::Stopped, "{from} {to}: {said:?}");
        assert_eq!((&said.fate, said.why.as_str()), (&Fate::Lost, why));
        let hint = said.hint.unwrap();
        assert!(hint.contains(mend), "{hint}");
        assert!(hint.contains(path) || mend.contains("detach"), "{hint}");
        assert!(hint.contains("`tidegate endpoint check front`"), "{hint}");
    }
}

/// What is not needed may be missing.
#[test]
fn a_packet_passes_without_what_it_does_not_need() {
    for (from, to, change) in [
        ("front", "back:80", without_default as fn(&mut Inside)),
        ("front", "host:22", without_default),
        ("host", "front:80", without_default),
        ("front", "127.0.0.1:80", without_address),
        ("outside as 10.208.0.2", "host", without_address),
    ] {
        let (_, said) = asked(from, to, change);
        let (_, well) = asked(from, to, |_| {});
        assert_eq!(said.fate, well.fate, "{from} {to}: {said:?}");
    }
    // A false source needs no address, and a program that writes one no route.
    let (_, said) = asked("front as 10.208.0.3", "back:80", without_address);
    assert_ne!(
        said.why,
        "endpoint front: interface eth0 of the namespace lacks the address 10.208.0.2/24"
    );
}

#[test]
fn a_route_by_another_hop_and_a_namespace_that_was_not_looked_at_leave_it_open() {
    let (verdict, said) = asked("front", "192.0.2.7:80", |inside| {
        for route in &mut inside.routes {
            route.via = Some("10.208.0.9".parse().unwrap());
        }
    });
    assert_eq!(verdict, Verdict::CannotTell, "{said:?}");
    assert!(
        said.unclear[0].ends_with("another route leads there"),
        "{said:?}"
    );

    let state = web(Policy::default(), &[]);
    for unseen in [None, Some("no such file")] {
        let mut routing = routing(&state);
        routing.namespaces.clear();
        let reason = unseen.map(|it| (name("front"), Err(it.to_owned())));
        routing.namespaces.extend(reason);
        let explained = explain_on(&state, &routing, "front", "192.0.2.7:80").unwrap();
        assert_eq!(explained.verdict(), Verdict::CannotTell);
        let unclear = explained.paths[0].unclear[0].clone();
        let words = unseen.unwrap_or("see `tidegate endpoint check front`");
        assert_eq!(
            unclear,
            format!("the namespace of endpoint front was not looked at: {words}")
        );
    }
}

/// A namespace on two networks may answer by the other one, and both are looked at.
#[test]
fn answers_may_take_another_network_of_the_namespace() {
    let mut state = web(Policy::default(), &["8080:80"]);
    state.apply(&create(&state, &network("db")).unwrap().change);
    attach_as(&mut state, "db", "second", 1, &[]);
    let mut routing = routing(&state);
    let question = Question {
        source: "192.0.2.7".parse().unwrap(),
        source_address: None,
        destination: "192.0.2.1:8080".parse().unwrap(),
    };
    let ends = tidegate_plan::ends_of_paths(&state, &question, &routing).unwrap();
    assert_eq!(ends, ["front", "second"].map(name).into());
    let verdict = |routing: &HostRouting| {
        let explained = tidegate_plan::explain(&state, &question, routing).unwrap();
        explained.verdict()
    };
    let take = |routing: &mut HostRouting, endpoint: &str| {
        let inside = routing.namespaces.get_mut(&name(endpoint)).unwrap();
        without_default(inside.as_mut().unwrap());
    };
    take(&mut routing, "front");
    assert_eq!(verdict(&routing), Verdict::Passes);
    take(&mut routing, "second");
    assert_eq!(verdict(&routing), Verdict::Stopped);
    let none: BTreeSet<Name> = BTreeSet::new();
    let host = Question {
        source: "host".parse().unwrap(),
        destination: "192.0.2.7:80".parse().unwrap(),
        source_address: None,
    };
    let ends = tidegate_plan::ends_of_paths(&state, &host, &routing).unwrap();
    assert_eq!(ends, none);
}

#[test]
fn a_packet_has_an_address_of_the_interface_by_which_it_leaves_unless_its_program_chose_one() {
    let mut state = web(Policy::default(), &[]);
    state.apply(&create(&state, &network("db")).unwrap().change);
    attach_as(&mut state, "db", "second", 1, &[]);
    attach_as(&mut state, "db", "store", 9, &[]);
    let routing = routing(&state);
    let source = |from: &str| {
        let explained = explain_on(&state, &routing, from, "store:5432").unwrap();
        explained.paths[0].source.clone()
    };
    assert_eq!(source("front"), "front 10.208.1.2");
    assert_eq!(source("10.208.0.2"), "front 10.208.0.2");
}
