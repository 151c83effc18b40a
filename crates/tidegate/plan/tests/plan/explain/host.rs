//! What routes, addresses and services of the host change.

use super::*;

#[test]
fn an_internal_network_has_no_way_out() {
    for (access, from, to, reason) in [
        (
            Access::Internal,
            "front",
            "192.0.2.1:80",
            "no default route",
        ),
        (
            Access::Isolated,
            "front",
            "192.0.2.1:80",
            "no default route",
        ),
        (
            Access::Isolated,
            "host",
            "front:80",
            "network web is isolated",
        ),
        (
            Access::Isolated,
            "outside",
            "front:80",
            "network web is isolated",
        ),
        (
            Access::Internal,
            "outside",
            "front:80",
            "nothing else into an internal network",
        ),
    ] {
        let policy = Policy {
            access,
            ..Policy::default()
        };
        let (fate, why) = fate(&web(policy, &[]), from, to);
        assert!(
            !fate.is_arrival() && why.contains(reason),
            "{access}, {from} {to}: {why}"
        );
    }
}

#[test]
fn host_access_limits_what_endpoints_reach_of_the_host() {
    // At the gateway, at another address, and the gateway's port for names.
    let to = ["10.208.0.1:80", "192.0.2.1:80", "10.208.0.1:53/udp"];
    for (host_access, reached) in [
        (HostAccess::All, [true, true, true]),
        (HostAccess::Gateway, [true, false, true]),
        (HostAccess::Dns, [false, false, true]),
        (HostAccess::None, [false, false, false]),
    ] {
        let policy = Policy {
            host_access: Some(host_access),
            ..Policy::default()
        };
        let mut state = web(policy, &["8080:80"]);
        state.resolver = Some(20053);
        let seen = to.map(|to| fate(&state, "front", to).0 == Fate::ReachesHost);
        assert_eq!(seen, reached, "{host_access}");
        // What is published is no program of the host's.
        assert_eq!(fate(&state, "back", "192.0.2.1:8080").0, reaches("front"));
        assert_eq!(fate(&state, "host", "front:80").0, reaches("front"));
    }
}

#[test]
fn routes_and_forwarding_of_the_host_are_heeded() {
    let state = web(Policy::default(), &["8080:80"]);
    let mut still = routing(&state);
    still
        .sysctls
        .insert("net/ipv4/ip_forward".into(), Some("0".into()));
    let (fate, why) = fate_on(&state, &still, "outside", "192.0.2.1:8080");
    assert_eq!(fate, Fate::Lost);
    assert!(why.contains("does not forward IPv4"), "{why}");
    // A blackhole that is more specific than the network's own route.
    let mut blocked = routing(&state);
    blocked.routes.push(Route {
        destination: "10.208.0.2/32".parse().unwrap(),
        ifname: None,
        metric: 0,
        is_blocked: true,
    });
    let (fate, why) = fate_on(&state, &blocked, "outside", "192.0.2.1:8080");
    assert_eq!(fate, Fate::Lost);
    assert!(why.contains("does not lead to network web"), "{why}");
}

/// Links of ours, links that are down and the loopback lead nowhere.
#[test]
fn the_host_is_asked_at_an_address_of_its_first_uplink() {
    let state = web(Policy::default(), &[]);
    let mut routing = routing(&state);
    let wan = routing.links.remove(0);
    let other = |ifname: &str, up, address: &str| Link {
        ifname: ifname.parse().unwrap(),
        up,
        addresses: crate::values::nets(&[address]),
        ..wan.clone()
    };
    let (down, lo) = (
        other("down", false, "198.51.100.1/24"),
        other("lo", true, "127.0.0.1/8"),
    );
    routing.links.extend([down, lo, wan]);
    let asked_at = |routing: &HostRouting| {
        let explained = explain_on(&state, routing, "outside", "host")?;
        let paths = explained.paths.into_iter();
        Ok(paths.map(|path| path.destination).collect::<Vec<_>>())
    };
    let both = ["host 192.0.2.1", "host 2001:db8::1"].map(str::to_owned);
    assert_eq!(asked_at(&routing), Ok(both.to_vec()));
    routing.links.pop();
    let refused: Refused = asked_at(&routing).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "outside and host have no address of the same family"
    );
}

/// Of the same destination, the route with the lowest metric is taken.
#[test]
fn the_most_specific_route_wins_and_then_the_lowest_metric() {
    let state = web(Policy::default(), &[]);
    let blocked = |destination: &str, metric| Route {
        destination: destination.parse().unwrap(),
        ifname: None,
        metric,
        is_blocked: true,
    };
    for (route, expected) in [
        (blocked("198.51.100.0/24", 9), Fate::Lost),
        (blocked("0.0.0.0/0", 9), Fate::Leaves),
        (blocked("203.0.113.0/24", 0), Fate::Leaves),
    ] {
        let mut routing = routing(&state);
        routing.routes.push(route.clone());
        let (fate, _) = fate_on(&state, &routing, "front", "198.51.100.1:443");
        assert_eq!(fate, expected, "{route:?}");
    }
}

#[test]
fn a_namespace_on_two_networks_leaves_by_the_one_that_leads() {
    let mut state = web(Policy::default(), &[]);
    let lan = create(&state, &network("lan")).unwrap();
    state.apply(&lan.change);
    // The namespace of `front`, too: it has a default route already.
    attach_as(&mut state, "lan", "side", 1, &[]);
    let leaves_by = |from: &str, to: &str| {
        let explained = explain_on(&state, &routing(&state), from, to).unwrap();
        let path = explained.paths.into_iter().next().unwrap();
        let mut elements = path.steps.into_iter().flat_map(|step| step.elements);
        elements.next().map(|element| element.of)
    };
    let best = |a: &str, b: &str| {
        let metric = |endpoint: &str| state.endpoints[&name(endpoint)].gateway_metric;
        if metric(a) <= metric(b) {
            a.to_owned()
        } else {
            b.to_owned()
        }
    };
    let leading = state.endpoints[&name(&best("front", "side"))]
        .network
        .clone();
    for from in ["front", "side"] {
        let by = leaves_by(from, "198.51.100.1:443");
        assert_eq!(by, Some(format!("network {leading}")), "{from}");
        assert_eq!(fate(&state, from, "198.51.100.1:443").0, Fate::Leaves);
    }
    // Both are the namespace's own, and the neighbours of both are on its links.
    assert_eq!(fate(&state, "front", "side:80").0, reaches("side"));
    assert_eq!(fate(&state, "front", "back:80").0, reaches("back"));
}
