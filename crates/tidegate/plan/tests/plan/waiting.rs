//! Imported endpoints that wait for their namespaces, and documents that cannot be imported.

use std::collections::BTreeMap;

use error_hint::Hint;
use tidegate_api::{Export, ExportedEndpoint};
use tidegate_model::{Change, State, Waiting};
use tidegate_plan::{HostFacts, Pools, PortFacts, Refused, check_import};

use crate::values::{attachment, name, namespace, network, plan_attach, state_with};

/// `later` waits on `web`, beside the network `db`.
fn state() -> State {
    let mut state = state_with(&["web", "db"]);
    let waiting = Waiting {
        network: name("web"),
        netns: "/run/netns/later".into(),
        request: String::new(),
    };
    state.apply(&Change::Wait(name("later"), waiting));
    state
}

fn told(refused: &Refused) -> String {
    format!("{refused}\n{}", refused.hint().unwrap_or_default())
}

#[test]
fn a_command_about_a_waiting_endpoint_says_that_it_waits() {
    let state = state();
    let publish = vec!["80".parse().unwrap()].into();
    for asked in ["later", "LATER"].map(name) {
        for refused in [
            tidegate_plan::detach(&state, &asked).unwrap_err(),
            tidegate_plan::publish(&state, &asked, &publish, &PortFacts::default()).unwrap_err(),
            tidegate_plan::unpublish(&state, &asked, &[]).unwrap_err(),
            tidegate_plan::no_endpoint(&state, &asked),
        ] {
            assert_eq!(
                told(&refused),
                "endpoint later is not attached yet: it waits for its namespace /run/netns/later\n\
                 `tidegate attach web --name later --netns NETNS` attaches it; `tidegate detach later` forgets it"
            );
            assert_eq!(refused.code(), tidegate_api::RefusalCode::NoSuchEndpoint);
        }
    }
    let nobody = tidegate_plan::no_endpoint(&state, &name("lat"));
    assert_eq!(nobody, Refused::NoEndpoint(name("lat")));
}

/// Else it would be forgotten without a word.
#[test]
fn a_network_for_which_an_endpoint_waits_is_in_use() {
    let mut state = state();
    let refused = tidegate_plan::remove_network(&state, &name("WEB"), false).unwrap_err();
    assert_eq!(
        told(&refused),
        "network web still has the endpoint later\n`tidegate detach later` first; --force does both, and cuts them off"
    );
    let plan = plan_attach(&state, &attachment("web", &[]), &namespace(1)).unwrap();
    state.apply(&plan.change);
    let refused = tidegate_plan::remove_network(&state, &name("web"), false).unwrap_err();
    let both = format!("2 endpoints: {}, later", plan.outcome.name);
    assert!(refused.to_string().contains(&both), "{refused}");
    tidegate_plan::remove_network(&state, &name("web"), true).unwrap();
    tidegate_plan::remove_network(&state, &name("db"), false).unwrap();
}

#[test]
fn no_new_endpoint_is_named_as_one_that_waits() {
    let mut state = state_with(&["web"]);
    let free = plan_attach(&state, &attachment("web", &[]), &namespace(1)).unwrap();
    let waiting = Waiting {
        network: name("web"),
        netns: "/run/netns/later".into(),
        request: String::new(),
    };
    let taken = name(&free.outcome.name.as_str().to_uppercase());
    state.apply(&Change::Wait(taken, waiting));
    let plan = plan_attach(&state, &attachment("web", &[]), &namespace(1)).unwrap();
    assert_ne!(plan.outcome.name, free.outcome.name);
}

/// A document with these networks and endpoints: each with its network, its name and an alias.
fn document(networks: &[&str], endpoints: &[(&str, &str, Option<&str>)]) -> Export {
    let endpoint = |(network, own, alias): &(&str, &str, Option<&str>)| {
        let mut attach = attachment(network, &[]);
        attach.netns = Some(format!("/run/netns/{own}").into());
        attach.name = Some(name(own));
        attach.aliases = alias.map(name).into_iter().collect();
        let publish = Vec::new();
        ExportedEndpoint { attach, publish }
    };
    Export {
        version: Export::VERSION,
        tidegate: String::new(),
        networks: networks.iter().map(|it| network(it)).collect(),
        connected: Vec::new(),
        endpoints: endpoints.iter().map(endpoint).collect(),
    }
}

/// What keeps a document from being imported, each with what can be changed in it.
fn obstacles(state: &State, document: &Export) -> Vec<(String, Option<String>)> {
    let (host, pools, ports) = (HostFacts::default(), Pools::default(), PortFacts::default());
    let refused = check_import(state, document, &host, &pools, &ports, BTreeMap::new());
    let obstacles = refused.unwrap_err().into_iter();
    obstacles.map(|it| (it.what, it.remedy)).collect()
}

#[test]
fn a_document_with_the_name_of_a_waiting_endpoint_is_refused() {
    let document = document(&[], &[("db", "Later", None)]);
    let what =
        "endpoint later exists already: it waits on network web for its namespace /run/netns/later";
    let remedy = "endpoint Later: give it another `name`, or leave it out";
    let [(told, change)] = &obstacles(&state(), &document)[..] else {
        panic!("one is in the way")
    };
    assert!(told.ends_with(what), "{told}");
    assert_eq!(change.as_deref(), Some(remedy));
}

/// An earlier release may have written it.
#[test]
fn a_document_with_a_name_that_is_refused_now_says_what_to_change() {
    let endpoints = [("db", "gateway", None), ("db", "two", Some("outside"))];
    let document = document(&["host"], &endpoints);
    let all = obstacles(&state_with(&["db"]), &document);
    let remedies: Vec<_> = all.iter().filter_map(|(_, it)| it.as_deref()).collect();
    assert_eq!(
        remedies,
        [
            "network host: choose another name, such as host-1",
            "endpoint gateway: choose another name; endpoints reach the host by this one",
            "endpoint two: choose another name, such as outside-1",
        ],
        "{all:?}"
    );
}
