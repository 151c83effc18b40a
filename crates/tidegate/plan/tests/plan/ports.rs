//! Which ports of the host are given, and what changes with them.

use crate::values::{
    attach, attachment, create, name, namespace, network, plan_attach, state_with,
};
use error_hint::Hint;
use expect_test::expect;
use tidegate_api::{Attach, Publish};
use tidegate_model::links::LinkStep;
use tidegate_model::{Endpoint, HostPorts, Mode, PortRequest, Protocol, State};
use tidegate_plan::{ChangedPorts, Plan, PortFacts, Refused};

pub(crate) fn facts(free: &str, in_use: &[(Protocol, u16)]) -> PortFacts {
    PortFacts {
        free: free.parse().unwrap(),
        in_use: in_use.iter().copied().collect(),
        ..PortFacts::default()
    }
}

fn requests(texts: &[&str]) -> Vec<PortRequest> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(crate) fn asked(texts: &[&str]) -> Publish {
    requests(texts).into()
}

/// The ports of an endpoint.
fn ports(endpoint: &Endpoint) -> String {
    let shown: Vec<String> = endpoint.ports.iter().map(ToString::to_string).collect();
    shown.join(" ")
}

pub(crate) fn given(state: &State, texts: &[&str], facts: &PortFacts) -> Result<String, Refused> {
    let plan = tidegate_plan::attach(state, &attachment("web", texts), &namespace(9), facts)?;
    Ok(ports(&plan.outcome))
}

#[test]
fn ports_are_given_one_by_one_or_free_ones_are_found() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["61001:1", "127.0.0.1:8001:1"]);
    let host = facts(
        "61000-65535",
        &[(Protocol::Tcp, 61002), (Protocol::Udp, 61003)],
    );
    for (texts, expected) in [
        (
            &["8080-8082:80-82"][..],
            "8080:80/tcp 8081:81/tcp 8082:82/tcp",
        ),
        (&["80"], "61000:80/tcp"),
        (&["80-82"], "61000:80/tcp 61003:81/tcp 61004:82/tcp"),
        (&["61000:1", "80"], "61000:1/tcp 61003:80/tcp"),
        (&["53/udp", "53"], "61000:53/udp 61000:53/tcp"),
        (&["8000-8003:80", "8000-8003:80"], "8000:80/tcp 8002:80/tcp"),
        (&["[2001:db8::1]:0:80"], "[2001:db8::1]:61000:80/tcp"),
    ] {
        assert_eq!(given(&state, texts, &host).unwrap(), expected, "{texts:?}");
    }
}

#[test]
fn where_no_port_is_free_it_is_said() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["8000:1"]);
    let host = facts("9000-9001", &[(Protocol::Tcp, 8001)]);
    let refused = given(&state, &["8000-8001:80"], &host).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no port of 8000-8001/tcp is free on the host for port 80"
    );
    assert!(given(&state, &["8000-8001:80/udp"], &host).is_ok());
    let refused = given(&state, &["1-3"], &host).unwrap_err();
    assert!(
        matches!(refused, Refused::NoFreePort { port: 3, .. }),
        "{refused}"
    );
}

/// A network whose ports are published on these addresses unless they name one.
fn state_on(host_ips: &[&str]) -> State {
    let mut request = network("web");
    request.host_ips = host_ips.iter().map(|ip| ip.parse().unwrap()).collect();
    let mut state = State::default();
    state.apply(&create(&state, &request).unwrap().change);
    state
}

#[test]
fn ports_without_a_host_address_get_the_networks_default() {
    let host = facts("61000-65535", &[]);
    let state = state_on(&["127.0.0.1"]);
    let texts = ["80:80", "192.0.2.1:81:81", "0.0.0.0:82:82"];
    assert_eq!(
        given(&state, &texts, &host).unwrap(),
        "127.0.0.1:80:80/tcp 192.0.2.1:81:81/tcp 0.0.0.0:82:82/tcp"
    );
    let state = state_on(&["192.0.2.1", "2001:db8::1"]);
    assert_eq!(
        given(&state, &["80"], &host).unwrap(),
        "192.0.2.1:61000:80/tcp [2001:db8::1]:61000:80/tcp",
        "the same port for both families"
    );
    let state = state_on(&["0.0.0.0"]);
    assert_eq!(
        given(&state, &["80:80"], &host).unwrap(),
        "0.0.0.0:80:80/tcp"
    );
    let state = state_on(&["0.0.0.0", "::"]);
    assert_eq!(
        given(&state, &["80"], &host).unwrap(),
        "0.0.0.0:61000:80/tcp [::]:61000:80/tcp"
    );
}

/// What an endpoint's ports come to: its elements by their sets, and the ports of the host that are held.
fn come_to<T>(plan: &Plan<T>) -> (Vec<String>, Vec<String>) {
    let text = plan.transaction.to_text();
    let sets = text.lines().filter_map(|line| line.split(' ').nth(4));
    let held = plan.first.iter().flat_map(|step| match step {
        LinkStep::HoldPorts(holds) => holds.iter().map(|hold| hold.address.to_string()),
        other => panic!("{other:?}"),
    });
    (sets.map(str::to_owned).collect(), held.collect())
}

#[test]
fn an_unspecified_host_address_is_every_address_of_its_family_and_none_of_the_other() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    for (text, sets, held) in [
        ("0.0.0.0:9000:80", &["publish4"][..], &["0.0.0.0"][..]),
        ("[::]:9001:80", &["publish6"], &["::"]),
        ("9002:80", &["publish4", "publish6"], &["0.0.0.0", "::"]),
    ] {
        let plan = published(&mut state, &[text]);
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(come_to(&plan), (owned(sets), owned(held)), "{text}");
    }
    let unpublish = |text| tidegate_plan::unpublish(&state, &name("ep-1"), &requests(&[text]));
    let flows = unpublish("[::]:9001:80").unwrap().stale.flows;
    assert!(!flows.is_empty(), "it has connections");
    assert!(
        flows.iter().all(|flow| flow.endpoint.is_ipv6()),
        "{flows:?}"
    );
}

#[test]
fn both_families_of_one_port_may_be_two_endpoints() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["0.0.0.0:9000:80"]);
    attach(&mut state, "web", 2, &["[::]:9000:80"]);
    let host = facts("61000-65535", &[]);
    for taken in [
        "9000:80",
        "0.0.0.0:9000:1",
        "[::]:9000:1",
        "127.0.0.1:9000:1",
        "[::1]:9000:1",
    ] {
        let refused = given(&state, &[taken], &host).unwrap_err();
        assert!(matches!(refused, Refused::PortTaken { .. }), "{refused}");
    }
}

/// A network whose endpoints are reached at their own addresses in these families.
fn routed_state(mode4: Mode, mode6: Mode) -> State {
    let mut request = network("web");
    (request.policy.mode4, request.policy.mode6) = (mode4, mode6);
    let mut state = State::default();
    state.apply(&create(&state, &request).unwrap().change);
    state
}

#[test]
fn a_host_address_names_its_family_in_a_routed_network_too() {
    let state = routed_state(Mode::Routed, Mode::Routed);
    let host = facts("61000-65535", &[]);
    for (text, expected) in [
        ("9000:80", "80/tcp"),
        ("0.0.0.0:9000:80", "0.0.0.0::80/tcp"),
        ("[::]:9000:80", "[::]::80/tcp"),
        ("192.0.2.1:9000:80", "0.0.0.0::80/tcp"),
    ] {
        assert_eq!(given(&state, &[text], &host).unwrap(), expected);
    }
}

/// Who asks for the loopback wants no one else to reach it: there it would be everybody.
#[test]
fn a_loopback_address_is_refused_where_the_endpoints_own_would_be_opened() {
    let host = facts("61000-65535", &[]);
    let refused = |mode4, mode6, text| {
        let given = given(&routed_state(mode4, mode6), &[text], &host);
        matches!(given, Err(Refused::LoopbackOfRouted { .. }))
    };
    let (nat, routed) = (Mode::Nat, Mode::Routed);
    assert!(refused(routed, routed, "127.0.0.1:9000:80"));
    assert!(refused(routed, routed, "[::1]:9000:80"));
    assert!(refused(routed, nat, "127.0.0.1:9000:80"));
    assert!(!refused(nat, routed, "127.0.0.1:9000:80"));
    assert!(!refused(nat, routed, "[::1]:9000:80"), "it is relayed");

    let mut request = network("web");
    request.host_ips = vec!["127.0.0.1".parse().unwrap()];
    request.policy.mode4 = Mode::Routed;
    let error = create(&State::default(), &request).unwrap_err().to_string();
    assert!(error.contains("a loopback address as --host-ip"), "{error}");
}

#[test]
fn default_host_addresses_that_make_no_sense_are_refused() {
    let refusal = |host_ips: [&str; 2]| {
        let mut request = network("web");
        request.host_ips = host_ips.map(|ip| ip.parse().unwrap()).into();
        create(&State::default(), &request).unwrap_err().to_string()
    };
    assert_eq!(
        refusal(["192.0.2.1", "192.0.2.2"]),
        "network web was given two addresses of one family by --host-ip, 192.0.2.1 and 192.0.2.2"
    );
    assert_eq!(
        refusal(["192.0.2.1", "ff02::1"]),
        "--host-ip ff02::1 is a multicast address, not an address of the host"
    );
}

fn published(state: &mut State, texts: &[&str]) -> Plan<ChangedPorts> {
    let host = facts("61000-65535", &[]);
    let plan = tidegate_plan::publish(state, &name("ep-1"), &asked(texts), &host).unwrap();
    state.apply(&plan.change);
    plan
}

#[test]
fn publishing_more_adds_just_that_and_holds_its_ports_first() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["80:80"]);
    let plan = published(&mut state, &["127.0.0.1:81:81"]);
    expect![[r#"
        add map inet tidegate publish4_at_tcp { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 127.0.0.1 . 81 : 10.208.0.2 . 81 }; }
    "#]]
    .assert_eq(&plan.transaction.to_text());
    let shown = |steps: &[LinkStep]| match steps {
        [LinkStep::HoldPorts(holds)] => holds.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(shown(&plan.first), ["127.0.0.1:81/tcp"]);
    assert_eq!(
        ports(&plan.outcome.endpoint),
        "80:80/tcp 127.0.0.1:81:81/tcp"
    );
    assert!(plan.links.is_empty());
}

#[test]
fn a_single_port_to_withdraw_is_one_of_the_endpoint_or_else_one_of_the_host() {
    let mut state = state_with(&["web"]);
    let published = ["8443:443", "80:8080", "8080:80", "81:81", "9000-9002:90-92"];
    attach(&mut state, "web", 1, &published);
    let left = |texts: &[&str]| {
        let plan = tidegate_plan::unpublish(&state, &name("ep-1"), &requests(texts));
        let rest = tidegate_plan::unpublish(&state, &name("ep-1"), &requests(&["8443:443"]));
        let all = ports(&rest.unwrap().outcome.endpoint);
        plan.map(|plan| {
            let left = ports(&plan.outcome.endpoint);
            let gone = all
                .split(' ')
                .filter(|port| !left.split(' ').any(|it| it == *port));
            let is_there = left.contains("8443:443/tcp").then_some("8443 stays");
            gone.chain(is_there).collect::<Vec<_>>().join(" ")
        })
    };
    for (texts, gone) in [
        (&["443"][..], ""),
        (&["8443"], ""),
        (&["81"], "81:81/tcp 8443 stays"),
        (&["90"], "9000:90/tcp 8443 stays"),
        (&["9001-9002"], "9001:91/tcp 9002:92/tcp 8443 stays"),
        (
            &["80:8080", "8080:80"],
            "80:8080/tcp 8080:80/tcp 8443 stays",
        ),
    ] {
        assert_eq!(left(texts).unwrap(), gone, "{texts:?}");
    }
    let refused = left(&["80"]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "80/tcp of endpoint ep-1 is ambiguous: it is the endpoint's port of 8080:80/tcp and the host's port of \
         80:8080/tcp"
    );
    for none in ["8443/udp", "127.0.0.1::8443", "1"] {
        assert!(
            matches!(left(&[none]), Err(Refused::NotPublished { .. })),
            "{none}"
        );
    }
}

#[test]
fn unpublishing_the_last_port_removes_what_publishing_the_first_added() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    let added = published(&mut state, &["80:80"]);
    let removed = tidegate_plan::unpublish(&state, &name("ep-1"), &requests(&["80"])).unwrap();
    assert_eq!(removed.transaction, added.undo);
    assert_eq!(removed.undo, added.transaction);
    let [LinkStep::ReleasePorts(holds)] = &removed.links[..] else {
        panic!("{:?}", removed.links)
    };
    assert_eq!(holds.len(), 2, "one for each family");
    assert_eq!(removed.stale.flows.len(), 2, "one for each family");
    assert_eq!(added.stale.ports.len(), 1);
    assert_eq!(added.first[0].inverse(), Some(removed.links[0].clone()));
    assert_eq!(ports(&removed.outcome.endpoint), "");
}

/// Two ports of the host that lead to one of the endpoint share what a routed family has of it.
#[test]
fn after_ports_are_published_or_withdrawn_the_table_is_that_of_the_new_state() {
    let mut request = network("web");
    request.policy.mode6 = Mode::Routed;
    let mut state = State::default();
    state.apply(&create(&state, &request).unwrap().change);
    attach(&mut state, "web", 1, &["79:80"]);
    let steps: [(&str, &[&str]); 9] = [
        ("publish", &["80:80", "127.0.0.1:81:80", "[::1]:82:80"]),
        ("unpublish", &["79:80"]),
        ("publish", &["90-92:90-92", "93:90"]),
        ("unpublish", &["90-92:90-92"]),
        ("publish", &["94:90/udp"]),
        ("unpublish", &["80", "90", "90/udp"]),
        ("publish", &["0.0.0.0:95:95", "[::]:95:95", "[::]:96:80"]),
        ("unpublish", &["0.0.0.0:95:95"]),
        ("unpublish", &["[::]:95:95", "96:80"]),
    ];
    for (verb, texts) in steps {
        let before = tidegate_plan::planned(&state);
        let plan = match verb {
            "publish" => published(&mut state, texts),
            _ => {
                let plan = tidegate_plan::unpublish(&state, &name("ep-1"), &requests(texts));
                let plan = plan.unwrap();
                state.apply(&plan.change);
                plan
            }
        };
        let after = tidegate_plan::planned(&state);
        assert_ne!(before, after, "{verb} {texts:?}");
        let mut ruleset = before.clone();
        ruleset.apply(&plan.transaction).unwrap();
        assert_eq!(ruleset, after, "{verb} {texts:?}");
        ruleset.apply(&plan.undo).unwrap();
        assert_eq!(ruleset, before, "{verb} {texts:?}, undone");
    }
}

#[test]
fn unpublished_ports_cannot_be_withdrawn_and_published_ones_not_published_again() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["80:80"]);
    let unpublish = |texts| tidegate_plan::unpublish(&state, &name("ep-1"), &requests(texts));
    let refused = unpublish(&["80:80", "80/udp"]).unwrap_err();
    assert_eq!(refused.to_string(), "endpoint ep-1 does not publish 80/udp");
    let again = tidegate_plan::publish(
        &state,
        &name("ep-1"),
        &asked(&["80:81"]),
        &facts("1-2", &[]),
    );
    let refused = again.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "port 80:81/tcp is already published by this endpoint, ep-1, as 80:80/tcp"
    );
    assert_eq!(
        refused.hint().as_deref(),
        Some(
            "give another port of the host, or none (`81/tcp` takes a free one); or `tidegate unpublish ep-1 80:80/tcp` \
             first, which ends the connections through it"
        )
    );
    let nobody = tidegate_plan::unpublish(&state, &name("x"), &[]);
    assert_eq!(nobody, Err(Refused::NoEndpoint(name("x"))));
}

/// What an endpoint has is no conflict with somebody else: nothing is to be done, or its own port is in the way.
#[test]
fn a_port_that_the_endpoint_has_already_is_told_as_its_own() {
    let mut nat = state_with(&["web"]);
    attach(&mut nat, "web", 1, &["80:80", "127.0.0.1:81:81"]);
    let mut routed = routed_state(Mode::Routed, Mode::Routed);
    attach(&mut routed, "web", 1, &["80:80"]);
    let nothing =
        "leave it out: clients reach it already; to change which, `tidegate unpublish ep-1 ";
    for (state, port, told, hint) in [
        (&nat, "80:80", "as 80:80/tcp", nothing),
        (&nat, "127.0.0.1:80:80", "as 80:80/tcp", nothing),
        (
            &nat,
            "81:81",
            "as 127.0.0.1:81:81/tcp",
            "or none (`81/tcp` takes",
        ),
        (
            &nat,
            "127.0.0.1:81:82",
            "as 127.0.0.1:81:81/tcp",
            "`127.0.0.1::82/tcp` takes",
        ),
        (&routed, "80", "as 80/tcp", nothing),
    ] {
        let wanted = asked(&[port]);
        let refused = tidegate_plan::publish(state, &name("ep-1"), &wanted, &facts("1-2", &[]));
        let refused = refused.unwrap_err();
        let message = refused.to_string();
        assert!(
            message.contains("already published by this endpoint, ep-1, "),
            "{message}"
        );
        assert!(message.ends_with(told), "{message}");
        let given = refused.hint().unwrap_or_default().into_owned();
        assert!(given.contains(hint), "{port}: {given}");
    }
}

fn held<T>(plan: &Plan<T>) -> Vec<String> {
    let holds = plan.first.iter().flat_map(|step| match step {
        LinkStep::HoldPorts(holds) => holds.clone(),
        other => panic!("{other:?}"),
    });
    let shown = holds.map(|hold| {
        let may = if hold.optional { "if it can" } else { "always" };
        format!("{} {hold} {may}", hold.address)
    });
    shown.collect()
}

#[test]
fn of_an_engines_ports_only_the_relay_of_the_loopback_address_is_held_and_only_if_it_can_be() {
    let mut state = state_with(&["web"]);
    let request = |ports: &[&str], host_ports| Attach {
        host_ports,
        ..attachment("web", ports)
    };
    let ports = [
        "8080:80",
        "0.0.0.0:81:81",
        "[::]:82:82",
        "53:53/udp",
        "9:9/sctp",
    ];
    let plan = |state: &State, ports: &[&str], host_ports| {
        plan_attach(state, &request(ports, host_ports), &namespace(1))
    };
    let engines = plan(&state, &ports, HostPorts::Engine).unwrap();
    let relayed = ["::1 [::1]:8080/tcp if it can", "::1 [::1]:53/udp if it can"];
    assert_eq!(held(&engines), relayed);
    let daemons = plan(&state, &ports[..1], HostPorts::Daemon).unwrap();
    assert_eq!(
        held(&daemons),
        ["0.0.0.0 8080/tcp always", ":: 8080/tcp always"]
    );
    assert_eq!(engines.transaction.ops().len(), {
        let daemons = plan(&state, &ports, HostPorts::Daemon).unwrap();
        daemons.transaction.ops().len()
    });
    // Nobody else of ours gets such a port, and what is published later is the engine's too.
    state.apply(&engines.change);
    let taken = plan_attach(
        &state,
        &request(&["8080:80"], HostPorts::Daemon),
        &namespace(2),
    );
    assert!(matches!(taken, Err(Refused::PortTaken { .. })), "{taken:?}");
    let front = engines.outcome.name;
    let publish = tidegate_plan::publish(&state, &front, &asked(&["83:83"]), &PortFacts::default());
    assert_eq!(held(&publish.unwrap()), ["::1 [::1]:83/tcp if it can"]);
    let held_again: Vec<LinkStep> = tidegate_plan::all_holds(&state).map(|(_, it)| it).collect();
    assert_eq!(held_again, engines.first);
    // The engine chooses, because it has to bind the port.
    for free in ["80", "9000-9009:80"] {
        let refused = plan(&state_with(&["web"]), &[free], HostPorts::Engine).unwrap_err();
        assert!(matches!(refused, Refused::FreePortOfEngine(_)), "{refused}");
    }
}
