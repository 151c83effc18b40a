//! Which tracked connections are not what the table would make of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use tidegate_api::CreateNetwork;
use tidegate_model::tracked::{Ends, Fate, Tracked};
use tidegate_model::{Access, Mode, Protocol, State};
use tidegate_plan::{PortFacts, Refused, StaleConnections, Sweep};

use crate::values::{attach, attachment, create, name, namespace, network, state_with};

const UDP: u8 = 17;
const TCP: u8 = 6;
/// The endpoint of network `web`, and its neighbour.
const FRONT: &str = "10.208.0.2:53";
const SIDE: &str = "10.208.0.3:53";
/// The host, a client, and that of network `db`.
const HOST: &str = "192.0.2.1:8053";
const CLIENT: &str = "192.0.2.9:40000";
const BACK: &str = "10.208.1.2:53";

/// From one to another, who is what it was sent on to if that is somebody else.
fn tracked(protocol: u8, from: &str, to: &str, reached: &str) -> Tracked {
    let [from, to, reached] = [from, to, reached].map(|text| text.parse().unwrap());
    let ends = |source: std::net::SocketAddr, destination: std::net::SocketAddr| Ends {
        source: source.ip(),
        source_port: source.port(),
        destination: destination.ip(),
        destination_port: destination.port(),
    };
    Tracked {
        protocol,
        original: ends(from, to),
        reply: ends(reached, from),
        source_translated: false,
        destination_translated: to != reached,
        assured: false,
        expected: false,
    }
}

fn straight(from: &str, to: &str) -> Tracked {
    tracked(UDP, from, to, to)
}

/// The same connection with its source translated to the host's address.
fn masqueraded(mut tracked: Tracked) -> Tracked {
    tracked.source_translated = true;
    tracked.reply.destination = ip(HOST);
    tracked
}

fn ip(at: &str) -> IpAddr {
    at.parse::<std::net::SocketAddr>().unwrap().ip()
}

/// `web` has an endpoint that publishes UDP and TCP port 8053, and one that does not; `db` has one.
fn state() -> State {
    let mut state = state_with(&["web", "db"]);
    attach(&mut state, "web", 1, &["8053:53/udp", "8053:53"]);
    attach(&mut state, "web", 2, &[]);
    attach(&mut state, "db", 3, &[]);
    state
}

/// The sweep after a repair, which looks at all tracked connections.
fn sweep_after_repair(state: &State) -> Sweep {
    Sweep::new(&StaleConnections::after_mending(), state)
}

#[test]
fn only_connections_with_the_address_of_a_removed_endpoint_are_deleted() {
    let mut state = state();
    let plan = tidegate_plan::detach(&state, &name("ep-2")).unwrap();
    state.apply(&plan.change);
    let sweep = Sweep::new(&plan.stale, &state);
    for protocol in [UDP, TCP, 132, 1] {
        let involved = [
            tracked(protocol, CLIENT, HOST, FRONT),
            masqueraded(tracked(protocol, FRONT, CLIENT, CLIENT)),
            tracked(protocol, FRONT, SIDE, SIDE),
            tracked(protocol, SIDE, FRONT, FRONT),
            tracked(protocol, FRONT, "10.208.0.1:53", "10.208.0.1:20053"),
            tracked(
                protocol,
                CLIENT,
                "[2001:db8::1]:8053",
                "[fd74:6964:6567::2]:53",
            ),
        ];
        for tracked in involved {
            assert_eq!(sweep.fate(&tracked), Fate::Forget, "{tracked:?}");
        }
    }
    for others in [straight(SIDE, "10.208.0.1:53"), straight(CLIENT, HOST)] {
        assert_eq!(sweep.fate(&others), Fate::Keep);
    }
}

#[test]
fn a_start_deletes_connections_of_free_addresses() {
    let state = state();
    let sweep = Sweep::new(&StaleConnections::at_start(&state), &state);
    let (gone, gone6) = ("10.208.0.77:53", "[fd74:6964:6567::77]:53");
    assert_eq!(sweep.fate(&straight(gone, CLIENT)), Fate::Forget);
    assert_eq!(sweep.fate(&tracked(UDP, CLIENT, HOST, gone)), Fate::Forget);
    assert_eq!(sweep.fate(&straight(CLIENT, gone6)), Fate::Forget);
    let gateway = tracked(UDP, FRONT, "10.208.0.1:53", "10.208.0.1:20053");
    assert_eq!(sweep.fate(&gateway), Fate::Keep);
    let outside = straight("10.208.99.1:53", CLIENT);
    assert_eq!(sweep.fate(&outside), Fate::Keep);
}

#[test]
fn a_new_networks_subnets_are_free_of_what_was_there() {
    let mut state = State::default();
    let plan = create(&state, &network("web")).unwrap();
    state.apply(&plan.change);
    let sweep = Sweep::new(&plan.stale, &state);
    assert_eq!(sweep.fate(&straight(CLIENT, FRONT)), Fate::Forget);
    // One that was faster than the walk keeps what it has.
    attach(&mut state, "web", 1, &[]);
    let sweep = Sweep::new(&plan.stale, &state);
    assert_eq!(sweep.fate(&straight(FRONT, CLIENT)), Fate::Keep);
}

#[test]
fn flows_to_a_port_from_before_its_publication_are_deleted_if_the_host_has_the_address() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    let ports = ["8053:53/udp", "8053:53"].map(|port| port.parse().unwrap());
    let facts = PortFacts::default();
    let plan =
        tidegate_plan::publish(&state, &name("ep-1"), &Vec::from(ports).into(), &facts).unwrap();
    state.apply(&plan.change);
    let sweep = Sweep::new(&plan.stale, &state);
    let if_hosts = |at: &str| Fate::ForgetIfHosts(ip(at));
    for to in [
        HOST,
        "127.0.0.1:8053",
        "198.51.100.1:8053",
        "[2001:db8::1]:8053",
    ] {
        assert_eq!(sweep.fate(&straight(CLIENT, to)), if_hosts(to));
    }
    let half_open = tracked(TCP, CLIENT, HOST, HOST);
    assert_eq!(sweep.fate(&half_open), if_hosts(HOST));
    let open = Tracked {
        assured: true,
        ..half_open
    };
    let kept = [
        // The host's own, from when it had the port.
        open,
        // Relayed, not translated.
        straight("[::1]:40000", "[::1]:8053"),
        straight(CLIENT, "192.0.2.1:8054"),
        tracked(132, CLIENT, HOST, HOST),
        // An answer to the host.
        straight("192.0.2.1:8053", CLIENT),
        // Translated as it would be now, and by somebody else.
        tracked(UDP, CLIENT, HOST, FRONT),
        tracked(UDP, CLIENT, HOST, "172.17.0.2:53"),
    ];
    for tracked in kept {
        assert_eq!(sweep.fate(&tracked), Fate::Keep, "{tracked:?}");
    }
    // Withdrawn before anybody looked.
    let gone = tidegate_plan::unpublish(&state, &name("ep-1"), &["53/udp".parse().unwrap()]);
    state.apply(&gone.unwrap().change);
    let sweep = Sweep::new(&plan.stale, &state);
    assert_eq!(sweep.fate(&straight(CLIENT, HOST)), Fate::Keep);
}

#[test]
fn a_port_of_one_host_address_belongs_to_that_address() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["192.0.2.1:8053:53/udp"]);
    let sweep = sweep_after_repair(&state);
    let fate = |to| sweep.fate(&straight(CLIENT, to));
    assert_eq!(fate(HOST), Fate::ForgetIfHosts(ip(HOST)));
    assert_eq!(fate("127.0.0.1:8053"), Fate::Keep);
}

#[test]
fn a_withdrawn_ports_connections_are_forgotten_unless_they_would_be_the_same_again() {
    let mut state = state();
    let ports = ["53/udp".parse().unwrap()];
    let plan = tidegate_plan::unpublish(&state, &name("ep-2"), &ports).unwrap();
    state.apply(&plan.change);
    let through = tracked(UDP, CLIENT, HOST, FRONT);
    let sweep = Sweep::new(&plan.stale, &state);
    assert_eq!(sweep.fate(&through), Fate::Forget);
    assert_eq!(sweep.fate(&tracked(TCP, CLIENT, HOST, FRONT)), Fate::Keep);
    let again = |state: &State, port: &str| {
        let ports = [port.parse().unwrap()];
        let facts = PortFacts::default();
        let plan =
            tidegate_plan::publish(state, &name("ep-2"), &Vec::from(ports).into(), &facts).unwrap();
        let mut after = state.clone();
        after.apply(&plan.change);
        after
    };
    let same = again(&state, "8053:53/udp");
    assert_eq!(Sweep::new(&plan.stale, &same).fate(&through), Fate::Keep);
    let elsewhere = again(&state, "127.0.0.1:8053:53/udp");
    assert_eq!(
        Sweep::new(&plan.stale, &elsewhere).fate(&through),
        Fate::Forget
    );
}

#[test]
fn connections_from_without_the_table_are_deleted_unless_it_allows_them() {
    let mut state = state();
    state.resolver = Some(20053);
    let sweep = sweep_after_repair(&state);
    let fate = |tracked: Tracked| sweep.fate(&tracked);
    let bridges: std::sync::Arc<[_]> = ["tgb1", "tgb0"].map(|name| name.parse().unwrap()).into();
    let unless_near = |at: &str| Fate::ForgetUnlessNear(ip(at), bridges.clone());
    let unless_hosts = |at: &str| Fate::ForgetUnlessNear(ip(at), [].into());
    assert_eq!(fate(straight(FRONT, CLIENT)), unless_near(CLIENT));
    assert_eq!(fate(masqueraded(straight(FRONT, CLIENT))), Fate::Keep);
    assert_eq!(fate(straight(CLIENT, FRONT)), unless_hosts(CLIENT));
    assert_eq!(fate(straight(BACK, FRONT)), Fate::Forget);
    assert_eq!(fate(straight(SIDE, FRONT)), Fate::Keep);
    assert_eq!(fate(straight("10.208.0.1:9", FRONT)), Fate::Keep);
    assert_eq!(fate(straight(FRONT, "224.0.0.251:5353")), Fate::Keep);
    assert_eq!(fate(straight(CLIENT, "198.51.100.1:80")), Fate::Keep);
    // To another endpoint than the table would have it.
    assert_eq!(fate(tracked(UDP, CLIENT, HOST, SIDE)), Fate::Forget);
    // Questions for names that were not sent on.
    let question = straight(FRONT, "10.208.0.1:53");
    assert_eq!(fate(question), Fate::ForgetIfHosts(ip("10.208.0.1:53")));
    let expected = Tracked {
        expected: true,
        ..straight(CLIENT, FRONT)
    };
    assert_eq!(fate(expected), Fate::Keep);
    let plan = tidegate_plan::connect(&state, &name("web"), &name("db"), false).unwrap();
    let mut connected = state.clone();
    connected.apply(&plan.change);
    assert_eq!(
        sweep_after_repair(&connected).fate(&straight(BACK, FRONT)),
        Fate::Keep
    );
    // BACK is on db.
    for (from, to, fate) in [("db", "web", Fate::Keep), ("web", "db", Fate::Forget)] {
        let plan = tidegate_plan::connect(&state, &name(from), &name(to), true).unwrap();
        let mut connected = state.clone();
        connected.apply(&plan.change);
        let swept = sweep_after_repair(&connected);
        assert_eq!(swept.fate(&straight(BACK, FRONT)), fate, "{from} {to}");
    }
}

#[test]
fn a_network_is_swept_by_its_own_policy() {
    let with = |change: fn(&mut CreateNetwork), ports: &[&str]| {
        let mut request = network("web");
        change(&mut request);
        let mut state = State::default();
        state.apply(&create(&state, &request).unwrap().change);
        attach(&mut state, "web", 1, ports);
        sweep_after_repair(&state)
    };
    let out = masqueraded(straight(FRONT, CLIENT));
    let into = straight(CLIENT, FRONT);
    let web: std::sync::Arc<[_]> = ["tgb0".parse().unwrap()].into();
    let unless_near = Fate::ForgetUnlessNear(ip(CLIENT), web);
    let internal = with(|request| request.policy.access = Access::Internal, &[]);
    assert_eq!(internal.fate(&out), unless_near);
    let apart = with(|request| request.policy.icc = false, &[]);
    assert_eq!(apart.fate(&straight(SIDE, FRONT)), Fate::Forget);
    let routed = with(|request| request.policy.mode4 = Mode::Routed, &["53/udp"]);
    assert_eq!(routed.fate(&straight(FRONT, CLIENT)), Fate::Keep);
    assert_eq!(routed.fate(&into), Fate::Keep, "an open port");
    assert_eq!(routed.fate(&tracked(1, CLIENT, FRONT, FRONT)), Fate::Keep);
    let closed = tracked(TCP, CLIENT, FRONT, FRONT);
    assert!(matches!(routed.fate(&closed), Fate::ForgetUnlessNear(..)));
    let unprotected = with(|r| r.policy.mode4 = Mode::NatUnprotected, &[]);
    assert_eq!(unprotected.fate(&into), Fate::Keep);
    let bare = with(|request| request.policy.masquerade = false, &[]);
    assert_eq!(bare.fate(&straight(FRONT, CLIENT)), Fate::Keep);
    let trusting = with(
        |request| request.policy.trusted_interfaces = vec!["vpn0".parse().unwrap()],
        &[],
    );
    let vpn: std::sync::Arc<[_]> = ["vpn0".parse().unwrap()].into();
    assert_eq!(
        trusting.fate(&into),
        Fate::ForgetUnlessNear(ip(CLIENT), vpn)
    );
}

#[test]
fn an_address_is_not_given_out_while_connections_of_its_last_holder_are_tracked() {
    let state = state_with(&["web"]);
    let facts = |addresses: &[&str]| PortFacts {
        unswept: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        ..PortFacts::default()
    };
    let given = |state: &State, host: &PortFacts, asked: &[&str]| {
        let mut request = attachment("web", &[]);
        request.addresses = asked.iter().map(|text| text.parse().unwrap()).collect();
        let plan = tidegate_plan::attach(state, &request, &namespace(1), host)?;
        let tidegate_model::Change::AddEndpoint(endpoint) = plan.change else {
            panic!("{:?}", plan.change)
        };
        Ok(endpoint.addresses[0].addr().to_string())
    };
    let unswept = facts(&["10.208.0.2", "fd74:6964:6567::2"]);
    assert_eq!(given(&state, &unswept, &[]).unwrap(), "10.208.0.3");
    let refused = |asked: &[&str]| -> Refused { given(&state, &unswept, asked).unwrap_err() };
    for asked in ["10.208.0.2", "fd74:6964:6567::2"] {
        let refused = refused(&[asked]);
        assert!(matches!(refused, Refused::Unswept { ip, .. } if ip.to_string() == asked));
    }
    let mut request = network("web");
    request.subnets = vec!["10.9.0.0/30".parse().unwrap()];
    request.ipv6 = false;
    let mut small = State::default();
    small.apply(&create(&small, &request).unwrap().change);
    let refused: Refused = given(&small, &facts(&["10.9.0.2"]), &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "address 10.9.0.2 of network web is not free yet: connections of its previous holder are still tracked"
    );
    assert!(given(&small, &facts(&[]), &[]).is_ok());
}

#[test]
fn stale_connections_of_several_changes_are_swept_together() {
    let mut stale = StaleConnections::default();
    assert!(stale.is_empty());
    let ports = |port| StaleConnections {
        ports: BTreeSet::from([(Protocol::Udp, port)]),
        ..StaleConnections::default()
    };
    stale.add(ports(53));
    stale.add(ports(54));
    stale.add(StaleConnections::after_mending());
    assert!(stale.everything && stale.ports.len() == 2);
}
