//! Which interfaces a start must not remove without being told to.

use std::collections::BTreeSet;

use tidegate_model::links::{Link, LinkKind};
use tidegate_model::{State, StateId};
use tidegate_plan::{UnknownLinks, UnknownReason};

use crate::start::links_of;
use crate::values::{attach, name, state_with};

const ID: StateId = StateId(1);
const OTHER: StateId = StateId(2);

/// Two networks; the first has two endpoints, with the numbers 2 and 3. The next number is 4.
fn saved() -> State {
    let mut state = state_with(&["web", "db"]);
    attach(&mut state, "web", 1, &["8080:80"]);
    attach(&mut state, "web", 2, &[]);
    state
}

/// The links of a state, whose bridges have a mark.
fn marked(state: &State, mark: Option<StateId>) -> Vec<Link> {
    let mut links = links_of(state);
    for link in links
        .iter_mut()
        .filter(|link| link.kind == LinkKind::Bridge)
    {
        link.state_id = mark;
    }
    links
}

fn unknown(state: &State, links: &[Link]) -> Option<UnknownLinks> {
    tidegate_plan::unknown(state, state, Some(ID), links)
}

fn reason(state: &State, links: &[Link]) -> Option<UnknownReason> {
    unknown(state, links).map(|unknown| unknown.reason)
}

/// A state with one more network, and then one more endpoint of it.
fn with_more(state: &State) -> [State; 2] {
    let mut first = state.clone();
    let plan = crate::values::create(&first, &crate::values::network("more")).unwrap();
    first.apply(&plan.change);
    let mut second = first.clone();
    attach(&mut second, "more", 9, &[]);
    [first, second]
}

#[test]
fn a_state_explains_its_own_links_with_and_without_a_mark() {
    for mark in [None, Some(ID)] {
        assert_eq!(unknown(&saved(), &marked(&saved(), mark)), None);
    }
    assert_eq!(unknown(&State::default(), &[]), None);
}

#[test]
fn an_empty_state_explains_nothing() {
    for mark in [None, Some(ID), Some(OTHER)] {
        let links = marked(&saved(), mark);
        let found = tidegate_plan::unknown(&State::default(), &State::default(), None, &links);
        let found = found.unwrap();
        assert_eq!(found.reason, UnknownReason::Empty);
        let shown = |name: &str, ifname, endpoints| {
            let subnets = saved().networks[&crate::values::name(name)].subnets.clone();
            let addresses: Vec<String> = subnets
                .iter()
                .map(|s| s.gateway_net().to_string())
                .collect();
            format!(
                "bridge {ifname} ({}; {endpoints} endpoints)",
                addresses.join(", ")
            )
        };
        let expected = [shown("web", "tgb0", 2), shown("db", "tgb1", 0)];
        assert_eq!(found.to_string(), expected.join(", "));
    }
}

#[test]
fn the_last_change_may_be_missing_in_the_state_and_no_more() {
    let state = saved();
    let [first, second] = with_more(&state);
    for mark in [None, Some(ID)] {
        assert_eq!(reason(&state, &marked(&first, mark)), None, "{mark:?}");
        let older = Some(UnknownReason::Older);
        assert_eq!(reason(&state, &marked(&second, mark)), older, "{mark:?}");
    }
    // The first one of all.
    let links = marked(&state_with(&["web"]), Some(ID));
    assert_eq!(reason(&State::default(), &links), None);
}

#[test]
fn the_last_change_may_have_skipped_numbers_of_links_of_others() {
    let state = saved();
    let mut links = marked(&state, Some(ID));
    let web = links.iter().find(|link| link.ifname.as_str() == "tgb0");
    let web = web.unwrap().clone();
    let left = |ifname: &str, group, mac| Link {
        ifname: ifname.parse().unwrap(),
        group,
        mac: Some(tidegate_model::MacAddr([2, 0x62, 0, 0, 0, mac])),
        ..web.clone()
    };
    let (rival, last) = (left("tgb4", 0, 9), left("tgb5", web.group, 5));
    links.push(last);
    assert_eq!(reason(&state, &links), Some(UnknownReason::Older));
    links.push(rival);
    assert_eq!(reason(&state, &links), None);
}

#[test]
fn a_bridge_with_a_name_of_the_users_is_judged_by_its_ethernet_address() {
    let state = saved();
    let [_, second] = with_more(&state);
    let mut links = marked(&second, Some(ID));
    links.retain(|link| link.kind == LinkKind::Bridge);
    let mut all = links.iter_mut();
    let more = all.find(|link| link.ifname.as_str() == "tgb4").unwrap();
    more.ifname = "br-more".parse().unwrap();
    assert_eq!(reason(&state, &links), None, "number 4 is the next one");
    let mut before = state.clone();
    before.next_number = 3;
    assert_eq!(reason(&before, &links), Some(UnknownReason::Older));
}

#[test]
fn a_leftover_of_this_state_is_explained_and_one_of_another_state_is_not() {
    let state = saved();
    let mut without = state.clone();
    let network = state.networks[&name("db")].clone();
    without.apply(&tidegate_model::Change::RemoveNetwork(network));
    let found = |mark| reason(&without, &marked(&state, mark));
    assert_eq!(found(Some(ID)), None);
    assert_eq!(found(Some(OTHER)), Some(UnknownReason::Another(OTHER)));
    assert_eq!(found(None), Some(UnknownReason::Unmarked));
}

#[test]
fn links_of_another_state_that_all_fit_are_taken_over_and_its_endpoints_are_not_removed() {
    let state = saved();
    let links = marked(&state, Some(OTHER));
    assert_eq!(unknown(&state, &links), None);
    // The endpoint of this state has no namespace here; the one of the other state has the same interface.
    let gone = tidegate_plan::end(&state, &BTreeSet::from([name("ep-2")])).unwrap();
    let mut left = state.clone();
    left.apply(&gone);
    let found = tidegate_plan::unknown(&state, &left, Some(ID), &links).unwrap();
    assert_eq!(found.reason, UnknownReason::Another(OTHER));
    assert_eq!(found.to_string(), "interface tgv2");
    let own = marked(&state, Some(ID));
    assert_eq!(tidegate_plan::unknown(&state, &left, Some(ID), &own), None);
}

#[test]
fn what_is_not_in_use_may_go() {
    let state = saved();
    let mut links = marked(&state, None);
    let bridge = |link: &mut Link| {
        link.up = false;
        link.addresses.clear();
    };
    links.retain(|link| link.kind == LinkKind::Bridge);
    links.iter_mut().for_each(bridge);
    assert_eq!(unknown(&State::default(), &links), None);
    let mut pairs = marked(&state, None);
    pairs.retain(|link| link.kind == LinkKind::Veth);
    pairs.iter_mut().for_each(|pair| pair.master = None);
    assert_eq!(unknown(&State::default(), &pairs), None);
}

#[test]
fn a_long_list_is_cut() {
    let networks: Vec<String> = (0..12).map(|n| format!("n{n}")).collect();
    let networks: Vec<&str> = networks.iter().map(String::as_str).collect();
    let links = marked(&state_with(&networks), None);
    let found = unknown(&State::default(), &links).unwrap().to_string();
    assert!(found.ends_with(" and 4 more"), "{found}");
}
