//! Endpoints whose interfaces container engines move and configure.

use tidegate_api::Attach;
use tidegate_model::links::{GROUP, Link, LinkStep};
use tidegate_model::{Endpoint, Fault, State};
use tidegate_plan::{
    NoHandOver, Plan, Refused, moved, relocate, revive_endpoint, unknown_namespace,
};

use crate::start::links_of;
use crate::values::{attach, attachment, name, plan_attach, state_with};

fn request(network: &str, ifname: &str, ports: &[&str]) -> Attach {
    Attach {
        netns: None,
        hand_over: Some(ifname.parse().unwrap()),
        ..attachment(network, ports)
    }
}

fn plan(state: &State, request: &Attach) -> Result<Plan<Endpoint>, Refused> {
    plan_attach(state, request, &unknown_namespace())
}

/// Networks `web` and `db`; `ep-2` and `ep-3` are handed over as `e0` and `e1`.
fn two() -> State {
    let mut state = state_with(&["web", "db"]);
    for (network, ifname) in [("web", "e0"), ("db", "e1")] {
        let plan = plan(&state, &request(network, ifname, &["80"])).unwrap();
        state.apply(&plan.change);
    }
    state
}

/// Both ends of a pair that was handed over.
fn pair(state: &State, endpoint: &str, netns_number: Option<i32>) -> Vec<Link> {
    let endpoint = &state.endpoints[&name(endpoint)];
    let network = &state.networks[&endpoint.network];
    let mut like = state_with(&["like"]);
    attach(&mut like, "like", 1, &[]);
    let port = links_of(&like).into_iter().find(|it| it.master.is_some());
    let port = Link {
        ifname: endpoint.host_ifname.clone(),
        mac: Some(network.mac),
        master: Some(network.bridge.clone()),
        other_netns: netns_number,
        ..port.unwrap()
    };
    let inner = Link {
        ifname: endpoint.ifname.clone(),
        mac: Some(endpoint.mac),
        group: 0,
        up: false,
        master: None,
        other_netns: None,
        ..port.clone()
    };
    let inner = netns_number.is_none().then_some(inner);
    [port].into_iter().chain(inner).collect()
}

fn all_links(state: &State, netns_number: Option<i32>) -> Vec<Link> {
    let mut links = links_of(state);
    for endpoint in ["ep-2", "ep-3"] {
        links.extend(pair(state, endpoint, netns_number));
    }
    links
}

#[test]
fn an_interface_that_is_handed_over_has_its_address_and_nothing_that_only_its_namespace_could_have()
{
    let state = state_with(&["web"]);
    let asked = request("web", "e0", &["8080:80"]);
    let plan = plan(&state, &asked).unwrap();
    let LinkStep::AddVeth(veth) = &plan.links[0] else {
        panic!("{:?}", plan.links)
    };
    assert_eq!((&veth.peer.netns, veth.peer.ifname.as_str()), (&None, "e0"));
    assert_eq!(veth.peer.mac.to_string(), "02:76:0a:d0:00:02");
    let Endpoint {
        gateways,
        gateway_metric,
        resolvers,
        ..
    } = &plan.outcome;
    // The engine gives it a default route by the gateway, with a metric of its own.
    assert_eq!(
        (gateways.len(), gateway_metric, resolvers.len()),
        (2, &None, 0)
    );
    assert!(plan.transaction.to_string().contains("8080"));
}

#[test]
fn a_request_says_where_the_interface_is_to_be_and_nothing_that_its_engine_decides() {
    let state = two();
    let asked = |change: &dyn Fn(&mut Attach)| {
        let mut request = request("web", "e9", &[]);
        change(&mut request);
        plan(&state, &request).unwrap_err()
    };
    let both = asked(&|it| it.netns = Some("/run/netns/c".into()));
    let neither = asked(&|it| it.hand_over = None);
    assert_eq!(
        [both, neither],
        [
            NoHandOver::NotOneOfTwo.into(),
            NoHandOver::NotOneOfTwo.into()
        ]
    );
    let sysctl = "net.ipv4.conf.IFNAME.log_martians=1";
    assert_eq!(
        asked(&|it| it.sysctls = vec![sysctl.parse().unwrap()]),
        NoHandOver::EngineConfigures("sysctls").into()
    );
    assert_eq!(
        asked(&|it| it.ifname = Some("eth0".parse().unwrap())),
        NoHandOver::EngineConfigures("ifname").into()
    );
    let ours = asked(&|it| it.hand_over = Some("tgb7".parse().unwrap()));
    assert!(
        matches!(ours, Refused::HandOver(NoHandOver::NameOurs(_))),
        "{ours}"
    );
    let again = asked(&|it| it.hand_over = Some("e0".parse().unwrap()));
    assert!(
        matches!(&again, Refused::HandOver(NoHandOver::Already { holder, .. }) if *holder == name("ep-2")),
        "{again}"
    );
}

#[test]
fn links_tell_where_an_interface_was_moved_and_that_it_came_back() {
    let mut state = two();
    assert_eq!(moved(&state, &all_links(&state, None)), []);
    let there = [(name("ep-2"), Some(5)), (name("ep-3"), Some(5))];
    assert_eq!(moved(&state, &all_links(&state, Some(5))), there);
    for (name, number) in there {
        let plan = relocate(&state, &name, number).unwrap();
        state.apply(&plan.change);
    }
    assert_eq!(moved(&state, &all_links(&state, Some(5))), []);
    // The kernel tells of the other end alone when it comes back.
    let back = &pair(&state, "ep-2", None)[1..];
    assert_eq!(moved(&state, back), [(name("ep-2"), None)]);
    let mut foreign = back.to_vec();
    foreign[0].mac = None;
    assert_eq!(moved(&state, &foreign), []);
    assert_eq!(moved(&state, &[]), []);
}

#[test]
fn endpoints_in_one_namespace_may_send_from_each_others_addresses_until_one_leaves_it() {
    let mut state = two();
    let plan = relocate(&state, &name("ep-2"), Some(5)).unwrap();
    assert!(plan.transaction.is_empty() && !plan.change.is_nothing());
    state.apply(&plan.change);
    let before = tidegate_plan::planned(&state).to_text();
    let together = relocate(&state, &name("ep-3"), Some(5)).unwrap();
    assert!(together.transaction.to_string().contains("elsewhere4"));
    state.apply(&together.change);
    assert_eq!(
        state.endpoints[&name("ep-2")].netns_id(),
        state.endpoints[&name("ep-3")].netns_id()
    );
    let apart = relocate(&state, &name("ep-3"), None).unwrap();
    assert_eq!(apart.transaction, together.undo);
    state.apply(&apart.change);
    assert_eq!(tidegate_plan::planned(&state).to_text(), before);
    let mut down = state.clone();
    let (is_down, reason) = (true, "its bridge is gone".into());
    let fault = Fault {
        down: is_down,
        reason,
        hint: None,
    };
    down.degraded.endpoints.insert(name("ep-3"), fault);
    let plan = relocate(&down, &name("ep-3"), Some(5)).unwrap();
    assert!(plan.transaction.is_empty());
}

/// Names of the steps about the port of `ep-2`.
fn steps<'a>(steps: impl IntoIterator<Item = &'a LinkStep>) -> Vec<&'static str> {
    let is_about = |step: &&LinkStep| match step {
        LinkStep::AddVeth(veth) | LinkStep::MendVeth(veth) | LinkStep::DeleteVeth(veth) => {
            veth.ifname.as_str() == "tgv2"
        }
        LinkStep::KeepVeths(veths) => veths.iter().any(|veth| veth.ifname.as_str() == "tgv2"),
        LinkStep::DeleteLink(ifname) => ifname.as_str() == "tgv2",
        _ => false,
    };
    let steps = steps.into_iter().filter(is_about);
    steps.map(LinkStep::name).collect()
}

#[test]
fn a_start_never_makes_a_pair_again_that_was_handed_over() {
    let state = two();
    let start = |links: &[Link]| {
        let plan = tidegate_plan::start(&state, links);
        let all = plan.networks.values().flatten();
        steps(plan.clean_up.iter().chain(all))
    };
    let links = all_links(&state, Some(5));
    assert_eq!(start(&links), ["keep-veths"]);
    let without_bridges: Vec<Link> = links
        .iter()
        .filter(|it| it.master.is_some())
        .cloned()
        .collect();
    assert_eq!(start(&without_bridges), ["mend-veth"]);
    let mut down = links.clone();
    down.iter_mut().for_each(|it| it.up = it.master.is_none());
    assert_eq!(start(&down), ["mend-veth"]);
    assert_eq!(start(&[]), [""; 0]);
    // The end that is handed over is its engine's.
    let home = all_links(&state, None);
    assert!(
        home.iter()
            .any(|it| it.ifname.as_str() == "e0" && it.group != GROUP)
    );
    let plan = tidegate_plan::start(&state, &home);
    assert!(
        plan.clean_up
            .iter()
            .all(|step| !matches!(step, LinkStep::DeleteLink(_)))
    );
    let mend = tidegate_plan::mend(&state, &home);
    assert!(
        mend.strays.is_empty() && mend.changed.is_empty(),
        "{mend:?}"
    );
}

#[test]
fn a_repair_never_makes_a_pair_again_that_was_handed_over() {
    let mut state = two();
    let (down, reason) = (false, "its bridge was removed".to_owned());
    let fault = Fault {
        down,
        reason,
        hint: None,
    };
    state.degraded.endpoints.insert(name("ep-2"), fault);
    let revive = |links: &[Link]| {
        let plan = revive_endpoint(&state, &name("ep-2"), links).unwrap();
        steps(&plan.links)
    };
    let links = all_links(&state, Some(5));
    assert_eq!(revive(&links), [""; 0]);
    let mut alone = links;
    alone.iter_mut().for_each(|it| it.master = None);
    assert_eq!(revive(&alone), ["mend-veth"]);
}

#[test]
fn an_export_leaves_out_what_only_its_engine_can_ask_for() {
    let mut state = two();
    attach(&mut state, "web", 1, &[]);
    let export = tidegate_plan::export(&state, "1");
    let names: Vec<String> = export
        .endpoints
        .iter()
        .map(|it| it.attach.name.clone().unwrap().to_string())
        .collect();
    assert_eq!(names, ["ep-4"]);
}
