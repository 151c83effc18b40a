//! Assigns connections to published ports.

use crate::values::{attach, create, network, state_with};
use tidegate_api::{CreateNetwork, Policy};
use tidegate_model::traffic::{ConnectionKey, Counts, TrafficCounts};
use tidegate_model::{Mode, Protocol, State};
use tidegate_plan::traffic;

/// Connections that came to the first address, and were sent on to the second.
fn course(protocol: Protocol, came_to: &str, sent_on_to: &str) -> (ConnectionKey, TrafficCounts) {
    let [at, endpoint] =
        [came_to, sent_on_to].map(|text| text.parse::<std::net::SocketAddr>().unwrap());
    let course = ConnectionKey {
        protocol,
        at: at.ip(),
        came_to: at.port(),
        endpoint: endpoint.ip(),
        port: endpoint.port(),
    };
    let counts = |packets, bytes| Counts { packets, bytes };
    let passed = TrafficCounts {
        connections: 1,
        open: 1,
        received: counts(2, 200),
        sent: counts(3, 3000),
    };
    (course, passed)
}

/// Connections and bytes received of each port.
fn seen(state: &State, courses: &[(ConnectionKey, TrafficCounts)]) -> Vec<(String, u64, u64)> {
    let ports = traffic(state, courses).into_iter();
    ports
        .map(|it| {
            let tidegate_api::traffic::TrafficCounts {
                connections,
                received,
                ..
            } = it.passed;
            (it.port.to_string(), connections, received.bytes)
        })
        .collect()
}

#[test]
fn connections_are_of_the_port_that_they_came_through() {
    let mut state = state_with(&["web"]);
    attach(
        &mut state,
        "web",
        1,
        &[
            "8080:80",
            "192.0.2.1:81:80",
            "192.0.2.9:81:80",
            "8080:80/udp",
        ],
    );
    let (tcp, udp) = (Protocol::Tcp, Protocol::Udp);
    let courses = [
        course(tcp, "192.0.2.1:8080", "10.208.0.2:80"),
        course(tcp, "127.0.0.1:8080", "10.208.0.2:80"),
        course(tcp, "[2001:db8::1]:8080", "[fd74:6964:6567::2]:80"),
        course(tcp, "192.0.2.9:81", "10.208.0.2:80"),
        course(udp, "192.0.2.1:8080", "10.208.0.2:80"),
        // Straight to the endpoint, to another endpoint, through a port that is no longer there.
        course(tcp, "10.208.0.2:80", "10.208.0.2:80"),
        course(tcp, "192.0.2.1:8080", "10.208.0.3:80"),
        course(tcp, "192.0.2.1:8082", "10.208.0.2:80"),
    ];
    let expected = [
        ("8080:80/tcp", 3, 600),
        ("192.0.2.1:81:80/tcp", 0, 0),
        ("192.0.2.9:81:80/tcp", 1, 200),
        ("8080:80/udp", 1, 200),
    ]
    .map(|(port, connections, bytes)| (port.to_owned(), connections, bytes));
    assert_eq!(seen(&state, &courses), expected);
}

#[test]
fn connections_to_an_open_port_of_a_routed_network_came_straight_to_it() {
    let request = CreateNetwork {
        policy: Policy {
            mode4: Mode::Routed,
            ..Policy::default()
        },
        ipv6: false,
        ..network("web")
    };
    let mut state = State::default();
    state.apply(&create(&state, &request).unwrap().change);
    attach(&mut state, "web", 1, &["80"]);
    let courses = [
        course(Protocol::Tcp, "10.208.0.2:80", "10.208.0.2:80"),
        course(Protocol::Tcp, "10.208.0.2:443", "10.208.0.2:443"),
    ];
    assert_eq!(seen(&state, &courses), [("80/tcp".to_owned(), 1, 200)]);
}
