//! Published ports that a chain of another table closes.

use tidegate_api::doctor::Severity;
use tidegate_model::State;
use tidegate_nft::BaseChain;

use super::chains::{DROP_8080, accept, chain, found_in};
use crate::values::{attach, state_with};

fn dport(port: u16) -> String {
    DROP_8080.replace("8080", &port.to_string())
}

const ORIGINAL_8080: &str = r#"{"match": {"op": "==",
    "left": {"ct": {"key": "proto-dst", "dir": "original"}}, "right": 8080}}, {"drop": null}"#;

/// The findings of a severity about published ports.
fn about_ports(state: &State, chain: BaseChain, severity: Severity) -> Vec<String> {
    let found = found_in(state, chain).into_iter();
    let about = found.filter(|it| it.severity == severity && it.what.contains("published port"));
    about.map(|it| it.what).collect()
}

fn with_priority(priority: i64, head: &str, rules: &[&str]) -> BaseChain {
    BaseChain {
        priority,
        ..chain(head, rules)
    }
}

/// The endpoint's port counts after translation, and the host's before it.
#[test]
fn a_rule_about_a_port_names_the_published_port_that_it_closes() {
    let mut state = state_with(&["web"]);
    attach(
        &mut state,
        "web",
        1,
        &["8080:80", "8081:8080", "9000:90/udp"],
    );
    let sport = dport(80).replace("dport", "sport");
    let forward = "inet mine c forward accept";
    let before = "inet mine c prerouting accept";
    for (priority, head, rule, wanted) in [
        (0, forward, dport(80), Some("8080:80/tcp")),
        (0, forward, dport(8080), Some("8081:8080/tcp")),
        (0, forward, dport(8081), None),
        (0, forward, dport(90), None),
        (0, forward, ORIGINAL_8080.to_owned(), Some("8080:80/tcp")),
        (0, forward, sport.clone(), Some("8080:80/tcp")),
        (-300, before, dport(8080), Some("8080:80/tcp")),
        (-300, before, dport(80), None),
        (-300, before, sport, Some("8080:80/tcp")),
        (-50, before, dport(80), Some("8080:80/tcp")),
    ] {
        let found = about_ports(
            &state,
            with_priority(priority, head, &[&rule]),
            Severity::Fault,
        );
        let told = wanted.map(|port| {
            let name = head.split(' ').nth(2).unwrap();
            format!(
                "chain {name} of table inet mine drops connections to published port {port} of endpoint ep-1 \
                 (the rule with handle 7 of chain {name}, shown by `nft -a list chain inet mine {name}`)"
            )
        });
        assert_eq!(found, Vec::from_iter(told), "{priority} {rule}");
    }
    let advice = found_in(&state, chain(forward, &[&dport(80)]));
    let advice = advice.iter().find(|it| it.severity == Severity::Fault);
    assert!(
        advice
            .unwrap()
            .advice
            .ends_with("`tidegate unpublish ep-1 8080:80/tcp`")
    );
}

#[test]
fn a_rule_about_a_port_is_nothing_to_ports_that_it_lets_through_or_that_nobody_reaches_over_it() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["127.0.0.1:8080:80"]);
    let rules = [dport(80)];
    let closing = || chain("inet mine forward forward accept", &[&rules[0]]);
    assert_eq!(
        found_in(&state, closing()).len(),
        1,
        "only that of packets from it"
    );
    let mut open = state_with(&["web"]);
    attach(&mut open, "web", 1, &["8080:80"]);
    let pass = accept("oifname", "tgb0");
    let passing = chain("inet mine forward forward accept", &[&pass, &rules[0]]);
    assert_eq!(about_ports(&open, passing, Severity::Fault), [""; 0]);
    // Who comes from there is not known.
    let some = r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "198.51.100.7"}}"#;
    let some = format!("{some}, {}", rules[0]);
    let doubtful = chain("inet mine forward forward accept", &[&some]);
    let unclear = about_ports(&open, doubtful, Severity::CouldNotTell);
    let [unclear] = &unclear[..] else {
        panic!("it is one finding: {unclear:?}")
    };
    assert!(
        unclear.starts_with("cannot judge whether chain forward"),
        "{unclear}"
    );
    // What is dropped as a whole is told once.
    let all = found_in(&open, chain("inet mine forward forward drop", &[&rules[0]]));
    assert_eq!(all.len(), 1, "{all:?}");
}

/// Its packets are translated at the output hook.
#[test]
fn a_rule_that_keeps_the_host_itself_from_a_published_port_is_named() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["8080:80", "127.0.0.1:9000:90"]);
    for (priority, hook, port, wanted) in [
        (0, "output", 80, Some("8080:80/tcp")),
        (0, "output", 8080, None),
        (-300, "output", 8080, Some("8080:80/tcp")),
        (-300, "output", 80, None),
        (0, "output", 90, Some("127.0.0.1:9000:90/tcp")),
        (0, "postrouting", 90, Some("127.0.0.1:9000:90/tcp")),
    ] {
        let head = format!("inet mine c {hook} accept");
        let chain = with_priority(priority, &head, &[&dport(port)]);
        let found = about_ports(&state, chain, Severity::Fault);
        let told = wanted.map(|port| {
            format!(
                "chain c of table inet mine drops the host's own connections to published port {port} of endpoint ep-1 \
                 (the rule with handle 7 of chain c, shown by `nft -a list chain inet mine c`)"
            )
        });
        assert_eq!(found, Vec::from_iter(told), "{priority} {hook} {port}");
    }
    let answers = dport(80).replace("dport", "sport");
    let found = about_ports(
        &state,
        chain("inet mine c input accept", &[&answers]),
        Severity::Fault,
    );
    assert_eq!(found.len(), 1, "{found:?}");
    // What nobody reaches is told once.
    let found = about_ports(
        &state,
        chain("inet mine c postrouting accept", &[&dport(80)]),
        Severity::Fault,
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("drops connections to"), "{found:?}");
}
