//! Repairs of networks and endpoints while the daemon runs, and what is checked again.

use tidegate_model::links::{Link, LinkStep};
use tidegate_model::{Change, Fault, Forwarding, IfName, Name, State};
use tidegate_plan::{
    Plan, StaleConnections, all_holds, hold_again, revive_endpoint, revive_network,
};

use crate::start::links_of;
use crate::values::{attach, create, name, nets, network, state_with};

/// Network `web`, and endpoint `ep-1` that publishes a port there.
fn web() -> State {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["8080:80"]);
    state
}

fn fault(down: bool) -> Fault {
    Fault {
        down,
        reason: "File exists".into(),
        hint: None,
    }
}

fn names(steps: &[LinkStep]) -> Vec<&'static str> {
    steps.iter().map(LinkStep::name).collect()
}

fn revived(state: &State, links: &[Link]) -> Plan<()> {
    revive_network(state, &name("web"), links).unwrap()
}

#[test]
fn a_missing_bridge_is_made_again_and_its_endpoints_are_not() {
    let state = web();
    let plan = revived(&state, &[]);
    assert_eq!(
        names(&plan.links),
        ["set-sysctl", "keep-routers", "set-sysctl", "add-bridge"]
    );
    assert_eq!(plan.transaction.to_text(), "");
    assert_eq!(plan.change, Change::All(Vec::new()));
    assert_eq!(revive_network(&state, &name("db"), &[]), None);
}

#[test]
fn a_repair_leaves_forwarding_alone_where_the_daemon_is_to() {
    let mut state = web();
    state.forwarding = Forwarding::Leave;
    assert_eq!(names(&revived(&state, &[]).links), ["add-bridge"]);
}

#[test]
fn a_bridge_that_fits_keeps_its_settings_and_is_opened_last() {
    let state = web();
    let plan = revived(&state, &links_of(&state));
    let [_, _, _, keep, settings @ .., guard] = &plan.links[..] else {
        panic!("{:?}", names(&plan.links))
    };
    assert_eq!((keep.name(), guard.name()), ("keep-bridge", "guard-ports"));
    for step in settings {
        let LinkStep::SetSysctl(sysctl) = step else {
            panic!("{step:?}")
        };
        assert!(!sysctl.path.ends_with("route_localnet"), "{sysctl:?}");
    }
    assert_eq!(settings.len(), 4);

    let mut links = links_of(&state);
    links[0].up = false;
    links[0].addresses.truncate(1);
    let plan = revived(&state, &links);
    let steps = &plan.links[3..];
    assert_eq!(names(steps), ["keep-bridge", "mend-bridge", "guard-ports"]);
    let LinkStep::MendBridge(bridge) = &steps[1] else {
        panic!("{steps:?}")
    };
    assert_eq!(bridge.addresses.len(), 3);
    let opens = |path: &str| path.ends_with("route_localnet");
    assert!(!bridge.sysctls.iter().any(|sysctl| opens(&sysctl.path)));
    assert_eq!(bridge.sysctls.len(), 4);
}

#[test]
fn a_network_that_was_down_gets_its_elements_and_those_of_peers_that_are_up() {
    let mut state = state_with(&["web", "db"]);
    let connected = tidegate_plan::connect(&state, &name("web"), &name("db"), false).unwrap();
    state.apply(&connected.change);
    let added = |state: &State| revived(state, &[]).transaction.to_text();
    assert_eq!(added(&state), "");
    state.degraded.networks.insert(name("web"), fault(false));
    assert_eq!(
        added(&state),
        "",
        "it works in part, so its elements are there"
    );
    state.degraded.networks.insert(name("web"), fault(true));
    let text = added(&state);
    assert!(
        text.contains(r#"bridges { type ifname; elements = { "tgb0" }"#),
        "{text}"
    );
    assert!(text.contains(r#""tgb1" . "tgb0""#), "{text}");
    state.degraded.networks.insert(name("db"), fault(true));
    let text = added(&state);
    assert!(!text.contains("tgb1"), "{text}");
}

#[test]
fn a_network_that_was_down_is_reached_again_by_one_that_is_connected_to_it_one_way() {
    let mut state = state_with(&["web", "db"]);
    let connected = tidegate_plan::connect(&state, &name("db"), &name("web"), true).unwrap();
    state.apply(&connected.change);
    state.degraded.networks.insert(name("web"), fault(true));
    let text = revived(&state, &[]).transaction.to_text();
    assert!(text.contains(r#""tgb1" . "tgb0""#), "{text}");
    assert!(!text.contains(r#""tgb0" . "tgb1""#), "{text}");
}

#[test]
fn an_endpoint_that_was_down_gets_its_elements_once_its_network_is_up() {
    let mut state = web();
    let (endpoint, links) = (name("ep-1"), links_of(&state));
    let added = |state: &State| {
        let plan = revive_endpoint(state, &endpoint, &links)?;
        Some(plan.transaction.to_text())
    };
    assert_eq!(added(&state).as_deref(), Some(""));
    state
        .degraded
        .endpoints
        .insert(endpoint.clone(), fault(true));
    let text = added(&state).unwrap();
    assert!(
        text.contains("elements = { 6 . 8080 : 10.208.0.2 . 80 }"),
        "{text}"
    );
    state.degraded.networks.insert(name("web"), fault(false));
    assert!(added(&state).is_some());
    state.degraded.networks.insert(name("web"), fault(true));
    assert_eq!(added(&state), None);
    assert_eq!(revive_endpoint(&state, &name("nobody"), &links), None);
}

#[test]
fn ipv6_is_turned_off_again_where_it_has_to_be() {
    let mut state = web();
    let mut request = network("old");
    request.ipv6 = false;
    state.apply(&create(&state, &request).unwrap().change);
    let anew = |is_meant: &dyn Fn(&IfName) -> bool| {
        let (networks, steps) = tidegate_plan::without_ipv6_again(&state, is_meant);
        let paths = steps.into_iter().map(|step| match step {
            LinkStep::SetSysctl(sysctl) => format!("{}={}", sysctl.path, sysctl.value),
            other => other.name().to_owned(),
        });
        let networks: Vec<Name> = networks.into_iter().cloned().collect();
        (networks, paths.collect::<Vec<_>>())
    };
    let of_pair = ["net/ipv6/conf/tgv1/disable_ipv6=1".to_owned()];
    assert_eq!(anew(&|_| true), (vec![name("old")], of_pair.to_vec()));
    assert_eq!(
        anew(&|ifname| ifname.as_str() == "tgv1"),
        (Vec::new(), of_pair.to_vec())
    );
    assert_eq!(
        anew(&|ifname| ifname.as_str() == "tgb2"),
        (vec![name("old")], Vec::new())
    );
}

#[test]
fn ports_of_an_endpoint_that_is_down_are_held_and_not_relayed() {
    let mut state = web();
    attach(&mut state, "web", 2, &[]);
    let relayed = |state: &State| {
        let holds: Vec<_> = all_holds(state).collect();
        let [(holder, LinkStep::HoldPorts(holds))] = &holds[..] else {
            panic!("{holds:?}")
        };
        assert_eq!((*holder, holds.len()), (&name("ep-1"), 2));
        holds.iter().filter(|hold| hold.relay.is_some()).count()
    };
    assert_eq!(relayed(&state), 1);
    state.degraded.endpoints.insert(name("ep-1"), fault(false));
    assert_eq!(relayed(&state), 1);
    state.degraded.endpoints.insert(name("ep-1"), fault(true));
    assert_eq!(relayed(&state), 0);
}

#[test]
fn ports_that_were_held_without_a_relay_are_released_and_held_again() {
    let mut state = web();
    attach(&mut state, "web", 2, &[]);
    let steps = hold_again(&state, &name("ep-1"));
    let [LinkStep::ReleasePorts(released), LinkStep::HoldPorts(held)] = &steps[..] else {
        panic!("{steps:?}")
    };
    assert!(released.iter().all(|hold| hold.relay.is_none()));
    let relay = held.iter().find_map(|hold| hold.relay);
    assert_eq!(relay.unwrap().to_string(), "[fd74:6964:6567::2]:80");
    for without_ports in ["ep-2", "nobody"] {
        assert_eq!(hold_again(&state, &name(without_ports)), []);
    }
}

#[test]
fn what_is_checked_again_is_collected_from_several_changes() {
    let state = state_with(&["web"]);
    let at_start = StaleConnections::at_start(&state);
    let subnets = nets(&["10.208.0.0/24", "fd74:6964:6567::/64"]);
    assert!(at_start.everything);
    assert_eq!(at_start.subnets, subnets.iter().copied().collect());
    assert!(StaleConnections::after_mending().everything);
    assert!(!StaleConnections::after_mending().is_empty());
    assert!(StaleConnections::default().is_empty());

    let mut state = web();
    attach(&mut state, "web", 2, &["9090:90"]);
    let detach = |endpoint| {
        tidegate_plan::detach(&state, &name(endpoint))
            .unwrap()
            .stale
    };
    let (one, two) = (detach("ep-1"), detach("ep-2"));
    let mut all = one.clone();
    all.add(two.clone());
    all.add(at_start.clone());
    assert_eq!(
        all.addresses.len(),
        one.addresses.len() + two.addresses.len()
    );
    assert_eq!(all.flows.len(), one.flows.len() + two.flows.len());
    assert_eq!(all.subnets, at_start.subnets);
    assert!(all.everything && !one.everything);
    let mut later = at_start;
    later.add(one);
    assert!(later.everything);
}
