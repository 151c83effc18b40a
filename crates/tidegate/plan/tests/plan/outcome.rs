//! What a plan says that its command comes to.

use tidegate_api::Publish;
use tidegate_model::{Name, PortRequest, State};
use tidegate_plan::{Plan, PortFacts};

use crate::values::{
    attach, attachment, create, name, namespace, network, plan_attach, state_with,
};

/// The state once a plan is carried out, and the plan's outcome.
fn done<T>(state: &State, plan: Plan<T>) -> (State, T) {
    let mut after = state.clone();
    after.apply(&plan.change);
    (after, plan.outcome)
}

#[test]
fn the_outcome_is_the_object_as_it_is_afterwards() {
    let mut state = state_with(&["web", "db"]);
    let endpoint = attach(&mut state, "web", 1, &["80:80"]);
    let (after, made) = done(&state, create(&state, &network("lan")).unwrap());
    assert_eq!(after.networks[&made.name], made);
    let attached = plan_attach(&state, &attachment("db", &["81:81"]), &namespace(2));
    let (after, attached) = done(&state, attached.unwrap());
    assert_eq!(after.endpoints[&attached.name], attached);
    let (web, db) = (name("web"), name("db"));
    let ports: [PortRequest; 1] = ["90:90".parse().unwrap()];
    let wanted = Publish::from(ports.to_vec());
    let publish = tidegate_plan::publish(&state, &endpoint, &wanted, &PortFacts::default());
    let (after, published) = done(&state, publish.unwrap());
    assert_eq!(after.endpoints[&endpoint], published.endpoint);
    assert_eq!(published.ports, ["90:90".parse().unwrap()]);
    let unpublish = tidegate_plan::unpublish(&after, &endpoint, &ports).unwrap();
    let (after, withdrawn) = done(&after, unpublish);
    assert_eq!(after.endpoints[&endpoint], withdrawn.endpoint);
    assert_eq!(withdrawn.ports, published.ports);
    let both = |state: &State, names: [&Name; 2]| names.map(|name| state.networks[name].clone());
    for one_way in [false, true] {
        let connect = tidegate_plan::connect(&state, &db, &web, one_way).unwrap();
        let (after, connected) = done(&state, connect);
        assert_eq!(connected, both(&after, [&db, &web]));
        let disconnect = tidegate_plan::disconnect(&after, &web, &db).unwrap();
        let (after, disconnected) = done(&after, disconnect);
        assert_eq!(disconnected, both(&after, [&web, &db]));
    }
}

#[test]
fn the_outcome_of_a_removal_is_what_the_object_was() {
    let mut state = state_with(&["web"]);
    let endpoint = attach(&mut state, "web", 1, &["80:80"]);
    let detach = tidegate_plan::detach(&state, &endpoint).unwrap();
    assert_eq!(detach.outcome, state.endpoints[&endpoint]);
    let remove = tidegate_plan::remove_network(&state, &name("web"), true).unwrap();
    assert_eq!(remove.outcome, state.networks[&name("web")]);
}

#[test]
fn a_plan_of_nothing_has_nothing_to_do_and_every_other_has() {
    assert!(Plan::nothing().is_nothing());
    let state = state_with(&["web"]);
    assert!(!create(&state, &network("lan")).unwrap().is_nothing());
    let attach = plan_attach(&state, &attachment("web", &[]), &namespace(1));
    assert!(!attach.unwrap().is_nothing());
}
