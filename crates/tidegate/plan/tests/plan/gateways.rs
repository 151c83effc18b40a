//! Default routes of namespaces with several networks.

use error_hint::Hint;
use tidegate_api::{Attach, Policy};
use tidegate_model::links::{DefaultRoute, NetnsFacts};
use tidegate_model::{Access, Endpoint, GatewayPriority, Name, State};
use tidegate_plan::Refused;

use crate::values::{attachment, create, name, namespace, network, plan_attach, state_with};

/// A namespace as it is with what the endpoints of a state gave it, and with routes of others.
fn facts(state: &State, foreign: &[DefaultRoute]) -> NetnsFacts {
    let mut facts = namespace(1);
    for endpoint in state.endpoints.values() {
        facts.ifnames.push(endpoint.ifname.clone());
        let routes = endpoint.gateways.iter().map(|gateway| DefaultRoute {
            is_ipv6: gateway.is_ipv6(),
            ifname: Some(endpoint.ifname.clone()),
            metric: endpoint.gateway_metric.unwrap_or_default(),
        });
        facts.default_routes.extend(routes);
    }
    facts.default_routes.extend_from_slice(foreign);
    facts
}

fn foreign(is_ipv6: bool, ifname: &str) -> DefaultRoute {
    DefaultRoute {
        is_ipv6,
        ifname: Some(ifname.parse().unwrap()),
        metric: 100,
    }
}

fn with_priority(network: &str, priority: i32) -> Attach {
    Attach {
        gateway_priority: priority.try_into().unwrap(),
        ..attachment(network, &[])
    }
}

fn try_attach(
    state: &mut State,
    network: &str,
    priority: i32,
    others: &[DefaultRoute],
) -> Result<Endpoint, Refused> {
    let facts = facts(state, others);
    let plan = plan_attach(state, &with_priority(network, priority), &facts)?;
    state.apply(&plan.change);
    Ok(plan.outcome)
}

fn attach(state: &mut State, network: &str, priority: i32) -> Endpoint {
    try_attach(state, network, priority, &[]).unwrap()
}

/// The endpoints in the order in which the kernel uses their routes.
fn order(state: &State) -> Vec<&Name> {
    let mut endpoints: Vec<&Endpoint> = state.endpoints.values().collect();
    endpoints.sort_by_key(|endpoint| endpoint.gateway_metric.unwrap());
    endpoints.iter().map(|endpoint| &endpoint.network).collect()
}

#[test]
fn the_highest_priority_comes_first_and_of_the_same_the_one_that_was_first() {
    let mut state = state_with(&["a", "b", "c", "d", "e"]);
    for (network, priority) in [("a", 0), ("b", -5), ("c", 10), ("d", 0), ("e", 10)] {
        attach(&mut state, network, priority);
    }
    assert_eq!(
        order(&state),
        ["c", "e", "a", "d", "b"].map(name).each_ref()
    );
}

#[test]
fn a_metric_is_that_of_the_priority_or_near_it_with_room_on_both_sides() {
    let mut state = state_with(&["a", "b", "c", "d", "e", "f", "g"]);
    for (network, priority, metric) in [
        ("a", 0, 512),
        ("b", 0, 513),
        ("c", -1, 600),
        ("d", 10, 393),
        // 390 would leave no room before 393.
        ("e", 11, 376),
        ("f", 4, 428),
        // Between 428 and 512, which leaves room.
        ("g", 3, 445),
    ] {
        let endpoint = attach(&mut state, network, priority);
        assert_eq!(endpoint.gateway_metric, Some(metric), "{network}");
    }
}

#[test]
fn a_metric_in_a_narrow_place_is_in_its_middle() {
    let mut state = state_with(&["a", "b", "c"]);
    for (network, priority, metric) in [("a", 4, 428), ("b", 2, 456), ("c", 3, 442)] {
        let endpoint = attach(&mut state, network, priority);
        assert_eq!(endpoint.gateway_metric, Some(metric), "{network}");
    }
}

#[test]
fn a_reattached_endpoint_is_last_of_its_priority() {
    let mut state = state_with(&["a", "b"]);
    let first = attach(&mut state, "a", 7);
    attach(&mut state, "b", 7);
    let detached = tidegate_plan::detach(&state, &first.name).unwrap();
    state.apply(&detached.change);
    attach(&mut state, "a", 7);
    assert_eq!(order(&state), ["b", "a"].map(name).each_ref());
}

#[test]
fn no_two_endpoints_of_a_namespace_have_one_metric_however_often_they_take_turns() {
    let mut state = state_with(&["a", "b"]);
    let mut before = attach(&mut state, "a", 0);
    for turn in 0..2 * GatewayPriority::KERNELS_METRIC {
        let network = if turn % 2 == 0 { "b" } else { "a" };
        let after = attach(&mut state, network, 0);
        assert_ne!(after.gateway_metric, before.gateway_metric);
        assert!(after.gateway_metric.unwrap() < GatewayPriority::KERNELS_METRIC);
        let detached = tidegate_plan::detach(&state, &before.name).unwrap();
        state.apply(&detached.change);
        before = after;
    }
}

#[test]
fn an_endpoint_for_whose_priority_no_metric_is_left_is_refused() {
    let mut state = state_with(&["a", "b"]);
    let first = attach(&mut state, "a", 0);
    for metric in 1..GatewayPriority::KERNELS_METRIC {
        state.endpoints.insert(Endpoint {
            name: name(&format!("e{metric}")),
            gateway_metric: Some(metric),
            ..first.clone()
        });
    }
    let refused = try_attach(&mut state, "b", 0, &[]).unwrap_err();
    assert_eq!(refused, Refused::NoGatewayPlace(GatewayPriority::default()));
}

#[test]
fn a_default_route_of_somebody_else_is_the_only_one_of_its_family() {
    let mut state = state_with(&["a", "b"]);
    let others = [foreign(false, "wan")];
    for network in ["a", "b"] {
        let endpoint = try_attach(&mut state, network, 10, &others).unwrap();
        assert!(endpoint.gateways.iter().all(|gateway| gateway.is_ipv6()));
        assert_eq!(endpoint.gateways.len(), 1);
    }
}

#[test]
fn a_default_route_that_an_endpoint_did_not_give_is_somebody_elses() {
    let internal = Policy {
        access: Access::Internal,
        ..Policy::default()
    };
    let mut state = state_with(&["a"]);
    let mut request = network("inside");
    request.policy = internal;
    state.apply(&create(&state, &request).unwrap().change);
    let inside = attach(&mut state, "inside", 10);
    assert_eq!((inside.gateways.len(), inside.gateway_metric), (0, None));
    let others = [foreign(false, inside.ifname.as_str())];
    let a = try_attach(&mut state, "a", 0, &others).unwrap();
    assert_eq!(a.gateways.len(), 1);
    assert!(a.gateways[0].is_ipv6());
}

#[test]
fn an_endpoint_of_an_older_release_stays_the_way_out_and_nothing_says_otherwise() {
    let mut state = state_with(&["a", "b", "c"]);
    let mut older = attach(&mut state, "a", 0);
    older.gateway_metric = None;
    state.endpoints.insert(older.clone());
    let refused = try_attach(&mut state, "b", 1, &[]).unwrap_err();
    assert_eq!(refused, Refused::OlderGateway(older.name));
    assert!(
        refused
            .hint()
            .unwrap_or_default()
            .contains("`tidegate detach ep-3`")
    );
    for (network, priority) in [("b", 0), ("c", -1)] {
        let endpoint = attach(&mut state, network, priority);
        // More than what the kernel gives by itself.
        assert!(endpoint.gateway_metric.unwrap() > 1024);
    }
}

/// As many and as mixed as nobody has them, in an order that was drawn by lot.
#[test]
fn the_order_follows_priorities_not_the_order_of_attachment() {
    let names: Vec<String> = (0..16).map(|number| format!("n{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut draw = 7_u32;
    for turn in 0..200 {
        let mut state = state_with(&names);
        let mut wanted: Vec<(i32, usize)> = Vec::new();
        for (place, network) in names.iter().enumerate() {
            draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let priority = [0, 0, 1, -1, 10, 100, 101, 102, -100_000, 100_000, 50, -7]
                [usize::try_from(draw >> 16).unwrap() % 12];
            let endpoint = attach(&mut state, network, priority);
            assert!((1..1024).contains(&endpoint.gateway_metric.unwrap()));
            wanted.push((-priority, place));
        }
        wanted.sort_unstable();
        let wanted: Vec<Name> = wanted
            .iter()
            .map(|(_, place)| name(names[*place]))
            .collect();
        assert_eq!(order(&state), wanted.iter().collect::<Vec<_>>(), "{turn}");
    }
}

#[test]
fn beside_an_endpoint_with_a_metric_of_the_release_before_the_order_is_kept_above_the_kernels() {
    let mut state = state_with(&["a", "b", "c"]);
    let mut older = attach(&mut state, "a", 0);
    older.gateway_metric = Some(GatewayPriority::default().first_metric());
    state.endpoints.insert(older);
    attach(&mut state, "b", 1);
    attach(&mut state, "c", 0);
    assert_eq!(order(&state), ["b", "a", "c"].map(name).each_ref());
}
