//! What names an endpoint has, and how questions for them reach the resolver.

use crate::values::{attach, attachment, create, name, namespace, network, state_with};
use error_hint::Hint;
use expect_test::expect;
use tidegate_model::{Access, State};
use tidegate_plan::{PortFacts, Refused};

fn resolving() -> State {
    State {
        resolver: Some(5300),
        ..State::default()
    }
}

/// A state with a network whose gateways are asked for names.
fn resolving_web() -> State {
    State {
        resolver: Some(5300),
        ..state_with(&["web"])
    }
}

#[test]
fn a_network_with_dns_has_an_element_for_each_gateway_and_protocol() {
    let plan = create(&resolving(), &network("web")).unwrap();
    let text = plan.transaction.to_text();
    let publish: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("publish"))
        .collect();
    expect![[r#"
        add map inet tidegate publish4_at_tcp { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 10.208.0.1 . 53 : 10.208.0.1 . 5300 }; }
        add map inet tidegate publish4_at_udp { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 10.208.0.1 . 53 : 10.208.0.1 . 5300 }; }
        add map inet tidegate publish6_at_tcp { type ipv6_addr . inet_service : ipv6_addr . inet_service; elements = { fd74:6964:6567::1 . 53 : fd74:6964:6567::1 . 5300 }; }
        add map inet tidegate publish6_at_udp { type ipv6_addr . inet_service : ipv6_addr . inet_service; elements = { fd74:6964:6567::1 . 53 : fd74:6964:6567::1 . 5300 }; }"#]]
    .assert_eq(&publish.join("\n"));
    let mut isolated = network("vault");
    isolated.policy.access = Access::Isolated;
    let plan = create(&resolving(), &isolated).unwrap();
    assert!(
        !plan.transaction.to_text().contains("publish"),
        "it has no gateway"
    );
}

#[test]
fn the_port_at_which_a_gateway_is_asked_is_nobodys_else() {
    let state = resolving_web();
    let wanted = |port: &str| {
        let request = attachment("web", &[port]);
        tidegate_plan::attach(&state, &request, &namespace(1), &PortFacts::default())
    };
    for port in [
        "10.208.0.1:53:53",
        "10.208.0.1:53:53/udp",
        "[fd74:6964:6567::1]:53:53",
    ] {
        let refused = wanted(port).unwrap_err();
        assert!(
            matches!(refused, Refused::PortOfResolver { .. }),
            "{refused}"
        );
        assert!(
            refused
                .to_string()
                .contains("is the DNS port of network web"),
            "{refused}"
        );
    }
    for port in [
        "53:53",
        "53:53/udp",
        "127.0.0.1:53:53/udp",
        "10.208.0.1:53:53/sctp",
    ] {
        assert!(wanted(port).is_ok(), "{port}");
    }
}

#[test]
fn a_free_port_of_a_gateway_is_never_its_dns_port() {
    let state = resolving_web();
    let request = attachment("web", &["10.208.0.1:53-54:80"]);
    let plan = tidegate_plan::attach(&state, &request, &namespace(1), &PortFacts::default());
    let endpoint = plan.unwrap().outcome;
    assert_eq!(endpoint.ports[0].host_port, 54);
}

#[test]
fn a_network_whose_gateway_is_published_at_that_port_is_refused_with_who_has_it() {
    let mut state = resolving_web();
    attach(&mut state, "web", 1, &["10.209.0.1:53:53/udp"]);
    let mut wanted = network("db");
    wanted.subnets = vec!["10.209.0.0/24".parse().unwrap()];
    let refused = create(&state, &wanted).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "endpoint ep-1 is published on port 53 of the gateway of network db, as 10.209.0.1:53:53/udp: its DNS server needs that port"
    );
    state.resolver = None;
    assert!(create(&state, &wanted).is_ok());
}

#[test]
fn an_alias_is_kept_once_and_none_is_the_endpoints_own_name() {
    let mut request = attachment("web", &[]);
    request.name = Some(name("front"));
    request.aliases = ["db", "Front", "cache", "DB"].map(name).to_vec();
    let plan = tidegate_plan::attach(
        &state_with(&["web"]),
        &request,
        &namespace(1),
        &PortFacts::default(),
    );
    let endpoint = plan.unwrap().outcome;
    assert_eq!(endpoint.aliases, ["db", "cache"].map(name));
}

/// RFC 4343.
#[test]
fn names_that_differ_only_in_case_are_one_name() {
    let mut state = state_with(&["Web", "db"]);
    let refused = create(&state, &network("WEB")).unwrap_err();
    assert!(
        matches!(&refused, Refused::NetworkExists(it) if it.as_str() == "Web"),
        "{refused}"
    );
    let wanted = |state: &State, network: &str, endpoint: &str, ino| {
        let mut request = attachment(network, &[]);
        request.name = Some(name(endpoint));
        tidegate_plan::attach(state, &request, &namespace(ino), &PortFacts::default())
    };
    // The network of an endpoint is the one that there is.
    let plan = wanted(&state, "wEB", "Front_1", 1).unwrap();
    assert_eq!(plan.outcome.network, name("Web"));
    state.apply(&plan.change);
    let again = wanted(&state, "web", "another", 1).unwrap_err();
    assert!(matches!(again, Refused::AttachedAlready { .. }), "{again}");
    for other in ["Front_1", "front_1", "FRONT_1"] {
        let refused = wanted(&state, "db", other, 2).unwrap_err();
        assert!(
            matches!(&refused, Refused::EndpointExists(it) if it.as_str() == "Front_1"),
            "{refused}"
        );
    }
    let connected = tidegate_plan::connect(&state, &name("web"), &name("DB"), false).unwrap();
    let [one, other] = connected.outcome;
    assert_eq!([&one.name, &other.name], [&name("Web"), &name("db")]);
    assert!(one.peers.contains(&other.name) && other.peers.contains(&one.name));
    let itself = tidegate_plan::connect(&state, &name("web"), &name("WEB"), false).unwrap_err();
    assert!(matches!(itself, Refused::ConnectedToItself(_)), "{itself}");
    let gone = tidegate_plan::detach(&state, &name("FRONT_1")).unwrap();
    assert_eq!(gone.outcome.name, name("Front_1"));
    state.apply(&gone.change);
    assert!(state.endpoints.is_empty());
    let removed = tidegate_plan::remove_network(&state, &name("WEB"), false).unwrap();
    state.apply(&removed.change);
    assert_eq!(state.networks.keys().collect::<Vec<_>>(), [&name("db")]);
}

/// States of earlier releases may have both.
#[test]
fn of_two_names_that_differ_only_in_case_each_is_found_by_its_own() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    let one = state.endpoints.values().next().unwrap().clone();
    for other in ["front", "Front"] {
        state.endpoints.insert(tidegate_model::Endpoint {
            name: name(other),
            ..one.clone()
        });
    }
    for wanted in ["front", "Front"] {
        let plan = tidegate_plan::detach(&state, &name(wanted)).unwrap();
        assert_eq!(plan.outcome.name, name(wanted));
    }
}

/// DNS cannot have the first two; `tidegate explain` takes the others for something else.
#[test]
fn a_name_that_nobody_could_ask_for_is_refused_with_what_to_write() {
    let dots = "it has a dot at the end, or two side by side";
    let host = "`tidegate explain` means the host by it";
    let outside = "`tidegate explain` means all machines outside of the host by it";
    for (odd, reason) in [
        ("web.", dots),
        ("a..b", dots),
        ("host", host),
        ("Host", host),
        ("outside", outside),
        ("10.0.0.1", "it is an IP address"),
    ] {
        let refused = create(&State::default(), &network(odd)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("invalid name {odd:?}: {reason}")
        );
        assert!(refused.hint().is_some_and(|hint| !hint.is_empty()));
        for is_alias in [false, true] {
            let mut request = attachment("web", &[]);
            match is_alias {
                true => request.aliases = vec![name(odd)],
                false => request.name = Some(name(odd)),
            }
            let facts = PortFacts::default();
            let refused =
                tidegate_plan::attach(&state_with(&["web"]), &request, &namespace(1), &facts);
            assert!(matches!(refused, Err(Refused::Invalid(_))), "{refused:?}");
        }
    }
    for usual in ["host-1", "hosts", "1", "10.0.0", "outside.web"] {
        create(&State::default(), &network(usual)).unwrap();
    }
}

/// Else it would hide the host from its neighbours without a word.
#[test]
fn a_name_by_which_endpoints_reach_the_host_is_refused_for_an_endpoint() {
    let refused = |network: &str, odd: &str, is_alias| {
        let mut request = attachment(network, &[]);
        match is_alias {
            true => request.aliases = vec![name(odd)],
            false => request.name = Some(name(odd)),
        }
        let facts = PortFacts::default();
        tidegate_plan::attach(&state_with(&[network]), &request, &namespace(1), &facts).err()
    };
    let all = tidegate_model::HOST_NAMES.map(|odd| ("web", odd, odd));
    for (network, odd, of_host) in all.into_iter().chain([
        ("web", "GateWay", "gateway"),
        ("internal", "host.docker", "host.docker.internal"),
        ("Internal", "Host.Containers", "host.containers.internal"),
    ]) {
        for is_alias in [false, true] {
            let refused = refused(network, odd, is_alias).unwrap();
            assert_eq!(
                refused.to_string(),
                format!(
                    "invalid name {odd:?}: {of_host} is a name of the host: it leads to the gateway"
                )
            );
            assert_eq!(
                refused.hint().as_deref(),
                Some("choose another name; endpoints reach the host by this one")
            );
        }
    }
    for usual in ["gateway-1", "host.docker", "gateway.web"] {
        assert_eq!(refused("web", usual, true), None, "{usual}");
    }
    // The name of a network alone leads nowhere.
    create(&State::default(), &network("gateway")).unwrap();
}

/// States of earlier releases may have such names: what has one can still be changed and removed.
#[test]
fn what_has_such_a_name_from_an_earlier_release_goes_on_working() {
    for odd in ["host", "outside", "10.0.0.1", "web.", "gateway"] {
        let mut state = state_with(&["web"]);
        attach(&mut state, "web", 1, &["8080:80"]);
        let (_, network) = state.networks.pop_first().unwrap();
        let old = state.endpoints.values().next().unwrap().name.clone();
        let old = state.endpoints.remove(&old).unwrap();
        state.networks.insert(
            name(odd),
            tidegate_model::Network {
                name: name(odd),
                ..network
            },
        );
        state.endpoints.insert(tidegate_model::Endpoint {
            name: name(odd),
            network: name(odd),
            ..old
        });
        attach(&mut state, odd, 2, &["8081:81"]);
        let ports = ["8082:82".parse().unwrap()].to_vec().into();
        let plan = tidegate_plan::publish(&state, &name(odd), &ports, &PortFacts::default());
        state.apply(&plan.unwrap().change);
        let plan = tidegate_plan::unpublish(&state, &name(odd), &["80".parse().unwrap()]);
        state.apply(&plan.unwrap().change);
        let plan = tidegate_plan::detach(&state, &name(odd));
        state.apply(&plan.unwrap().change);
        let plan = tidegate_plan::remove_network(&state, &name(odd), true);
        state.apply(&plan.unwrap().change);
        assert!(
            state.networks.is_empty() && state.endpoints.is_empty(),
            "{odd}"
        );
    }
}
