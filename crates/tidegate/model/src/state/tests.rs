use super::*;
use crate::Fault;
use crate::fixtures::{endpoint, name, network};
use crate::policy::Access;

/// A state with network `web` and these endpoints of it.
fn state(endpoints: impl IntoIterator<Item = Endpoint>) -> State {
    let mut state = State::default();
    state.apply(&Change::AddNetwork(network("web")));
    for endpoint in endpoints {
        state.apply(&Change::AddEndpoint(endpoint));
    }
    state
}

fn fault() -> Fault {
    Fault {
        down: true,
        reason: "File exists".into(),
        hint: None,
    }
}

#[test]
fn objects_appear_are_replaced_and_go() {
    let mut state = state([endpoint("front", "web", &[])]);
    assert_eq!(state.networks[&name("web")], network("web"));
    assert_eq!(
        state.endpoints[&name("front")],
        endpoint("front", "web", &[])
    );
    let wide = Network {
        mtu: Some(9000),
        ..network("web")
    };
    let published = endpoint("front", "web", &["8080:80"]);
    state.apply(&Change::All(vec![
        Change::ReplaceNetwork {
            before: network("web").into(),
            after: wide.clone().into(),
        },
        Change::ReplaceEndpoint {
            before: endpoint("front", "web", &[]).into(),
            after: published.clone().into(),
        },
    ]));
    assert_eq!(state.networks[&name("web")], wide);
    assert_eq!(state.endpoints[&name("front")], published);
    state.degraded.networks.insert(name("web"), fault());
    state.degraded.endpoints.insert(name("front"), fault());
    state.apply(&Change::RemoveEndpoint(published));
    state.apply(&Change::RemoveNetwork(wide));
    let empty = State {
        next_number: state.next_number,
        ..State::default()
    };
    assert_eq!(state, empty);
}

#[test]
fn each_new_interface_takes_a_number_and_none_is_given_back() {
    let mut state = State::default();
    let both = Change::All(vec![
        Change::AddNetwork(network("web")),
        Change::AddEndpoint(endpoint("front", "web", &[])),
    ]);
    assert_eq!(state.number_after(&both), 2);
    state.apply(&both);
    assert_eq!(state.next_number, 2);
    state.apply(&Change::ReplaceEndpoint {
        before: endpoint("front", "web", &[]).into(),
        after: endpoint("front", "web", &["80:80"]).into(),
    });
    state.apply(&Change::RemoveEndpoint(endpoint("front", "web", &[])));
    assert_eq!(state.next_number, 2);
    state.next_number = u32::MAX;
    assert_eq!(state.number_after(&Change::AddNetwork(network("db"))), 0);
}

#[test]
fn a_change_without_parts_is_nothing() {
    let some = Change::AddNetwork(network("web"));
    let none = || Change::All(Vec::new());
    assert!(none().is_nothing());
    assert!(Change::All(vec![none(), none()]).is_nothing());
    assert!(!Change::All(vec![none(), some.clone()]).is_nothing());
    assert!(!some.is_nothing());
}

#[test]
fn the_endpoints_of_a_network_are_its_own() {
    let all = ["front", "back"].map(|name| endpoint(name, "web", &[]));
    let state = state(all.into_iter().chain([endpoint("other", "db", &[])]));
    let web = name("web");
    let names: Vec<&str> = state
        .endpoints_of(&web)
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["back", "front"]);
}

#[test]
fn the_dns_port_of_a_gateway_is_taken_while_the_dns_server_is_on() {
    let mut state = state([]);
    let is_taken = |state: &State, port: &str| {
        let network = state.asked_at(&port.parse().unwrap());
        network.is_some_and(|network| network.name == name("web"))
    };
    let at_gateway = "10.1.2.1:53:53/udp";
    assert!(!is_taken(&state, at_gateway));
    state.resolver = Some(20053);
    for (port, taken) in [
        (at_gateway, true),
        ("10.1.2.1:53:53/tcp", true),
        ("[fd00:1::1]:53:53/udp", true),
        ("10.1.2.1:53:53/sctp", false),
        ("10.1.2.1:54:53/udp", false),
        ("10.1.2.2:53:53/udp", false),
        ("53:53/udp", false),
    ] {
        assert_eq!(is_taken(&state, port), taken, "{port}");
    }
    for network in state.networks.values_mut() {
        network.policy.access = Access::Isolated;
    }
    assert!(!is_taken(&state, at_gateway));
}

#[test]
fn an_endpoint_that_is_published_on_the_dns_port_of_a_gateway_is_in_the_way() {
    for (port, is_in_the_way) in [
        ("10.1.2.1:53:5353/udp", true),
        ("10.1.2.1:53:5353/tcp", true),
        ("[fd00:1::1]:53:5353/tcp", true),
        ("10.1.2.1:53:5353/sctp", false),
        ("10.1.2.1:54:5353/udp", false),
        ("10.1.2.2:53:5353/udp", false),
        ("53:5353/udp", false),
    ] {
        let ports = [
            "8080:80",
            "192.0.2.1:53:53/udp",
            "192.0.2.1:53:53/tcp",
            port,
        ];
        let state = state([endpoint("dns", "web", &ports)]);
        let found = state.in_the_way_of(&state.networks[&name("web")]);
        let binding = found.map(|(endpoint, binding)| (endpoint.name.as_str(), binding));
        let wanted = is_in_the_way.then(|| ("dns", port.parse().unwrap()));
        assert_eq!(binding, wanted, "{port}");
    }
}

#[test]
fn the_holder_of_a_port_is_the_endpoint_whose_binding_conflicts() {
    let state = state([
        endpoint("front", "web", &["127.0.0.1:8080:80"]),
        endpoint("back", "web", &["81:80", "192.0.2.1:8080:80"]),
    ]);
    for (wanted, holder) in [
        ("127.0.0.1:8080:1", Some("front")),
        ("192.0.2.1:8080:1", Some("back")),
        ("192.0.2.2:8080:1", None),
        ("8080:1/udp", None),
        ("82:1", None),
    ] {
        let wanted = wanted.parse().unwrap();
        let found = state.holders_of(&wanted).next();
        let name = found.map(|(endpoint, _)| endpoint.name.as_str());
        assert_eq!(name, holder, "{wanted}");
    }
    let wanted = "192.0.2.1:8080:1".parse().unwrap();
    let (_, binding) = state.holders_of(&wanted).next().unwrap();
    assert_eq!(binding.to_string(), "192.0.2.1:8080:80/tcp");
    // Both are in its way.
    let wanted = "8080:1".parse().unwrap();
    let all = state
        .holders_of(&wanted)
        .map(|(it, held)| format!("{} {held}", it.name));
    assert_eq!(
        all.collect::<Vec<_>>(),
        ["back 192.0.2.1:8080:80/tcp", "front 127.0.0.1:8080:80/tcp"]
    );
}
