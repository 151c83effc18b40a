//! What is said of a packet, and by which rule and element.

mod hints;
mod host;
mod inside;
mod others;
mod sources;

use std::collections::BTreeMap;

use crate::start::links_of;
use crate::values::{attachment, create, name, namespace, network, plan_attach};
use expect_test::expect;
use tidegate_api::explain::{Explanation, Fate, Question};
use tidegate_api::{Attach, CreateNetwork, Policy};
use tidegate_model::links::{
    Bridging, DEFAULT_MTU, Inside, InsideLink, InsideRoute, Link, LinkKind, LinkStep, Peer, Route,
};
use tidegate_model::{Access, HostAccess, IfName, Mode, Name, State};
use tidegate_plan::{Fact, HostRouting, Others, Refused};

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

#[test]
fn a_connection_one_way_passes_there_and_the_hint_for_the_way_back_connects_both_ways() {
    let mut state = web(Policy::default(), &[]);
    state.apply(&create(&state, &network("db")).unwrap().change);
    attach_as(&mut state, "db", "store", 3, &[]);
    let plan = tidegate_plan::connect(&state, &name("web"), &name("db"), true).unwrap();
    state.apply(&plan.change);
    let asked = |from, to| {
        let explained = explain_on(&state, &routing(&state), from, to);
        explained.unwrap().paths
    };
    let there = asked("front", "store:5432");
    assert_eq!(there.len(), 2);
    assert!(there.iter().all(|path| path.fate == reaches("store")));
    let back = asked("store", "front:80");
    assert_eq!(back.len(), 2);
    for path in back {
        assert_eq!(path.fate, Fate::Dropped);
        assert_eq!(
            path.hint.as_deref(),
            Some(
                "network web is connected to network db one way: `tidegate network connect web db` connects them both \
                 ways"
            )
        );
    }
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
        other_netns: None,
        addresses: ["192.0.2.1/24", "2001:db8::1/64"]
            .map(|net| net.parse().unwrap())
            .into(),
        mtu: DEFAULT_MTU,
        bridging: Bridging::default(),
        lacks_link_local: false,
        state_id: None,
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
        others: no_others(),
        namespaces: namespaces(state),
    }
}

/// The namespaces of all endpoints, as they are to be.
fn namespaces(state: &State) -> BTreeMap<Name, Result<Inside, String>> {
    let steps = tidegate_plan::start(state, &[]).networks;
    let veths = steps.into_values().flatten().filter_map(|step| match step {
        LinkStep::AddVeth(veth) => Some(veth),
        _ => None,
    });
    let peers: BTreeMap<IfName, Peer> = veths.map(|veth| (veth.ifname, veth.peer)).collect();
    let endpoints = state.endpoints.values();
    let insides = endpoints.map(|endpoint| {
        let peer = peers[&endpoint.host_ifname].clone();
        let route = |to: String, via, metric| InsideRoute {
            to: to.parse().unwrap(),
            via,
            metric,
        };
        let defaults = peer.gateways.iter().map(|via| {
            let to = if via.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
            route(to.to_owned(), Some(*via), peer.gateway_metric.unwrap_or(0))
        });
        let names = peer.resolvers.iter().map(|ip| {
            let length = if ip.is_ipv4() { 32 } else { 128 };
            route(format!("{ip}/{length}"), None, peer.resolver_metric)
        });
        let static_routes = peer.routes.iter();
        let static_routes = static_routes.map(|it| route(it.to().to_string(), it.via(), 0));
        let inside = Inside {
            id: peer.netns.unwrap().id,
            is_at_home: false,
            link: Some(InsideLink {
                up: true,
                mac: Some(peer.mac),
                addresses: peer.addresses.clone(),
                is_pair: true,
            }),
            routes: defaults.chain(names).chain(static_routes).collect(),
        };
        (endpoint.name.clone(), Ok(inside))
    });
    insides.collect()
}

/// No tables of other programs.
fn no_others() -> Others {
    Others {
        chains: Ok(Vec::new()),
        facts: BTreeMap::from([
            (
                Fact::File("/proc/net/ip_tables_names"),
                Err("not there".into()),
            ),
            (
                Fact::File("/proc/net/ip6_tables_names"),
                Err("not there".into()),
            ),
        ]),
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
