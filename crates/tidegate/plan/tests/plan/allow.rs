//! Who may reach published ports, by lists.

use crate::values::{attachment, create, name, namespace, network, state_with};
use error_hint::Hint;
use expect_test::expect;
use tidegate_api::Publish;
use tidegate_model::{AllowList, Mode, Source, State};
use tidegate_plan::{
    ChangedPorts, NoAllowList, Plan, PortFacts, Refused, planned, publish, unpublish,
};

fn sources(texts: &[&str]) -> Vec<Source> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn wanted(ports: &[&str], allow: &[&str]) -> Publish {
    Publish {
        ports: ports.iter().map(|port| port.parse().unwrap()).collect(),
        allow: sources(allow),
    }
}

/// A state with one network, whose families are of these modes, and an endpoint without ports.
fn state_of(mode4: Mode, mode6: Mode) -> State {
    let mut request = network("web");
    (request.policy.mode4, request.policy.mode6) = (mode4, mode6);
    let mut state = State::default();
    state.apply(&create(&state, &request).unwrap().change);
    crate::values::attach(&mut state, "web", 1, &[]);
    state
}

fn try_publish(
    state: &State,
    ports: &[&str],
    allow: &[&str],
) -> Result<Plan<ChangedPorts>, Refused> {
    publish(
        state,
        &name("ep-1"),
        &wanted(ports, allow),
        &PortFacts::default(),
    )
}

fn published(state: &mut State, ports: &[&str], allow: &[&str]) -> Plan<ChangedPorts> {
    let plan = try_publish(state, ports, allow).unwrap();
    state.apply(&plan.change);
    plan
}

fn lists(state: &State) -> Vec<String> {
    let endpoint = &state.endpoints[&name("ep-1")];
    let of_port = |port| match endpoint.allowed(port) {
        Some(list) => format!("{port} {list}"),
        None => port.to_string(),
    };
    endpoint.ports.iter().map(of_port).collect()
}

#[test]
fn a_list_is_elements_beside_those_of_its_port() {
    let mut state = state_of(Mode::Nat, Mode::Nat);
    published(&mut state, &["79:80"], &[]);
    let plan = published(
        &mut state,
        &["8080:80", "192.0.2.1:8081:80/udp"],
        &["192.0.2.0/24", "198.51.100.7", "192.0.2.9"],
    );
    expect![[r#"
        add map inet tidegate publish4 { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { 6 . 8080 : 10.208.0.2 . 80 }; }
        add map inet tidegate publish4_at_udp { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 192.0.2.1 . 8081 : 10.208.0.2 . 80 }; }
        add map inet tidegate publish6 { type inet_proto . inet_service : ipv6_addr . inet_service; elements = { 6 . 8080 : fd74:6964:6567::2 . 80 }; }
        add set inet tidegate restricted4 { type inet_proto . inet_service; elements = { 6 . 8080 }; }
        add set inet tidegate restricted6 { type inet_proto . inet_service; elements = { 6 . 8080 }; }
        add set inet tidegate restricted4_at { type ipv4_addr . inet_proto . inet_service; elements = { 192.0.2.1 . 17 . 8081 }; }
        add set inet tidegate allowed4 { type ipv4_addr . inet_proto . inet_service; flags interval; elements = { 192.0.2.0/24 . 6 . 8080, 198.51.100.7 . 6 . 8080 }; }
        add set inet tidegate allowed4_at { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval; elements = { 192.0.2.0/24 . 192.0.2.1 . 17 . 8081, 198.51.100.7 . 192.0.2.1 . 17 . 8081 }; }
    "#]]
    .assert_eq(&plan.transaction.to_text());
}

/// It overrides the list of the configuration, and a port without a list stays without one when it is exported.
#[test]
fn a_network_that_lets_everybody_in_does_so_beside_a_list_of_the_configuration() {
    let mut state = state_of(Mode::Nat, Mode::Nat);
    state.allow = AllowList::new(sources(&["192.0.2.0/24"])).unwrap();
    let mut web = state.networks[&name("web")].clone();
    web.allow = AllowList::new(sources(&["0.0.0.0/0", "::/0"])).unwrap();
    state.networks.insert(name("web"), web);
    published(&mut state, &["1:1"], &[]);
    published(&mut state, &["2:2"], &["198.51.100.0/24"]);
    assert_eq!(lists(&state), ["1:1/tcp", "2:2/tcp 198.51.100.0/24"]);
    let export = tidegate_plan::export(&state, "1");
    let lists = export.endpoints[0].publish.iter();
    let lists: Vec<&[Source]> = lists.map(|it| &it.allow[..]).collect();
    assert_eq!(lists, [&[][..], &sources(&["198.51.100.0/24"])]);
    assert_eq!(
        export.networks[0].allow,
        sources(&["0.0.0.0/0", "::/0"]),
        "the network's list is exported"
    );
}

/// What has no list costs what it did.
#[test]
fn a_port_for_everybody_has_no_elements_of_lists() {
    let mut state = state_of(Mode::Nat, Mode::Nat);
    let before = published(&mut state, &["8080:80"], &[]);
    assert!(!before.transaction.to_text().contains("restricted"));
    let everybody = published(&mut state, &["8081:80"], &["0.0.0.0/0", "::/0"]);
    assert!(!everybody.transaction.to_text().contains("restricted"));
    let ipv4 = published(&mut state, &["8082:80"], &["0.0.0.0/0"]);
    let text = ipv4.transaction.to_text();
    assert!(text.contains("restricted6 ") && !text.contains("restricted4"));
    assert!(!text.contains("allowed"), "nobody over IPv6: {text}");
}

#[test]
fn the_list_comes_from_request_or_network_or_configuration() {
    let list = |text: &str| AllowList::new(sources(&[text])).unwrap();
    let mut state = state_of(Mode::Nat, Mode::Nat);
    published(&mut state, &["1:1"], &[]);
    state.allow = list("192.0.2.0/24");
    published(&mut state, &["2:2"], &[]);
    let mut web = state.networks[&name("web")].clone();
    web.allow = list("198.51.100.0/24");
    state.networks.insert(name("web"), web);
    published(&mut state, &["3:3"], &[]);
    published(&mut state, &["4:4"], &["203.0.113.0/24"]);
    published(&mut state, &["5:5"], &["0.0.0.0/0", "::/0"]);
    assert_eq!(
        lists(&state),
        [
            "1:1/tcp",
            "2:2/tcp 192.0.2.0/24",
            "3:3/tcp 198.51.100.0/24",
            "4:4/tcp 203.0.113.0/24",
            "5:5/tcp",
        ]
    );
    // An attach likewise.
    let request = attachment("web", &["80:80"]);
    let plan = tidegate_plan::attach(&state, &request, &namespace(7), &PortFacts::default());
    assert_eq!(plan.unwrap().outcome.allow[0].from, list("198.51.100.0/24"));
}

/// In every mode: after any sequence of changes, the table is the one that is planned from the state.
#[test]
fn publishing_and_withdrawing_with_lists_leads_to_the_table_of_the_next_state() {
    for (mode4, mode6) in [
        (Mode::Nat, Mode::Nat),
        (Mode::Nat, Mode::Routed),
        (Mode::Routed, Mode::Routed),
        (Mode::NatUnprotected, Mode::NatUnprotected),
    ] {
        let mut state = state_of(mode4, mode6);
        let lan = &["192.0.2.0/24", "2001:db8::/32"][..];
        let steps: [(&[&str], &[&str]); 8] = [
            (&["80:80", "81:80"], lan),
            (&["82:80"], lan),
            (&["-80:80"], &[]),
            (&["90:90"], &[]),
            (&["-81:80", "-90:90"], &[]),
            (&["83:80"], lan),
            (&["-82:80", "-83:80"], &[]),
            (&["84:80"], &["10.0.0.0/8"]),
        ];
        for (ports, allow) in steps {
            let before = planned(&state);
            let withdrawn: Vec<_> = ports
                .iter()
                .filter_map(|port| port.strip_prefix('-'))
                .collect();
            // An all-routed network knows the endpoint's ports alone, each of them once.
            let is_open = (mode4, mode6) == (Mode::Routed, Mode::Routed);
            let own = |port: &&str| port.rsplit(':').next().unwrap().to_owned();
            let has = |port: &&str| {
                let ports = &state.endpoints[&name("ep-1")].ports;
                ports.iter().any(|p| p.port.to_string() == own(port))
            };
            let plan = match (withdrawn.is_empty(), is_open) {
                (true, true) if ports.iter().all(has) => {
                    let refused = try_publish(&state, ports, allow);
                    assert!(matches!(refused, Err(Refused::PublishedAlready { .. })));
                    continue;
                }
                (true, _) => try_publish(&state, ports, allow),
                (false, false) => unpublish(&state, &name("ep-1"), &wanted(&withdrawn, &[]).ports),
                (false, true) => {
                    let own: Vec<String> = withdrawn.iter().filter(|p| has(p)).map(own).collect();
                    let own: Vec<&str> = own.iter().map(String::as_str).collect();
                    unpublish(&state, &name("ep-1"), &wanted(&own, &[]).ports)
                }
            };
            let plan = plan.unwrap();
            state.apply(&plan.change);
            let mut ruleset = before.clone();
            ruleset.apply(&plan.transaction).unwrap();
            assert_eq!(ruleset, planned(&state), "{mode4} {mode6} {ports:?}");
            ruleset.apply(&plan.undo).unwrap();
            assert_eq!(ruleset, before, "{mode4} {mode6} {ports:?}, undone");
        }
        assert_eq!(state.endpoints[&name("ep-1")].allow.len(), 1);
    }
}

#[test]
fn a_port_at_the_endpoints_own_address_has_one_list() {
    for mode in [Mode::Routed, Mode::NatUnprotected] {
        let mut state = state_of(mode, mode);
        published(&mut state, &["80:80"], &["192.0.2.0/24"]);
        for allow in [&["198.51.100.0/24"][..], &[]] {
            let refused = try_publish(&state, &["81:80"], allow).unwrap_err();
            assert!(
                matches!(refused, Refused::Allow(NoAllowList::Differs { .. })),
                "{refused}"
            );
        }
        assert!(try_publish(&state, &["81:80/udp"], &[]).is_ok());
    }
    let mut state = state_of(Mode::Nat, Mode::Nat);
    published(&mut state, &["80:80"], &["192.0.2.0/24"]);
    published(&mut state, &["81:80"], &[]);
}

#[test]
fn the_list_elements_of_one_request_are_limited() {
    let state = state_of(Mode::Nat, Mode::Nat);
    let many: Vec<String> = (0..64).map(|n| format!("10.0.{n}.1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(try_publish(&state, &["8000-8255:8000-8255"], &many).is_ok());
    let refused = try_publish(&state, &["8000-8256:8000-8256"], &many).unwrap_err();
    assert!(
        refused.to_string().contains("257 ports for 64 sources"),
        "{refused}"
    );
    assert!(refused.hint().is_some());
}

#[test]
fn an_endpoint_that_is_removed_takes_its_lists_with_it() {
    let mut state = state_with(&["web"]);
    let mut request = attachment("web", &["80:80", "[2001:db8::1]:81:81"]);
    request.allow = sources(&["192.0.2.0/24", "2001:db8::/32"]);
    let empty = planned(&state);
    let plan =
        tidegate_plan::attach(&state, &request, &namespace(1), &PortFacts::default()).unwrap();
    state.apply(&plan.change);
    assert!(
        planned(&state)
            .to_transaction()
            .to_text()
            .contains("192.0.2.0/24")
    );
    let gone = state.endpoints.values().next().unwrap().name.clone();
    let plan = tidegate_plan::detach(&state, &gone).unwrap();
    let mut ruleset = planned(&state);
    ruleset.apply(&plan.transaction).unwrap();
    assert_eq!(ruleset, empty);
}

#[test]
fn a_list_that_blocks_every_client_is_refused() {
    let both = state_of(Mode::Nat, Mode::Nat);
    let mut request = network("web");
    request.ipv6 = false;
    let mut ipv4 = State::default();
    ipv4.apply(&create(&ipv4, &request).unwrap().change);
    crate::values::attach(&mut ipv4, "web", 1, &[]);
    let (v4, v6) = ("192.0.2.0/24", "2001:db8::/32");
    for (state, port, allow) in [
        (&both, "127.0.0.1:8080:80", v6),
        (&both, "0.0.0.0:8080:80", v6),
        (&both, "192.0.2.1:8080:80", v6),
        (&both, "[2001:db8::1]:8080:80", v4),
        (&both, "[::]:8080:80", v4),
        (&both, "[::1]:8080:80", v4),
        (&ipv4, "8080:80", v6),
    ] {
        let refused = try_publish(state, &[port], &[allow]).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains(port) && said.contains(allow), "{said}");
        assert!(
            refused.hint().unwrap_or_default().contains("--allow"),
            "{}",
            refused.hint().unwrap_or_default()
        );
        try_publish(state, &[port], &[v4, v6]).unwrap();
    }
    // That of both families is shut in one, as it is documented.
    for allow in [v4, v6] {
        try_publish(&both, &["8080:80"], &[allow]).unwrap();
    }
    let refused = try_publish(&both, &["127.0.0.1:8080:80"], &[v6]).unwrap_err();
    expect![[r#"
        port 127.0.0.1:8080:80/tcp is published for IPv4 only, but its allow-list 2001:db8::/32 has no IPv4 address
        add IPv4 addresses with --allow, or `--allow 0.0.0.0/0` for everybody
    "#]]
    .assert_eq(&format!("{refused}\n{}\n", refused.hint().unwrap_or_default()));
}

#[test]
fn a_list_with_a_source_from_which_nobody_comes_is_refused_everywhere() {
    let state = state_of(Mode::Nat, Mode::Nat);
    for nobody in ["0.0.0.0", "::", "127.0.0.0/8", "::1", "fe80::/10"] {
        let list = ["192.0.2.0/24", nobody];
        let published = try_publish(&state, &["8080:80"], &list).unwrap_err();
        let mut request = attachment("web", &["8080:80"]);
        request.allow = sources(&list);
        let facts = PortFacts::default();
        let attached = tidegate_plan::attach(&state, &request, &namespace(2), &facts).unwrap_err();
        let mut request = network("db");
        request.allow = sources(&list);
        let created = create(&state, &request).unwrap_err();
        for refused in [published, attached, created] {
            let told = format!("invalid allowed source {nobody:?}: ");
            assert!(refused.to_string().starts_with(&told), "{refused}");
            assert!(refused.hint().is_some(), "{refused}");
        }
    }
}

#[test]
fn a_default_list_that_blocks_every_client_is_refused_except_for_loopback_ports() {
    let mut state = state_of(Mode::Nat, Mode::Nat);
    state.allow = AllowList::new(sources(&["192.0.2.0/24"])).unwrap();
    // The host reaches its own ports, even if the list does not have its addresses.
    for port in ["8080:80", "192.0.2.1:8080:80", "[::1]:8080:80"] {
        try_publish(&state, &[port], &[]).unwrap();
    }
    let refused = try_publish(&state, &["[2001:db8::1]:8080:80"], &[]).unwrap_err();
    assert!(refused.to_string().contains("192.0.2.0/24"), "{refused}");
    let mut request = network("db");
    request.ipv6 = false;
    request.allow = sources(&["2001:db8::/32"]);
    let refused = create(&state, &request).unwrap_err();
    expect![[r#"
        network db has only IPv4, but its allow-list 2001:db8::/32 has no IPv4 address
        add IPv4 addresses with --allow, or `--allow 0.0.0.0/0` for everybody
    "#]]
    .assert_eq(&format!(
        "{refused}\n{}\n",
        refused.hint().unwrap_or_default()
    ));
}
