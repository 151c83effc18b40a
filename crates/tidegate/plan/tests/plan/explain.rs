//! What is said of a packet, and by which rule and element.

use std::collections::BTreeMap;

use crate::start::links_of;
use crate::values::{attachment, create, name, namespace, network, plan_attach};
use expect_test::expect;
use tidegate_api::explain::{Explanation, Fate, Question};
use tidegate_api::{Attach, CreateNetwork};
use tidegate_model::links::{Link, LinkKind, Route};
use tidegate_model::{Access, HostAccess, Mode, Policy, State};
use tidegate_plan::{HostRouting, Refused};

/// A state with one network, whose endpoints are `ep-1`, with these published ports, and `ep-2`.
fn web(policy: Policy, ports: &[&str]) -> State {
    let request = CreateNetwork {
        policy,
        ..network("web")
    };
    let mut state = State::default();
    state.apply(&create(&state, &request).unwrap().change);
    for (endpoint, ino, ports) in [("front", 1, ports), ("back", 2, &[])] {
        attach_as(&mut state, "web", endpoint, ino, ports);
    }
    state
}

fn attach_as(state: &mut State, network: &str, endpoint: &str, ino: u64, ports: &[&str]) {
    let request = Attach {
        name: Some(name(endpoint)),
        ..attachment(network, ports)
    };
    let plan = plan_attach(state, &request, &namespace(ino)).unwrap();
    state.apply(&plan.change);
}

/// The host of a state, with a way out at 192.0.2.1 and 2001:db8::1.
fn routing(state: &State) -> HostRouting {
    let wan: Link = Link {
        ifname: "wan".parse().unwrap(),
        kind: LinkKind::Other,
        group: 0,
        up: true,
        mac: None,
        master: None,
        addresses: ["192.0.2.1/24", "2001:db8::1/64"]
            .map(|net| net.parse().unwrap())
            .into(),
    };
    let links: Vec<Link> = std::iter::once(wan).chain(links_of(state)).collect();
    let way = |destination: &str, link: &Link| Route {
        destination: destination.parse().unwrap(),
        ifname: Some(link.ifname.clone()),
        metric: 0,
        is_blocked: false,
    };
    let connected = |link: &Link| {
        let nets = link.addresses.iter();
        nets.map(|net| way(&net.trunc().to_string(), link))
            .collect::<Vec<_>>()
    };
    let defaults = ["0.0.0.0/0", "::/0"].map(|to| way(to, &links[0]));
    let routes = links.iter().flat_map(connected).chain(defaults).collect();
    let sysctls = tidegate_plan::SYSCTLS_OF_PATHS.map(|path| {
        let is_bridges = path.starts_with("net/bridge");
        (path.to_owned(), (!is_bridges).then(|| "1".to_owned()))
    });
    HostRouting {
        links,
        routes,
        sysctls: sysctls.into(),
    }
}

fn with_br_netfilter(routing: HostRouting, value: &str) -> HostRouting {
    let set = |(path, was): (String, Option<String>)| match path.starts_with("net/bridge") {
        true => (path, Some(value.to_owned())),
        false => (path, was),
    };
    let sysctls: BTreeMap<_, _> = routing.sysctls.into_iter().map(set).collect();
    HostRouting { sysctls, ..routing }
}

fn explain_on(
    state: &State,
    routing: &HostRouting,
    from: &str,
    to: &str,
) -> Result<Explanation, Refused> {
    // `front as 10.208.1.2`
    let (source, claimed) = match from.split_once(" as ") {
        Some((source, claimed)) => (source, Some(claimed.parse().unwrap())),
        None => (from, None),
    };
    let question = Question {
        source: source.parse().unwrap(),
        source_address: claimed,
        destination: to.parse().unwrap(),
    };
    tidegate_plan::explain(state, &question, routing)
}

/// The fate of the only path, or of the first, and why.
fn fate_on(state: &State, routing: &HostRouting, from: &str, to: &str) -> (Fate, String) {
    let explained = explain_on(state, routing, from, to).unwrap();
    let path = explained.paths.into_iter().next().unwrap();
    (path.fate, path.why)
}

fn fate(state: &State, from: &str, to: &str) -> (Fate, String) {
    fate_on(state, &routing(state), from, to)
}

/// All that is said, a line for each step.
fn said(state: &State, from: &str, to: &str) -> String {
    let explained = explain_on(state, &routing(state), from, to).unwrap();
    let mut text = String::new();
    for path in explained.paths {
        text += &format!("{} -> {}: {:?}\n", path.source, path.destination, path.fate);
        for step in path.steps {
            text += &format!("  {}: {}: {}", step.chain, step.rule, step.action);
            for element in step.elements {
                text += &format!("; {} of {}: {}", element.element, element.set, element.of);
            }
            text += "\n";
        }
        text += &format!("  why: {}\n", path.why);
        text += &path
            .hint
            .map_or(String::new(), |hint| format!("  do: {hint}\n"));
    }
    text
}

fn reaches(endpoint: &str) -> Fate {
    Fate::ReachesEndpoint(name(endpoint))
}

#[test]
fn a_published_port_is_followed_to_its_endpoint() {
    let state = web(Policy::default(), &["8080:80"]);
    expect![[r#"
        outside -> host 192.0.2.1:8080/tcp: ReachesEndpoint(Name("front"))
          nat_prerouting: to an address of the host: jump arriving
          arriving: published on one address: jump publish_at
          arriving: published on every address: jump publish_all
          publish_all: published on every address: dnat to 10.208.0.2:80; 6 . 8080 : 10.208.0.2 . 80 of publish4: published port 8080:80/tcp of endpoint front
          forward: to an endpoint: jump to_bridge; "tgb0" of bridges: network web
          to_bridge: through a published port: accept
          why: through a published port
        outside -> host [2001:db8::1]:8080/tcp: ReachesEndpoint(Name("front"))
          nat_prerouting: to an address of the host: jump arriving
          arriving: published on one address: jump publish_at
          arriving: published on every address: jump publish_all
          publish_all: published on every address: dnat to [fd74:6964:6567::2]:80; 6 . 8080 : fd74:6964:6567::2 . 80 of publish6: published port 8080:80/tcp of endpoint front
          forward: to an endpoint: jump to_bridge; "tgb0" of bridges: network web
          to_bridge: through a published port: accept
          why: through a published port
    "#]]
    .assert_eq(&said(&state, "outside", "host:8080"));
}

#[test]
fn a_packet_that_is_dropped_names_the_rule_and_what_would_reach_the_endpoint() {
    let state = web(Policy::default(), &["8080:80", "127.0.0.1:9000:90"]);
    expect![[r#"
        outside -> front 10.208.0.2:80/tcp: Dropped
          forward: to an endpoint: jump to_bridge; "tgb0" of bridges: network web
          to_bridge: not through a published port, and no direct access: drop
          why: not through a published port, and no direct access
          do: the port is published: use host:8080/tcp
    "#]]
    .assert_eq(&said(&state, "outside", "10.208.0.2:80"));
    let hint = |to: &str| {
        let explained = explain_on(&state, &routing(&state), "outside", to).unwrap();
        explained.paths[0].hint.clone()
    };
    let publish = "publish it: `tidegate publish front 90/tcp`";
    assert_eq!(hint("10.208.0.2:90").as_deref(), Some(publish));
    assert_eq!(hint("10.208.0.2"), None);
}

#[test]
fn a_packet_that_leaves_the_host_is_explained_with_its_translation() {
    let state = web(Policy::default(), &[]);
    expect![[r#"
        front 10.208.0.2 -> outside 198.51.100.1:443/tcp: Leaves
          guard: where it comes in: goto from_endpoint; "tgb0" : goto from_endpoint of entrances: network web
          forward: from an endpoint to elsewhere: jump from_bridge; "tgb0" of bridges: network web
          from_bridge: out of any other network: accept
          nat_postrouting: out under the host's address: masquerade; "tgb0" of masquerading4: network web
          why: out of any other network
    "#]]
    .assert_eq(&said(&state, "front", "198.51.100.1:443"));
}

#[test]
fn open_ports_and_echo_requests_reach_a_routed_network() {
    let routed = Policy {
        mode4: Mode::Routed,
        ..Policy::default()
    };
    let state = web(routed, &["80"]);
    let asked = |to: &str| fate(&state, "192.0.2.9", to);
    let open = asked("10.208.0.2:80");
    assert_eq!(open, (reaches("front"), "to an open port".into()));
    assert_eq!(
        asked("10.208.0.2"),
        (reaches("front"), "ICMP into a routed network".into())
    );
    assert_eq!(asked("10.208.0.2:80/udp").0, Fate::Dropped);
    assert_eq!(asked("10.208.0.3:80").0, Fate::Dropped);
}

#[test]
fn a_port_that_nobody_publishes_is_the_hosts() {
    let state = web(Policy::default(), &["127.0.0.1:8080:80"]);
    for (from, to, said) in [
        (
            "outside",
            "192.0.2.1:8080",
            "is not published on 192.0.2.1 (only on 127.0.0.1);",
        ),
        ("host", "127.0.0.1:22", "is not published on 127.0.0.1;"),
    ] {
        let (fate, why) = fate(&state, from, to);
        assert_eq!(fate, Fate::ReachesHost, "{from} {to}");
        assert!(why.contains(said), "{why}");
    }
    assert_eq!(fate(&state, "host", "127.0.0.1:8080").0, reaches("front"));
}

#[test]
fn a_question_for_a_name_is_sent_on_to_the_resolver() {
    let mut state = web(Policy::default(), &[]);
    state.resolver = Some(5300);
    expect![[r#"
        front 10.208.0.2 -> host 10.208.0.1:53/udp: ReachesHost
          guard: where it comes in: goto from_endpoint; "tgb0" : goto from_endpoint of entrances: network web
          nat_prerouting: to an address of the host: jump arriving
          arriving: published on one address: jump publish_at
          publish_at: published on one address: dnat to 10.208.0.1:5300; 10.208.0.1 . 53 : 10.208.0.1 . 5300 of publish4_at_udp: resolver of network web
          input: questions for names: jump to_resolver; 17 . 5300 of resolver: 
          to_resolver: by an endpoint of the network: return; "tgb0" . 10.208.0.1 of gateways4: network web
          why: it is redirected to a port of the host itself
    "#]]
    .assert_eq(&said(&state, "front", "10.208.0.1:53/udp"));
}

#[test]
fn endpoints_of_one_network_meet_on_its_bridge_or_are_kept_apart_there() {
    let icc = web(Policy::default(), &[]);
    let (to, why) = fate(&icc, "front", "back:80");
    assert_eq!(to, reaches("back"));
    assert!(why.contains("stay on the bridge"), "{why}");
    let apart = Policy {
        icc: false,
        ..Policy::default()
    };
    let (fate, why) = fate(&web(apart, &[]), "front", "back:80");
    assert_eq!(fate, Fate::Lost);
    assert!(why.contains("isolated"), "{why}");
}

#[test]
fn with_br_netfilter_the_rules_decide_between_endpoints_of_one_network() {
    let apart = Policy {
        icc: false,
        ..Policy::default()
    };
    let (icc, apart) = (web(Policy::default(), &[]), web(apart, &[]));
    let (may, may_not) = (
        (reaches("back"), "endpoints of networks that may talk"),
        (
            Fate::Lost,
            "network web has --no-icc: its bridge ports are isolated from each other",
        ),
    );
    for (state, value, expected) in [
        (&icc, "1", &may),
        (&apart, "1", &may_not),
        (&apart, "0", &may_not),
    ] {
        let routing = with_br_netfilter(routing(state), value);
        let (fate, why) = fate_on(state, &routing, "front", "back:80");
        assert_eq!((fate, why.as_str()), *expected);
    }
}

/// What is to be routed is handed to the host before br_netfilter sees it.
#[test]
fn published_ports_are_reached_by_the_same_rules_where_br_netfilter_is_on() {
    let state = web(Policy::default(), &["8080:80"]);
    let on = with_br_netfilter(routing(&state), "1");
    for from in ["front", "back"] {
        let [with, without] = [&on, &routing(&state)]
            .map(|routing| explain_on(&state, routing, from, "192.0.2.1:8080").unwrap());
        assert_eq!(with.paths[0].fate, reaches("front"));
        assert_eq!(with.paths, without.paths);
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
fn a_fate_that_no_rule_decides_has_a_reason() {
    let state = web(Policy::default(), &["8080:80"]);
    for (from, to, expected, reason) in [
        (
            "host",
            "front:443",
            reaches("front"),
            "no rule drops packets that the host sends",
        ),
        (
            "front",
            "127.0.0.1:80",
            reaches("front"),
            "leads to the sender itself",
        ),
        (
            "front",
            "10.208.0.2:80",
            reaches("front"),
            "the sender's own namespace",
        ),
        (
            "front",
            "10.208.0.77:80",
            Fate::Lost,
            "no endpoint of network web has",
        ),
        (
            "outside",
            "10.208.0.77:80",
            Fate::Dropped,
            "not through a published port, and no direct access",
        ),
        (
            "host",
            "10.208.0.77:80",
            Fate::Lost,
            "no endpoint has 10.208.0.77",
        ),
        (
            "host",
            "[::1]:8080",
            reaches("front"),
            "the daemon relays 8080/tcp on ::1 to [fd74:6964:6567::2]:80",
        ),
        (
            "host",
            "[::1]:8081",
            Fate::ReachesHost,
            "is not published on ::1",
        ),
        (
            "::1",
            "[2001:db8::1]:8080",
            Fate::Lost,
            "IPv6's loopback address",
        ),
        (
            "192.0.2.9",
            "127.0.0.1:8080",
            Fate::Dropped,
            "nobody else reaches the host's loopback",
        ),
        (
            "2001:db8::9",
            "[::1]:8080",
            Fate::Lost,
            "packets from and to ::1",
        ),
        (
            "192.0.2.9",
            "198.51.100.1:80",
            Fate::Leaves,
            "no rule of Tidegate",
        ),
        (
            "outside",
            "192.0.2.1",
            Fate::ReachesHost,
            "is an address of the host",
        ),
    ] {
        let (fate, why) = fate(&state, from, to);
        assert_eq!(fate, expected, "{from} {to}: {why}");
        assert!(why.contains(reason), "{from} {to}: {why}");
    }
}

#[test]
fn packets_with_a_false_source_meet_the_rules_about_sources() {
    let mut state = web(Policy::default(), &["8080:80"]);
    let db = CreateNetwork {
        policy: Policy {
            anti_spoofing: true,
            ..Policy::default()
        },
        ..network("db")
    };
    state.apply(&create(&state, &db).unwrap().change);
    attach_as(&mut state, "db", "bound", 3, &[]);
    let alone = "an endpoint sends as itself alone";
    let as_endpoint = "nobody else sends from a network";
    for (from, to, expected, reason) in [
        ("front as 10.208.0.2", "198.51.100.1:80", Fate::Leaves, ""),
        // It may have more addresses of its network.
        ("front as 10.208.0.77", "198.51.100.1:80", Fate::Leaves, ""),
        ("front as 10.208.1.2", "192.0.2.1:80", Fate::Dropped, alone),
        ("front as 8.8.8.8", "198.51.100.1:80", Fate::Dropped, alone),
        ("front as 192.0.2.1", "bound:80", Fate::Dropped, alone),
        (
            "front as 2001:db8:8::8",
            "[2001:db8::1]:80",
            Fate::Dropped,
            alone,
        ),
        // Neighbours are not told apart, unless their network has it so.
        (
            "front as 8.8.8.8",
            "back:80",
            reaches("back"),
            "meet no rule",
        ),
        ("front as ::1", "back:80", Fate::Lost, "from and to ::1"),
        ("front as 127.0.0.2", "back:80", Fate::Lost, "127.0.0.0/8"),
        ("bound as 10.208.1.2", "192.0.2.1:80", Fate::ReachesHost, ""),
        (
            "bound as 10.208.1.3",
            "192.0.2.1:80",
            Fate::Lost,
            "--anti-spoofing",
        ),
        (
            "outside as 10.208.0.2",
            "192.0.2.1:8080",
            Fate::Dropped,
            as_endpoint,
        ),
        (
            "outside as fd74:6964:6567::2",
            "[2001:db8::1]:8080",
            Fate::Dropped,
            as_endpoint,
        ),
        (
            "outside as 127.0.0.2",
            "192.0.2.1:8080",
            Fate::Dropped,
            "nobody else sends as the host's loopback",
        ),
        (
            "192.0.2.9 as 192.0.2.1",
            "192.0.2.1:8080",
            Fate::Lost,
            "an address of the host itself",
        ),
        // Without an address, an endpoint can ask for one.
        (
            "front as 0.0.0.0",
            "255.255.255.255:67/udp",
            Fate::ReachesHost,
            "a program of the host",
        ),
        (
            "bound as 0.0.0.0",
            "255.255.255.255:67/udp",
            Fate::Lost,
            "--anti-spoofing",
        ),
        (
            "front as 0.0.0.0",
            "host:67/udp",
            Fate::Lost,
            "goes to 255.255.255.255",
        ),
        (
            "front as 0.0.0.0",
            "255.255.255.255:68/udp",
            Fate::Dropped,
            "nothing else",
        ),
        (
            "front as 0.0.0.0",
            "host:53/udp",
            Fate::Dropped,
            "nothing else",
        ),
        ("bound as ::", "host", Fate::Dropped, "nothing else"),
        // IPv6 does not look.
        (
            "outside as 2001:db8::1",
            "[2001:db8::1]:8080",
            reaches("front"),
            "",
        ),
        ("outside as 8.8.8.8", "host:8080", reaches("front"), ""),
    ] {
        let (fate, why) = fate(&state, from, to);
        assert_eq!(fate, expected, "{from} {to}: {why}");
        assert!(why.contains(reason), "{from} {to}: {why}");
    }
    let dropped = explain_on(&state, &routing(&state), "front as ::", "host").unwrap();
    let hint = dropped.paths[0].hint.as_deref().unwrap_or_default();
    assert!(hint.contains("DHCP"), "{hint}");
    // In the family of the address alone, and it is named.
    let said = said(&state, "outside as 8.8.8.8", "host:8080");
    let first = "outside as 8.8.8.8 -> host 192.0.2.1:8080/tcp";
    assert_eq!(said.matches(" -> ").count(), 1, "{said}");
    assert!(said.starts_with(first), "{said}");
    let refused = |from: &str, to: &str| {
        let explained = explain_on(&state, &routing(&state), from, to);
        explained.unwrap_err().to_string()
    };
    assert_eq!(
        refused("front as 224.0.0.1", "host"),
        "cannot explain packets to 224.0.0.1: it is a multicast address"
    );
    assert_eq!(
        refused("front as 8.8.8.8", "2001:db8::1"),
        "8.8.8.8 and 2001:db8::1 have no address of the same family"
    );
}

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

#[test]
fn a_question_without_an_answer_is_refused() {
    let state = web(Policy::default(), &[]);
    let refused = |from, to| {
        let refused = explain_on(&state, &routing(&state), from, to).unwrap_err();
        refused.to_string()
    };
    let seen = [
        refused("nobody", "front"),
        refused("10.208.0.2", "fd74:6964:6567::3"),
        refused("front", "224.0.0.1:5353/udp"),
        refused("front", "10.208.0.255"),
        refused("fe80::1", "front"),
    ];
    expect![[r#"
        endpoint nobody does not exist
        10.208.0.2 and fd74:6964:6567::3 have no address of the same family
        cannot explain packets to 224.0.0.1: it is a multicast address
        cannot explain packets to 10.208.0.255: it is a broadcast address
        cannot explain packets to fe80::1: it is a link-local address, which is ambiguous without an interface"#]]
    .assert_eq(&seen.join("\n"));
}
