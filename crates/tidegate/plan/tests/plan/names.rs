//! What names an endpoint has, and how questions for them reach the resolver.

use crate::values::{attach, attachment, create, name, namespace, network, state_with};
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
