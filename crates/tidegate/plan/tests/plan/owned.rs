//! Owners of endpoints, and commands that make or remove more than an endpoint.

use std::collections::BTreeSet;

use tidegate_api::{Attach, CreateNetwork, ProposeSubnets};
use tidegate_model::links::{DefaultRoute, LinkStep, NetnsFacts};
use tidegate_model::{Change, IfName, Name, Owner, State, Waiting};
use tidegate_plan::{Attached, HostFacts, Plan, Pools, PortFacts, Refused};

use crate::values::{attachment, create, name, namespace, nets, network, state_with};

fn owned(by: &str, ports: &[&str]) -> Attach {
    let owner: Owner = by.parse().unwrap();
    Attach {
        owner: Some(owner.into()),
        ..attachment("web", ports)
    }
}

fn replacing(by: &str, ports: &[&str]) -> Attach {
    Attach {
        replace: true,
        ..owned(by, ports)
    }
}

fn plan(state: &State, request: &Attach, netns: &NetnsFacts) -> Result<Plan<Attached>, Refused> {
    let made = (&HostFacts::default(), &Pools::default());
    tidegate_plan::attach_with_network(state, request, netns, &PortFacts::default(), made)
}

/// Carries out a plan, and checks that its transaction and its inverse are right.
fn carry_out<T>(state: &mut State, plan: Plan<T>) -> T {
    let before = tidegate_plan::planned(state);
    state.apply(&plan.change);
    let after = tidegate_plan::planned(state);
    let mut ruleset = before.clone();
    ruleset.apply(&plan.transaction).unwrap();
    assert_eq!(ruleset, after);
    ruleset.apply(&plan.undo).unwrap();
    assert_eq!(ruleset, before);
    plan.outcome
}

fn attach(state: &mut State, request: &Attach, ino: u64) -> Attached {
    let plan = plan(state, request, &namespace(ino)).unwrap();
    carry_out(state, plan)
}

fn detach(state: &mut State, endpoint: &Name) {
    let plan = tidegate_plan::detach(state, endpoint).unwrap();
    carry_out(state, plan);
}

fn step_names(steps: &[LinkStep]) -> Vec<&'static str> {
    steps.iter().map(LinkStep::name).collect()
}

#[test]
fn a_network_has_one_endpoint_of_an_owner_and_another_network_another() {
    let mut state = state_with(&["web", "db"]);
    let made = attach(&mut state, &owned("cni/1/eth0", &[]), 1).endpoint;
    assert_eq!(made.owner, Some("cni/1/eth0".parse().unwrap()));
    let again = plan(&state, &owned("cni/1/eth0", &[]), &namespace(2)).unwrap_err();
    assert_eq!(
        again.to_string(),
        "cni/1/eth0 is attached to network web already, as endpoint ep-2"
    );
    attach(&mut state, &owned("cni/1/eth1", &[]), 2);
    let other = Attach {
        network: name("db"),
        ..owned("cni/1/eth0", &[])
    };
    attach(&mut state, &other, 1);
}

#[test]
fn a_missing_network_is_made_with_the_endpoint_and_an_existing_one_is_used() {
    let mut state = State::default();
    let request = Attach {
        network_if_missing: Some(network("web")),
        ..attachment("web", &["80:80"])
    };
    let planned = plan(&state, &request, &namespace(1)).unwrap();
    assert_eq!(
        step_names(&planned.links),
        [
            "set-sysctl",
            "keep-routers",
            "set-sysctl",
            "add-bridge",
            "add-veth"
        ]
    );
    let made = carry_out(&mut state, planned);
    assert!(made.is_network_new);
    // A start must be able to tell what a kill before the record left: no number is above the next one.
    let bridge = &state.networks[&name("web")].bridge;
    assert_eq!(
        (bridge.as_str(), made.endpoint.host_ifname.as_str()),
        ("tgb0", "tgv0")
    );
    assert_eq!(state.next_number, 2);
    let other = Attach {
        ports: Vec::new(),
        ..request
    };
    let next = attach(&mut state, &other, 2);
    assert!(!next.is_network_new);
    assert_eq!(next.endpoint.host_ifname.as_str(), "tgv2");
    let other = Attach {
        network_if_missing: Some(network("db")),
        ..attachment("web", &[])
    };
    let refused = plan(&state, &other, &namespace(3)).unwrap_err();
    assert!(matches!(refused, Refused::OtherNetwork { .. }), "{refused}");
}

#[test]
fn names_of_other_programs_interfaces_are_skipped_for_bridge_and_pair() {
    let mut state = State::default();
    let taken = |names: &[&str]| -> BTreeSet<IfName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    };
    let ports = PortFacts {
        taken: taken(&["tgv0", "tgv1"]),
        ..PortFacts::default()
    };
    let host = HostFacts {
        taken: taken(&["tgb0"]),
        ..HostFacts::default()
    };
    let request = Attach {
        network_if_missing: Some(network("web")),
        ..attachment("web", &[])
    };
    let made = (&host, &Pools::default());
    let planned = tidegate_plan::attach_with_network(&state, &request, &namespace(1), &ports, made);
    let endpoint = carry_out(&mut state, planned.unwrap()).endpoint;
    assert_eq!(state.networks[&name("web")].bridge.as_str(), "tgb1");
    assert_eq!(endpoint.host_ifname.as_str(), "tgv2");
    assert_eq!(state.next_number, 5);
}

/// A state with a network that goes with its last endpoint.
fn state_with_passing(passing: &str) -> State {
    let mut state = state_with(&["lasting"]);
    let request = CreateNetwork {
        remove_when_unused: true,
        ..network(passing)
    };
    let plan = create(&state, &request).unwrap();
    state.apply(&plan.change);
    state
}

#[test]
fn a_network_goes_with_its_last_endpoint_if_it_is_to() {
    let mut state = state_with_passing("web");
    let connected = tidegate_plan::connect(&state, &name("web"), &name("lasting"), false);
    carry_out(&mut state, connected.unwrap());
    let [one, two] = [1, 2].map(|ino| {
        attach(&mut state, &attachment("web", &[]), ino)
            .endpoint
            .name
    });
    detach(&mut state, &one);
    assert!(state.networks.contains_key(&name("web")));
    let plan = tidegate_plan::detach(&state, &two).unwrap();
    assert_eq!(step_names(&plan.links), ["delete-veth", "delete-bridge"]);
    let was = carry_out(&mut state, plan);
    assert_eq!(was.name, two);
    assert_eq!(
        state.networks.keys().collect::<Vec<_>>(),
        [&name("lasting")]
    );
    assert!(state.networks[&name("lasting")].peers.is_empty());
}

#[test]
fn a_network_stays_while_an_imported_endpoint_waits_for_it() {
    let mut state = state_with_passing("web");
    let endpoint = attach(&mut state, &attachment("web", &[]), 1).endpoint;
    let waiting = Waiting {
        network: name("web"),
        netns: "/run/netns/later".into(),
        request: String::new(),
    };
    state.apply(&Change::Wait(name("later"), waiting));
    detach(&mut state, &endpoint.name);
    assert!(state.networks.contains_key(&name("web")));
}

#[test]
fn a_start_removes_networks_with_their_last_endpoints() {
    let mut state = state_with_passing("web");
    let passing = CreateNetwork {
        remove_when_unused: true,
        ..network("db")
    };
    let plan = create(&state, &passing).unwrap();
    carry_out(&mut state, plan);
    let connected = tidegate_plan::connect(&state, &name("web"), &name("db"), false);
    carry_out(&mut state, connected.unwrap());
    let gone = ["web", "db", "lasting"].map(|network| {
        let request = attachment(network, &["80"]);
        attach(&mut state, &request, 1).endpoint.name
    });
    let ended = tidegate_plan::end(&state, &gone.into()).unwrap();
    state.apply(&ended);
    assert_eq!(
        state.networks.keys().collect::<Vec<_>>(),
        [&name("lasting")]
    );
    assert!(state.endpoints.is_empty());
    // A network that has not been used yet is not touched.
    let mut unused = state_with_passing("web");
    let other = attach(&mut unused, &attachment("lasting", &[]), 1).endpoint;
    let ended = tidegate_plan::end(&unused, &[other.name].into()).unwrap();
    unused.apply(&ended);
    assert!(unused.networks.contains_key(&name("web")));
}

#[test]
fn stale_endpoints_of_the_engine_are_replaced_in_one_step() {
    let mut state = state_with(&["web", "db"]);
    let same = attach(&mut state, &owned("docker/1", &["80:80"]), 1).endpoint;
    let on_db = Attach {
        network: name("db"),
        ..owned("docker/1", &[])
    };
    let elsewhere = attach(&mut state, &on_db, 1).endpoint;
    let with_address = attach(&mut state, &owned("docker/2", &["81:81"]), 2).endpoint;
    let of_another = attach(&mut state, &owned("podman/1", &["82:82"]), 3).endpoint;
    let request = Attach {
        addresses: vec![with_address.addresses[0].addr()],
        ..replacing("docker/1", &["81:81"])
    };
    let planned = plan(&state, &request, &namespace(4)).unwrap();
    assert_eq!(
        step_names(&planned.links),
        ["delete-veth", "delete-veth", "add-veth"]
    );
    let made = carry_out(&mut state, planned);
    assert_eq!(made.replaced, [same.name, with_address.name]);
    let left: Vec<&Name> = state.endpoints.values().map(|it| &it.name).collect();
    let mut wanted = [&elsewhere.name, &of_another.name, &made.endpoint.name];
    wanted.sort();
    assert_eq!(left, wanted);
    // Those of other engines are not stale.
    let refused = Attach {
        addresses: vec![of_another.addresses[0].addr()],
        ..replacing("docker/1", &[])
    };
    let refused = plan(&state, &refused, &namespace(5)).unwrap_err();
    assert!(matches!(refused, Refused::AddressTaken { .. }), "{refused}");
    let nobody = Attach {
        replace: true,
        ..attachment("web", &[])
    };
    let refused = plan(&state, &nobody, &namespace(5)).unwrap_err();
    assert_eq!(refused, Refused::ReplaceWithoutOwner);
}

#[test]
fn what_both_endpoints_have_stays_as_it_is() {
    let mut state = state_with(&["web"]);
    let was = attach(&mut state, &owned("cni/1", &["80:80", "81:81/udp"]), 1).endpoint;
    let request = Attach {
        name: Some(was.name.clone()),
        addresses: was.addresses.iter().map(ipnet::IpNet::addr).collect(),
        ..replacing("cni/1", &["80:80", "82:82"])
    };
    let planned = plan(&state, &request, &namespace(2)).unwrap();
    // Port 80 is held and published all the time, and no element is deleted and added in one transaction.
    let text = planned.transaction.to_text();
    assert!(!text.contains(" . 80 "), "{text}");
    assert!(!text.contains("here6"), "{text}");
    assert_eq!(step_names(&planned.first), ["release-ports", "hold-ports"]);
    let [LinkStep::ReleasePorts(freed), LinkStep::HoldPorts(held)] = &planned.first[..] else {
        panic!("{:?}", planned.first);
    };
    assert!(freed.iter().all(|hold| hold.port == 81), "{freed:?}");
    assert!(held.iter().all(|hold| hold.port == 82), "{held:?}");
    assert_eq!(step_names(&planned.links), ["delete-veth", "add-veth"]);
    // Connections of the endpoint that had the address are stale.
    assert!(planned.stale.addresses.contains(&was.addresses[0].addr()));
    let made = carry_out(&mut state, planned).endpoint;
    assert_eq!((&made.name, &made.mac), (&was.name, &was.mac));
    assert_ne!(made.host_ifname, was.host_ifname);
}

#[test]
fn a_port_whose_endpoint_gets_another_address_is_held_again() {
    let mut state = state_with(&["web"]);
    attach(&mut state, &owned("cni/1", &["80:80"]), 1);
    let planned = plan(&state, &replacing("cni/1", &["80:81"]), &namespace(2)).unwrap();
    assert_eq!(step_names(&planned.first), ["release-ports", "hold-ports"]);
    carry_out(&mut state, planned);
}

#[test]
fn an_endpoint_of_the_same_namespace_leaves_its_name_and_its_default_route() {
    let mut state = state_with(&["web"]);
    let was = attach(&mut state, &owned("cni/1", &[]), 1).endpoint;
    let eth0: IfName = "eth0".parse().unwrap();
    let mut facts = namespace(1);
    facts.ifnames.push(eth0.clone());
    facts.default_routes = [false, true]
        .map(|is_ipv6| DefaultRoute {
            is_ipv6,
            ifname: Some(eth0.clone()),
            metric: was.gateway_metric.unwrap(),
        })
        .into();
    let request = Attach {
        ifname: Some(eth0.clone()),
        ..replacing("cni/1", &[])
    };
    let planned = plan(&state, &request, &facts).unwrap();
    let made = carry_out(&mut state, planned).endpoint;
    assert_eq!(made.ifname, eth0);
    assert_eq!(made.gateways, was.gateways);
    // Those of others stay in the way.
    facts.ifnames.push("eth1".parse().unwrap());
    let request = Attach {
        ifname: facts.ifnames.last().cloned(),
        ..replacing("cni/1", &[])
    };
    let refused = plan(&state, &request, &facts).unwrap_err();
    assert!(matches!(refused, Refused::IfNameTaken { .. }), "{refused}");
}

#[test]
fn an_owners_endpoints_are_removed_together_and_their_networks_with_them() {
    let mut state = state_with_passing("web");
    let on_lasting = Attach {
        network: name("lasting"),
        ..owned("cni/1", &[])
    };
    attach(&mut state, &on_lasting, 1);
    attach(&mut state, &owned("cni/1", &["80:80"]), 1);
    attach(&mut state, &owned("cni/2", &["81:81"]), 2);
    let other = attach(&mut state, &attachment("lasting", &[]), 3).endpoint;
    let owner: Owner = "cni/1".parse().unwrap();
    let named = |state: &State, network: Option<&Name>| -> Vec<Name> {
        let found = tidegate_plan::of_owner(state, &owner, network);
        found.map(|it| it.network.clone()).collect()
    };
    assert_eq!(named(&state, None).len(), 2);
    assert_eq!(named(&state, Some(&name("web"))), [name("web")]);
    assert_eq!(named(&state, Some(&name("none"))), []);
    let engine = name("cni");
    let unused = |state: &State, keep: &[&str]| -> Vec<Name> {
        let keep: Vec<_> = keep.iter().map(|id| id.parse().unwrap()).collect();
        let found = tidegate_plan::of_engine_but(state, &engine, None, &keep);
        found.map(|it| it.name.clone()).collect()
    };
    assert_eq!(unused(&state, &["1", "2", "3"]), []);
    assert_eq!(unused(&state, &["1"]).len(), 1);
    let all = unused(&state, &[]);
    let planned = tidegate_plan::detach_all(&state, &all).unwrap();
    let were = carry_out(&mut state, planned);
    assert_eq!(were.len(), 3);
    let left: Vec<&Name> = state.endpoints.values().map(|it| &it.name).collect();
    assert_eq!(left, [&other.name]);
    assert_eq!(
        state.networks.keys().collect::<Vec<_>>(),
        [&name("lasting")]
    );
    assert!(tidegate_plan::detach_all(&state, &[]).unwrap().is_nothing());
}

#[test]
fn proposed_subnets_are_those_of_the_next_network_and_avoid_what_the_caller_names() {
    let state = state_with(&["web"]);
    let routes = nets(&["10.208.1.0/24"]);
    let proposed = |wanted: &ProposeSubnets| -> Vec<String> {
        let subnets =
            tidegate_plan::propose_subnets(&state, wanted, &routes, &Pools::default()).unwrap();
        subnets
            .iter()
            .map(|subnet| subnet.net.to_string())
            .collect()
    };
    let both = proposed(&ProposeSubnets::default());
    let facts = HostFacts {
        routes: routes.clone(),
        ..HostFacts::default()
    };
    let next = network("next");
    let made = tidegate_plan::create_network(&state, &next, &facts, &Pools::default()).unwrap();
    let nets_made = made.outcome.subnets.iter().map(|it| it.net.to_string());
    assert_eq!(both, nets_made.collect::<Vec<_>>());
    assert_eq!(both[0], "10.208.2.0/24");
    let avoiding = ProposeSubnets {
        ipv6: false,
        avoid: nets(&["10.208.2.0/23", "0.0.0.0/1"]),
        ..ProposeSubnets::default()
    };
    assert_eq!(proposed(&avoiding), ["10.208.4.0/24"]);
}
