//! Names of networks that are connected.

use hickory_proto::rr::RecordType;
use tidegate_model::{Change, Endpoint, State};
use tidegate_resolver::{Zone, of_change};

use crate::scene::{state, told_to, zone_of};

const WEB: [&str; 2] = ["10.0.1.2", "10.0.1.1"];
const DB: [&str; 2] = ["10.0.2.2", "10.0.2.1"];

fn told(zone: &Zone, [from, to]: [&str; 2], name: &str) -> String {
    let kind = match name.ends_with("arpa.") {
        true => RecordType::PTR,
        false => RecordType::A,
    };
    told_to(zone, from, to, name, kind)
}

/// The change by which a network reaches others, and no further ones.
fn reaching(state: &State, from: &str, to: &[&str]) -> Change {
    let before = state.networks[&from.parse().unwrap()].clone();
    let mut after = before.clone();
    after.peers = to.iter().map(|name| name.parse().unwrap()).collect();
    Change::ReplaceNetwork {
        before: Box::new(before),
        after: Box::new(after),
    }
}

#[test]
fn an_endpoint_learns_the_names_of_the_networks_that_its_own_reaches_and_no_others() {
    let mut state = state();
    let mut zone = zone_of(&state);
    let mut apply = |state: &mut State, change: Change| {
        of_change(&change)
            .into_iter()
            .for_each(|update| zone.apply(update));
        state.apply(&change);
        zone.clone()
    };
    let names = [
        "front-db.",
        "only-db.",
        "front-db.db.",
        "2.2.0.10.in-addr.arpa.",
    ];
    let unknown = ["NXDomain", "NXDomain", "forwarded", "forwarded"];
    let one_way = reaching(&state, "web", &["db"]);
    let zone = apply(&mut state, one_way);
    let found = [
        "NoError 10.0.2.2",
        "NoError 10.0.2.2",
        "NoError 10.0.2.2",
        "NoError front-db.db.",
    ];
    assert_eq!(names.map(|name| told(&zone, WEB, name)), found);
    // A free address of the other network is known to be free.
    assert_eq!(told(&zone, WEB, "9.2.0.10.in-addr.arpa."), "NXDomain");
    for (name, expected) in [
        ("front.", "NXDomain"),
        ("front.web.", "forwarded"),
        ("2.1.0.10.in-addr.arpa.", "forwarded"),
    ] {
        assert_eq!(told(&zone, DB, name), expected, "one way: {name}");
    }
    let both_ways = reaching(&state, "db", &["web"]);
    let zone = apply(&mut state, both_ways);
    assert_eq!(told(&zone, DB, "front."), "NoError 10.0.1.2");
    assert_eq!(
        told(&zone, DB, "2.1.0.10.in-addr.arpa."),
        "NoError front.web."
    );
    // Not through a network in between: the namespace of web is on dark too, which db does not reach.
    assert_eq!(told(&zone, DB, "shade."), "NXDomain");
    let apart = reaching(&state, "web", &[]);
    let zone = apply(&mut state, apart);
    assert_eq!(names.map(|name| told(&zone, WEB, name)), unknown);
}

#[test]
fn a_name_of_the_own_network_comes_before_the_same_name_of_a_network_that_it_reaches() {
    let mut state = state();
    let front = state.endpoints[&"front-db".parse().unwrap()].clone();
    state.endpoints.insert(Endpoint {
        aliases: vec!["back".parse().unwrap(), "store".parse().unwrap()],
        ..front
    });
    state.apply(&reaching(&state, "web", &["db"]));
    let zone = zone_of(&state);
    for (name, expected) in [
        ("back.", "NoError 10.0.1.3"),
        ("back.db.", "NoError 10.0.2.2"),
        ("back.web.", "NoError 10.0.1.3"),
        ("store.", "NoError 10.0.2.2"),
    ] {
        assert_eq!(told(&zone, WEB, name), expected, "{name}");
    }
}

#[test]
fn a_network_that_is_reached_and_goes_takes_its_names_along() {
    let mut state = state();
    state.apply(&reaching(&state, "web", &["db"]));
    let mut zone = zone_of(&state);
    let db = state.networks[&"db".parse().unwrap()].clone();
    of_change(&Change::RemoveNetwork(db))
        .into_iter()
        .for_each(|update| zone.apply(update));
    assert_eq!(told(&zone, WEB, "front-db."), "NXDomain");
    assert_eq!(told(&zone, WEB, "2.2.0.10.in-addr.arpa."), "forwarded");
}
