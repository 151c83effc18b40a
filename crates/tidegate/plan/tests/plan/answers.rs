//! The way of the DNS server's answers to isolated networks.

use tidegate_api::{CreateNetwork, Policy};
use tidegate_model::links::{AnswerRouting, GROUP, LinkStep};
use tidegate_model::{Access, RESOLVERS, State};
use tidegate_plan::{mend_answers, needs_answers};

use crate::values::{create, name, network};

fn state_of(access: Access) -> State {
    let request = CreateNetwork {
        policy: Policy {
            access,
            ..Policy::default()
        },
        ..network("dark")
    };
    let mut state = State::default();
    state.apply(&create(&state, &request).unwrap().change);
    state
}

/// What the host has if nobody removed anything.
fn whole(state: &State) -> AnswerRouting {
    let network = &state.networks[&name("dark")];
    let routes = network.subnets.iter();
    AnswerRouting {
        rules: RESOLVERS.into(),
        routes: routes
            .map(|subnet| (subnet.net, network.bridge.clone()))
            .collect(),
    }
}

#[test]
fn what_another_program_removed_is_added_again() {
    let mut state = state_of(Access::Isolated);
    assert!(needs_answers(&state));
    assert_eq!(mend_answers(&state, &whole(&state)), []);
    let mut lacking = whole(&state);
    lacking.rules.pop_first();
    lacking.routes.pop_last();
    let [mending] = &mend_answers(&state, &lacking)[..] else {
        panic!("one network lacks something")
    };
    let net = state.networks[&name("dark")].subnets[1].net;
    assert_eq!(
        mending.missing,
        [
            format!("rule `from 169.254.53.53 lookup {GROUP}`"),
            format!("route `{net} dev tgb0 table {GROUP}`"),
        ]
    );
    let LinkStep::MendBridge(bridge) = &mending.step else {
        panic!("{:?}", mending.step)
    };
    assert_eq!(
        bridge.addresses,
        [],
        "the kernel refuses those that are there"
    );
    assert_eq!(bridge.answered.len(), 2);
    // A degraded network is tried again as a whole.
    let fault = tidegate_model::Fault {
        down: false,
        reason: "it was made to fail".to_owned(),
        hint: None,
    };
    state.degraded.networks.insert(name("dark"), fault);
    assert_eq!(mend_answers(&state, &lacking), []);
}

#[test]
fn networks_to_which_the_host_has_a_route_need_none() {
    for access in [Access::Open, Access::Internal] {
        let state = state_of(access);
        assert!(!needs_answers(&state));
        assert_eq!(mend_answers(&state, &AnswerRouting::default()), []);
    }
}
