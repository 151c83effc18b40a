//! What one endpoint lacks in its namespace and on the host.

use tidegate_model::links::{Inside, InsideLink, InsideRoute, Link, LinkStep, Veth};
use tidegate_model::{Fault, State};
use tidegate_nft::Difference;
use tidegate_plan::{Refused, SeenEndpoint};

use crate::start::links_of;
use crate::values::{attach, name, nets, state_with};

/// Network `web` with endpoints `ep-1` and `ep-2`, which publish 8081 and 8082.
fn web() -> State {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["8081:80"]);
    attach(&mut state, "web", 2, &["8082:80"]);
    state
}

fn veth(state: &State) -> Veth {
    let steps = tidegate_plan::start(state, &[]).networks;
    let mut steps = steps.into_values().flatten();
    let veth = steps.find_map(|step| match step {
        LinkStep::AddVeth(veth) if veth.ifname.as_str() == "tgv1" => Some(veth),
        _ => None,
    });
    veth.unwrap()
}

/// What the kernel has when all is well.
fn well(state: &State) -> SeenEndpoint {
    let peer = veth(state).peer;
    let links = links_of(state);
    let link = |name: &str| links.iter().find(|it| it.ifname.as_str() == name).cloned();
    let route = |to: &str, via: Option<&str>, metric| InsideRoute {
        to: nets(&[to])[0],
        via: via.map(|ip| ip.parse().unwrap()),
        metric,
    };
    let metric = peer.gateway_metric.unwrap();
    let inside = Inside {
        id: peer.netns.unwrap().id,
        is_at_home: false,
        link: Some(InsideLink {
            up: true,
            mac: Some(peer.mac),
            addresses: [peer.addresses, nets(&["10.99.0.1/8"])].concat(),
            is_pair: true,
        }),
        routes: vec![
            route("0.0.0.0/0", Some("10.208.0.1"), metric),
            route("::/0", Some("fd74:6964:6567::1"), metric),
            route("169.254.53.53/32", None, peer.resolver_metric),
            route("fd6e:616d:6573::53/128", None, peer.resolver_metric),
            route("10.77.0.0/16", None, 0),
        ],
    };
    SeenEndpoint {
        bridge: link("tgb0"),
        port: link("tgv1"),
        inside: Ok(inside),
        table: Ok(Vec::new()),
    }
}

/// What is found after a change of that.
fn found(change: impl FnOnce(&mut SeenEndpoint)) -> Vec<String> {
    let state = web();
    let mut seen = well(&state);
    change(&mut seen);
    let check = tidegate_plan::check(&state, &name("ep-1"), &seen).unwrap();
    let shown = check.findings.iter();
    shown
        .map(|it| format!("{}: {}", it.part.as_str(), it.what))
        .collect()
}

fn inside(change: impl FnOnce(&mut Inside)) -> Vec<String> {
    found(|seen| change(seen.inside.as_mut().unwrap()))
}

#[test]
fn an_endpoint_as_it_is_to_be_lacks_nothing_and_more_of_everything_is_no_fault() {
    assert_eq!(found(|_| {}), [""; 0]);
    let extra = Difference::Extra {
        object: "set inet tidegate publish4 { 6 . 9 : 10.208.0.9 . 9 }".into(),
    };
    assert_eq!(found(|seen| seen.table = Ok(vec![extra])), [""; 0]);
    let refused = tidegate_plan::check(&web(), &name("none"), &well(&web())).unwrap_err();
    assert_eq!(refused, Refused::NoEndpoint(name("none")));
}

#[test]
fn each_missing_part_is_one_finding() {
    let link = |change: fn(&mut InsideLink)| inside(|it| change(it.link.as_mut().unwrap()));
    assert_eq!(
        link(|it| it.up = false),
        ["interface: interface eth0 of the namespace is down"]
    );
    assert_eq!(
        link(|it| it.mac = None),
        [
            "interface: interface eth0 of the namespace has the Ethernet address none instead of 02:76:0a:d0:00:02"
        ]
    );
    assert_eq!(
        link(|it| {
            it.addresses.remove(0);
        }),
        ["address: interface eth0 of the namespace lacks the address 10.208.0.2/24"]
    );
    assert_eq!(
        link(|it| it.is_pair = false),
        ["interface: interface eth0 of the namespace is another one: it does not lead to tgv1"]
    );
    assert_eq!(
        inside(|it| it.link = None),
        ["interface: the namespace has no interface eth0"]
    );
    for (at, shown) in [
        (0, "the default route via 10.208.0.1"),
        (1, "the default route via fd74:6964:6567::1"),
        (2, "the route to 169.254.53.53/32"),
    ] {
        let missing = [format!("route: the namespace lacks {shown} through eth0")];
        assert_eq!(
            inside(|it| {
                it.routes.remove(at);
            }),
            missing
        );
        assert_eq!(inside(|it| it.routes[at].metric += 1), missing);
    }
    assert_eq!(
        inside(|it| it.id.ino += 1),
        ["namespace: /run/netns/c is another namespace than the one that was attached"]
    );
    assert_eq!(
        found(|seen| seen.inside = Err("it is gone".into())),
        ["namespace: it is gone"]
    );
}

#[test]
fn the_port_and_the_bridge_on_the_host_are_looked_at_too() {
    let port = |change: fn(&mut Link)| found(|seen| change(seen.port.as_mut().unwrap()));
    assert_eq!(port(|it| it.up = false), ["bridge: interface tgv1 is down"]);
    assert_eq!(
        port(|it| it.master = None),
        ["bridge: interface tgv1 is no port of tgb0"]
    );
    assert_eq!(
        found(|seen| (seen.port, seen.bridge) = (None, None)),
        [
            "bridge: interface tgb0 does not exist on the host",
            "bridge: interface tgv1 does not exist on the host"
        ]
    );
}

#[test]
fn only_rules_that_the_endpoint_needs_count() {
    let lacks = |object: &str| {
        let object = object.to_owned();
        found(|seen| seen.table = Ok(vec![Difference::Missing { object }]))
    };
    let state = web();
    let planned = tidegate_plan::planned(&state).to_text();
    let own = planned.lines().find(|line| line.contains("8081")).unwrap();
    assert!(own.contains("8081"), "{own}");
    let element =
        |port: u16, ip: &str| format!("set inet tidegate publish4 {{ 6 . {port} : {ip} . 80 }}");
    let own = element(8081, "10.208.0.2");
    assert_eq!(
        lacks(&own),
        [format!("rules: the kernel's table lacks {own}")]
    );
    assert_eq!(lacks(&element(8082, "10.208.0.3")), [""; 0]);
    for whole in ["table inet tidegate", "chain inet tidegate forward: drop"] {
        assert_eq!(
            lacks(whole),
            [format!("rules: the kernel's table lacks {whole}")]
        );
    }
    let changed = Difference::Different {
        object: "set inet tidegate publish4".into(),
        planned: "6 . 8081 : 10.208.0.2 . 80".into(),
        found: "6 . 8081 : 10.208.0.3 . 80".into(),
    };
    assert_eq!(found(|seen| seen.table = Ok(vec![changed])).len(), 1);
    let unknown = found(|seen| seen.table = Err("no answer".into()));
    assert_eq!(unknown, ["rules: the table cannot be compared: no answer"]);
}

#[test]
fn what_the_daemon_knows_to_be_missing_is_told() {
    let mut state = web();
    let fault = Fault {
        down: false,
        reason: "a published port is not held".into(),
        hint: None,
    };
    state.degraded.endpoints.insert(name("ep-1"), fault);
    let check = tidegate_plan::check(&state, &name("ep-1"), &well(&state)).unwrap();
    assert_eq!(check.findings.len(), 1);
    assert_eq!(check.findings[0].what, "a published port is not held");
}
