//! What a network's policy stands for, and who may talk.

use crate::values::{attach, attachment, create, name, namespace, nets, network, plan_attach};
use error_hint::Hint;
use expect_test::expect;
use tidegate_api::{CreateNetwork, Policy};
use tidegate_model::links::{Flow, LinkStep};
use tidegate_model::{Access, Change, Endpoint, Mode, RESOLVERS, State};
use tidegate_plan::Refused;

fn with(policy: Policy) -> CreateNetwork {
    CreateNetwork {
        policy,
        ..network("web")
    }
}

fn state_of(request: &CreateNetwork) -> State {
    let mut state = State::default();
    state.apply(&create(&state, request).unwrap().change);
    state
}

fn elements(policy: Policy) -> String {
    let plan = create(&State::default(), &with(policy)).unwrap();
    plan.transaction.to_text()
}

#[test]
fn each_policy_is_its_elements() {
    let seen = [
        Policy {
            icc: false,
            masquerade: false,
            ..Policy::default()
        },
        Policy {
            access: Access::Internal,
            trusted_interfaces: vec!["wg0".parse().unwrap()],
            ..Policy::default()
        },
        Policy {
            mode6: Mode::Routed,
            snat: vec!["192.0.2.7".parse().unwrap()],
            ..Policy::default()
        },
        Policy {
            mode4: Mode::NatUnprotected,
            mode6: Mode::NatUnprotected,
            ..Policy::default()
        },
    ]
    .map(elements);
    expect![[r#"
        add set inet tidegate bridges { type ifname; elements = { "tgb0" }; }
        add map inet tidegate entrances { type ifname : verdict; elements = { "tgb0" : goto from_endpoint }; }
        add set inet tidegate same_bridge { type ifname . ifname; elements = { "tgb0" . "tgb0" }; }
        add set inet tidegate gateways4 { type ifname . ipv4_addr; elements = { "tgb0" . 10.208.0.1 }; }
        add set inet tidegate gateways6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::1 }; }
        add set inet tidegate ours4 { type ipv4_addr . ipv4_addr; flags interval; elements = { 10.208.0.0/24 . 10.208.0.0/24 }; }
        add set inet tidegate ours6 { type ipv6_addr . ipv6_addr; flags interval; elements = { fd74:6964:6567::/64 . fd74:6964:6567::/64 }; }
        add set inet tidegate named { type ifname; elements = { "tgb0" }; }

        add set inet tidegate bridges { type ifname; elements = { "tgb0" }; }
        add map inet tidegate entrances { type ifname : verdict; elements = { "tgb0" : goto from_endpoint }; }
        add set inet tidegate internal { type ifname; elements = { "tgb0" }; }
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb0" . "tgb0", "wg0" . "tgb0" }; }
        add set inet tidegate same_bridge { type ifname . ifname; elements = { "tgb0" . "tgb0" }; }
        add map inet tidegate host_access { type ifname : verdict; elements = { "tgb0" : goto host_gateway }; }
        add set inet tidegate gateways4 { type ifname . ipv4_addr; elements = { "tgb0" . 10.208.0.1 }; }
        add set inet tidegate gateways6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::1 }; }
        add set inet tidegate ours4 { type ipv4_addr . ipv4_addr; flags interval; elements = { 10.208.0.0/24 . 10.208.0.0/24 }; }
        add set inet tidegate ours6 { type ipv6_addr . ipv6_addr; flags interval; elements = { fd74:6964:6567::/64 . fd74:6964:6567::/64 }; }
        add set inet tidegate named { type ifname; elements = { "tgb0" }; }

        add set inet tidegate bridges { type ifname; elements = { "tgb0" }; }
        add map inet tidegate entrances { type ifname : verdict; elements = { "tgb0" : goto from_endpoint }; }
        add set inet tidegate translated4 { type ifname; elements = { "tgb0" }; }
        add map inet tidegate snat4 { type ifname : ipv4_addr; elements = { "tgb0" : 192.0.2.7 }; }
        add set inet tidegate routed6 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb0" . "tgb0" }; }
        add set inet tidegate same_bridge { type ifname . ifname; elements = { "tgb0" . "tgb0" }; }
        add set inet tidegate gateways4 { type ifname . ipv4_addr; elements = { "tgb0" . 10.208.0.1 }; }
        add set inet tidegate gateways6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::1 }; }
        add set inet tidegate ours4 { type ipv4_addr . ipv4_addr; flags interval; elements = { 10.208.0.0/24 . 10.208.0.0/24 }; }
        add set inet tidegate ours6 { type ipv6_addr . ipv6_addr; flags interval; elements = { fd74:6964:6567::/64 . fd74:6964:6567::/64 }; }
        add set inet tidegate named { type ifname; elements = { "tgb0" }; }

        add set inet tidegate bridges { type ifname; elements = { "tgb0" }; }
        add map inet tidegate entrances { type ifname : verdict; elements = { "tgb0" : goto from_endpoint }; }
        add set inet tidegate translated4 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate translated6 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate masquerading4 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate masquerading6 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate unprotected4 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate unprotected6 { type ifname; elements = { "tgb0" }; }
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb0" . "tgb0" }; }
        add set inet tidegate same_bridge { type ifname . ifname; elements = { "tgb0" . "tgb0" }; }
        add set inet tidegate gateways4 { type ifname . ipv4_addr; elements = { "tgb0" . 10.208.0.1 }; }
        add set inet tidegate gateways6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::1 }; }
        add set inet tidegate ours4 { type ipv4_addr . ipv4_addr; flags interval; elements = { 10.208.0.0/24 . 10.208.0.0/24 }; }
        add set inet tidegate ours6 { type ipv6_addr . ipv6_addr; flags interval; elements = { fd74:6964:6567::/64 . fd74:6964:6567::/64 }; }
        add set inet tidegate named { type ifname; elements = { "tgb0" }; }
    "#]].assert_eq(&seen.join("\n"));
}

fn endpoint(state: &State, ports: &[&str]) -> (String, Endpoint, Vec<LinkStep>) {
    let plan = plan_attach(state, &attachment("web", ports), &namespace(1)).unwrap();
    let mut after = state.clone();
    after.apply(&plan.change);
    let endpoint = after.endpoints[&name("ep-1")].clone();
    (plan.transaction.to_text(), endpoint, plan.first)
}

#[test]
fn a_port_of_a_routed_family_is_opened_and_needs_none_of_the_host() {
    let policy = |mode4| Policy {
        mode4,
        mode6: Mode::Routed,
        ..Policy::default()
    };
    let (text, mixed, first) = endpoint(&state_of(&with(policy(Mode::Nat))), &["8080:80"]);
    expect![[r#"
        add set inet tidegate here6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::2 }; }
        add map inet tidegate publish4 { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { 6 . 8080 : 10.208.0.2 . 80 }; }
        add set inet tidegate open6 { type ipv6_addr . inet_proto . inet_service; elements = { fd74:6964:6567::2 . 6 . 80 }; }
    "#]].assert_eq(&text);
    assert_eq!(mixed.ports[0].to_string(), "8080:80/tcp");
    assert!(matches!(&first[..], [LinkStep::HoldPorts(holds)] if holds.len() == 1));
    let mut state = state_of(&with(policy(Mode::Nat)));
    state.apply(&Change::AddEndpoint(mixed.clone()));
    let withdrawn = ["80".parse().unwrap()];
    let ended = tidegate_plan::unpublish(&state, &mixed.name, &withdrawn).unwrap();
    let came_to = |flow: &Flow| (flow.came_to, flow.port, flow.translated);
    let flows: Vec<_> = ended.stale.flows.iter().map(came_to).collect();
    assert_eq!(flows, [(80, 80, false), (8080, 80, true)]);
    let state = state_of(&with(policy(Mode::Routed)));
    let (text, routed, first) = endpoint(&state, &["8080:80", "53/udp"]);
    expect![[r#"
        add set inet tidegate here6 { type ifname . ipv6_addr; elements = { "tgb0" . fd74:6964:6567::2 }; }
        add set inet tidegate open4 { type ipv4_addr . inet_proto . inet_service; elements = { 10.208.0.2 . 6 . 80, 10.208.0.2 . 17 . 53 }; }
        add set inet tidegate open6 { type ipv6_addr . inet_proto . inet_service; elements = { fd74:6964:6567::2 . 6 . 80, fd74:6964:6567::2 . 17 . 53 }; }
    "#]].assert_eq(&text);
    let shown: Vec<String> = routed.ports.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["80/tcp", "53/udp"]);
    assert!(first.is_empty());
}

#[test]
fn a_network_with_no_way_out_gives_no_default_routes_and_an_isolated_one_no_gateway() {
    for access in [Access::Internal, Access::Isolated] {
        let state = state_of(&with(Policy {
            access,
            ..Policy::default()
        }));
        let (_, endpoint, _) = endpoint(&state, &[]);
        assert!(endpoint.gateways.is_empty());
        let plan = create(
            &State::default(),
            &with(state.networks[&name("web")].policy.clone().into()),
        );
        let addresses = plan.unwrap().links.into_iter().find_map(|step| match step {
            LinkStep::AddBridge(bridge) => Some(bridge.addresses),
            _ => None,
        });
        let mut addresses = addresses.unwrap();
        addresses.retain(|net| !RESOLVERS.contains(&net.addr()));
        assert_eq!(addresses.is_empty(), access == Access::Isolated);
        let published = plan_attach(&state, &attachment("web", &["80:80"]), &namespace(2));
        let is_refused = matches!(published, Err(Refused::PublishIsolated { .. }));
        assert_eq!(is_refused, access == Access::Isolated);
    }
}

#[test]
fn addresses_come_from_the_ranges_of_several_subnets_and_not_from_what_is_reserved() {
    let mut request = network("web");
    request.ipv6 = false;
    request.subnets = nets(&["10.1.0.0/24", "10.2.0.0/24"]);
    request.ranges = nets(&["10.1.0.4/30"]);
    request.reserved = [(name("router"), "10.1.0.5".parse().unwrap())].into();
    let mut state = state_of(&request);
    let given: Vec<String> = (1..=4)
        .map(|ino| {
            let name = attach(&mut state, "web", ino, &[]);
            let endpoint = &state.endpoints[&name];
            assert_eq!(endpoint.gateways.len(), 1);
            endpoint.addresses[0].to_string()
        })
        .collect();
    assert_eq!(
        given,
        ["10.1.0.4/24", "10.1.0.6/24", "10.1.0.7/24", "10.2.0.2/24"]
    );
}

#[test]
fn networks_that_are_connected_are_two_pairs_until_one_of_them_goes() {
    let mut state = crate::values::state_with(&["a", "b", "c"]);
    let (a, b) = (name("a"), name("b"));
    let plan = tidegate_plan::connect(&state, &a, &b, false).unwrap();
    expect![[r#"
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb0" . "tgb1", "tgb1" . "tgb0" }; }
    "#]].assert_eq(&plan.transaction.to_text());
    let number = state.next_number;
    state.apply(&plan.change);
    assert_eq!(state.next_number, number);
    let again = tidegate_plan::connect(&state, &b, &a, false).unwrap_err();
    assert_eq!(
        again.to_string(),
        "network b is connected to network a already, both ways"
    );
    let ended = tidegate_plan::disconnect(&state, &b, &a).unwrap();
    assert!(matches!(
        tidegate_plan::disconnect(&state, &a, &name("c")),
        Err(Refused::NotConnected(..))
    ));
    assert!(matches!(
        tidegate_plan::connect(&state, &a, &a, false),
        Err(Refused::ConnectedToItself(_))
    ));
    let removed = tidegate_plan::remove_network(&state, &a, false).unwrap();
    expect![[r#"
        delete element inet tidegate bridges { "tgb0" }
        delete element inet tidegate entrances { "tgb0" }
        delete element inet tidegate translated4 { "tgb0" }
        delete element inet tidegate translated6 { "tgb0" }
        delete element inet tidegate masquerading4 { "tgb0" }
        delete element inet tidegate masquerading6 { "tgb0" }
        delete element inet tidegate peers { "tgb0" . "tgb0", "tgb0" . "tgb1", "tgb1" . "tgb0" }
        delete element inet tidegate same_bridge { "tgb0" . "tgb0" }
        delete element inet tidegate gateways4 { "tgb0" . 10.208.0.1 }
        delete element inet tidegate gateways6 { "tgb0" . fd74:6964:6567::1 }
        delete element inet tidegate ours4 { 10.208.0.0/24 . 10.208.0.0/24 }
        delete element inet tidegate ours6 { fd74:6964:6567::/64 . fd74:6964:6567::/64 }
        delete element inet tidegate named { "tgb0" }
    "#]]
    .assert_eq(&removed.transaction.to_text());
    for change in [ended.change, removed.change] {
        let mut after = state.clone();
        after.apply(&change);
        assert!(
            after
                .networks
                .values()
                .all(|network| network.peers.is_empty())
        );
    }
}

#[test]
fn one_way_is_one_pair_and_changes_to_both_ways_and_back_in_one_transaction() {
    let mut state = crate::values::state_with(&["a", "b"]);
    let [a, b] = ["a", "b"].map(name);
    let before = state.clone();
    let mut seen = String::new();
    for (one, other, one_way) in [
        (&a, &b, true),
        (&b, &a, true),
        (&b, &a, false),
        (&a, &b, true),
    ] {
        let plan = tidegate_plan::connect(&state, one, other, one_way).unwrap();
        seen += &format!(
            "{}undo: {}",
            plan.transaction.to_text(),
            plan.undo.to_text()
        );
        state.apply(&plan.change);
        let again = tidegate_plan::connect(&state, one, other, one_way);
        assert!(matches!(again, Err(Refused::ConnectedAlready { .. })));
    }
    expect![[r#"
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb0" . "tgb1" }; }
        undo: delete element inet tidegate peers { "tgb0" . "tgb1" }
        delete element inet tidegate peers { "tgb0" . "tgb1" }
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb1" . "tgb0" }; }
        undo: delete element inet tidegate peers { "tgb1" . "tgb0" }
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb0" . "tgb1" }; }
        add set inet tidegate peers { type ifname . ifname; elements = { "tgb0" . "tgb1" }; }
        undo: delete element inet tidegate peers { "tgb0" . "tgb1" }
        delete element inet tidegate peers { "tgb1" . "tgb0" }
        undo: add set inet tidegate peers { type ifname . ifname; elements = { "tgb1" . "tgb0" }; }
    "#]]
    .assert_eq(&seen);
    // In either order of the names, and if either network goes.
    for gone in [
        tidegate_plan::disconnect(&state, &b, &a).unwrap().change,
        tidegate_plan::remove_network(&state, &a, false)
            .unwrap()
            .change,
        tidegate_plan::remove_network(&state, &b, false)
            .unwrap()
            .change,
    ] {
        let mut after = state.clone();
        after.apply(&gone);
        let mut networks = after.networks.values();
        assert!(networks.all(|network| network.peers.is_empty()));
    }
    let removed = tidegate_plan::remove_network(&state, &b, false).unwrap();
    let text = removed.transaction.to_text();
    assert!(
        text.contains(r#"{ "tgb1" . "tgb1", "tgb0" . "tgb1" }"#),
        "{text}"
    );
    let ended = tidegate_plan::disconnect(&state, &b, &a).unwrap();
    state.apply(&ended.change);
    assert_eq!(state, before);
    let ended = tidegate_plan::disconnect(&state, &b, &a);
    assert!(matches!(ended, Err(Refused::NotConnected(..))));
}

#[test]
fn a_forced_removal_takes_the_endpoints_along() {
    let mut state = crate::values::state_with(&["a", "b"]);
    attach(&mut state, "a", 1, &["80:80"]);
    attach(&mut state, "a", 2, &["81:80"]);
    attach(&mut state, "b", 3, &[]);
    let before = state.clone();
    let plan = tidegate_plan::remove_network(&state, &name("a"), true).unwrap();
    state.apply(&plan.change);
    assert_eq!((state.networks.len(), state.endpoints.len()), (1, 1));
    assert_eq!(state.next_number, before.next_number);
    let kinds: Vec<String> = plan
        .links
        .iter()
        .map(|step| format!("{step:?}").split('(').next().unwrap().to_owned())
        .collect();
    let expected = [
        "DeleteVeth",
        "DeleteVeth",
        "DeleteBridge",
        "ReleasePorts",
        "ReleasePorts",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(plan.stale.addresses.len(), 4);
}

#[test]
fn the_number_of_bound_endpoints_is_limited() {
    let policy = Policy {
        anti_spoofing: true,
        ..Policy::default()
    };
    let bound = CreateNetwork {
        subnets: nets(&["10.9.0.0/20", "fd09::/64"]),
        ..with(policy)
    };
    let mut state = State::default();
    let plan = create(&state, &bound).unwrap();
    state.apply(&plan.change);
    let other = create(&state, &network("other")).unwrap();
    state.apply(&other.change);
    for number in 0..512 {
        attach(&mut state, "web", number, &[]);
    }
    let planned = |network: &str| plan_attach(&state, &attachment(network, &[]), &namespace(9999));
    let refused = planned("web").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the host already has 512 endpoints in networks with --anti-spoofing, and cannot have another in network web"
    );
    assert!(
        refused
            .hint()
            .unwrap_or_default()
            .contains("--anti-spoofing")
    );
    let plan = planned("other").unwrap();
    let is_bound = |step: &LinkStep| matches!(step, LinkStep::AddVeth(veth) if veth.bound);
    assert!(!plan.links.iter().any(is_bound));
}
