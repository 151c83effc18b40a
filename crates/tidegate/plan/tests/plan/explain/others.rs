//! What is said of a packet that meets the tables of other programs.

use tidegate_api::explain::{Path, Verdict};
use tidegate_nft::BaseChain;
use tidegate_plan::HostRouting;

use super::*;

/// The base chains of a table in nft's JSON, on the host of a state.
fn beside(state: &State, objects: &str) -> HostRouting {
    let chains = BaseChain::parse_all(&format!(r#"{{"nftables": [{objects}]}}"#)).unwrap();
    let mut routing = routing(state);
    routing.others.chains = Ok(chains);
    routing
}

fn explained(state: &State, routing: &HostRouting, from: &str, to: &str) -> (Verdict, Path) {
    let explained = explain_on(state, routing, from, to).unwrap();
    let verdict = explained.verdict();
    (verdict, explained.paths.into_iter().next().unwrap())
}

fn chain(hook: &str, kind: &str, priority: i64, policy: &str) -> String {
    format!(
        r#"{{"chain": {{"family": "ip", "table": "mine", "name": "c", "type": "{kind}",
            "hook": "{hook}", "prio": {priority}, "policy": "{policy}"}}}}"#
    )
}

fn rule(expressions: &str) -> String {
    format!(
        r#", {{"rule": {{"family": "ip", "table": "mine", "chain": "c", "handle": 7, "expr": [{expressions}]}}}}"#
    )
}

fn dport(port: u16) -> String {
    format!(
        r#"{{"match": {{"op": "==", "left": {{"payload": {{"protocol": "tcp", "field": "dport"}}}}, "right": {port}}}}}"#
    )
}

#[test]
fn a_chain_that_drops_it_is_named_and_one_that_does_not_is_not() {
    let state = web(Policy::default(), &["8080:80"]);
    let drop = |port| {
        chain("forward", "filter", 0, "accept") + &rule(&(dport(port) + r#", {"drop": null}"#))
    };
    // The endpoint's port, which is what the forward hook sees.
    let (verdict, path) = explained(
        &state,
        &beside(&state, &drop(80)),
        "192.0.2.7",
        "192.0.2.1:8080",
    );
    assert_eq!((verdict, path.fate), (Verdict::Stopped, Fate::Lost));
    assert_eq!(
        path.why,
        "chain c of table ip mine drops it (the rule with handle 7 of chain c, shown by `nft -a list chain ip mine c`)"
    );
    let hint = path.hint.unwrap();
    assert!(
        hint.starts_with("`nft -a list chain ip mine c` shows what drops it"),
        "{hint}"
    );
    let (verdict, path) = explained(
        &state,
        &beside(&state, &drop(8080)),
        "192.0.2.7",
        "192.0.2.1:8080",
    );
    assert_eq!((verdict, path.fate), (Verdict::Passes, reaches("front")));
    // Before translation, it is the other way round.
    for (port, expected) in [(80, Verdict::Passes), (8080, Verdict::Stopped)] {
        let early = chain("prerouting", "filter", -200, "accept")
            + &rule(&(dport(port) + r#", {"drop": null}"#));
        let routing = beside(&state, &early);
        let (verdict, _) = explained(&state, &routing, "192.0.2.7", "192.0.2.1:8080");
        assert_eq!(verdict, expected, "{port}");
    }
}

#[test]
fn a_policy_drops_what_no_rule_accepts_and_also_the_answers() {
    let state = web(Policy::default(), &["8080:80"]);
    let accept = |key: &str| {
        rule(&format!(
            r#"{{"match": {{"op": "==", "left": {{"meta": {{"key": "{key}"}}}}, "right": "tgb*"}}}}, {{"accept": null}}"#
        ))
    };
    let policy = chain("forward", "filter", 0, "drop");
    for (rules, why) in [
        (
            String::new(),
            Some("chain c of table ip mine drops it (policy drop)"),
        ),
        (
            accept("oifname"),
            Some("it arrives, but chain c of table ip mine drops the answers (policy drop)"),
        ),
        (accept("oifname") + &accept("iifname"), None),
    ] {
        let routing = beside(&state, &(policy.clone() + &rules));
        let (verdict, path) = explained(&state, &routing, "192.0.2.7", "192.0.2.1:8080");
        match why {
            Some(why) => assert_eq!((verdict, path.why.as_str()), (Verdict::Stopped, why)),
            None => assert_eq!(verdict, Verdict::Passes),
        }
    }
    // Over IPv6, and to the host, it is not asked.
    let routing = beside(&state, &policy);
    let (verdict, _) = explained(&state, &routing, "2001:db8::7", "[2001:db8::1]:8080");
    assert_eq!(verdict, Verdict::Passes);
    let (verdict, _) = explained(&state, &routing, "192.0.2.7", "192.0.2.1:22");
    assert_eq!(verdict, Verdict::Passes);
}

#[test]
fn what_cannot_be_judged_is_neither_passed_nor_stopped() {
    let state = web(Policy::default(), &["8080:80"]);
    let forward = chain("forward", "filter", 0, "accept");
    for (objects, words) in [
        (
            forward.clone() + &rule(r#"{"xt": null}, {"drop": null}"#),
            "chain c of table ip mine may drop it: see the rule with handle 7 of chain c, shown by `nft -a list chain ip mine c`",
        ),
        (
            chain("prerouting", "nat", -150, "accept")
                + &rule(r#"{"xt": null}, {"dnat": {"addr": "10.0.0.1"}}"#),
            "may send it elsewhere: see the rule with handle 7",
        ),
        (
            forward.replace("\"ip\"", "\"bridge\"")
                + &rule(r#"{"drop": null}"#).replace("\"ip\"", "\"bridge\""),
            "may drop its frames: see the rule with handle 7",
        ),
    ] {
        let (verdict, path) = explained(
            &state,
            &beside(&state, &objects),
            "192.0.2.7",
            "192.0.2.1:8080",
        );
        assert_eq!(
            (verdict, path.fate.clone()),
            (Verdict::CannotTell, reaches("front")),
            "{objects}"
        );
        let [unclear] = path.unclear.as_slice() else {
            panic!("{path:?}")
        };
        assert!(unclear.contains(words), "{unclear}");
    }
    // After a translation of ours, no other chain translates the connection.
    let later = chain("prerouting", "nat", -90, "accept")
        + &rule(r#"{"xt": null}, {"dnat": {"addr": "10.0.0.1"}}"#);
    let (verdict, _) = explained(
        &state,
        &beside(&state, &later),
        "192.0.2.7",
        "192.0.2.1:8080",
    );
    assert_eq!(verdict, Verdict::Passes);
    // What is dropped anyway is not unclear.
    let unclear = forward + &rule(r#"{"xt": null}, {"drop": null}"#);
    let (verdict, path) = explained(&state, &beside(&state, &unclear), "192.0.2.7", "front:80");
    assert_eq!((verdict, path.fate), (Verdict::Stopped, Fate::Dropped));
    assert_eq!(path.unclear, [""; 0]);
}

#[test]
fn tables_that_were_not_looked_at_are_said() {
    let state = web(Policy::default(), &["8080:80"]);
    let mut unread = routing(&state);
    unread.others.chains = Err("this nft has no JSON".into());
    let mut legacy = routing(&state);
    legacy.others.facts.insert(
        Fact::File("/proc/net/ip_tables_names"),
        Ok("filter\n".into()),
    );
    for (routing, words) in [
        (unread, "were not looked at: this nft has no JSON"),
        (legacy, "iptables-legacy did not run"),
    ] {
        let (verdict, path) = explained(&state, &routing, "192.0.2.7", "192.0.2.1:8080");
        assert_eq!(verdict, Verdict::CannotTell);
        assert!(path.unclear[0].ends_with(words), "{path:?}");
    }
}

/// What iptables-legacy drops by a policy, nft does not show.
#[test]
fn a_policy_of_iptables_legacy_drops_it() {
    let state = web(Policy::default(), &[]);
    let mut routing = routing(&state);
    routing.others.facts.extend([
        (
            Fact::File("/proc/net/ip_tables_names"),
            Ok("filter\n".into()),
        ),
        (
            Fact::Output(&["iptables-legacy", "-S"]),
            Ok("-P FORWARD DROP\n".into()),
        ),
    ]);
    let (verdict, path) = explained(&state, &routing, "front", "198.51.100.1:80");
    assert_eq!(verdict, Verdict::Stopped);
    assert_eq!(
        path.why,
        "chain FORWARD of table ip filter (legacy) drops it (policy drop)"
    );
}

/// The answers to what the host gets leave by the output hook, even where no chain sees what comes in.
#[test]
fn answers_meet_chains_at_hooks_that_the_packet_did_not_meet() {
    let mut state = web(Policy::default(), &["8080:80"]);
    state.resolver = Some(299);
    let sport = |port: u16| dport(port).replace("dport", "sport").replace("tcp", "udp");
    let drop = |hook: &str, rules: &str| chain(hook, "filter", 0, "accept") + &rule(rules);
    for (objects, from, to) in [
        (
            drop("output", &(sport(299) + r#", {"drop": null}"#)),
            "front",
            "10.208.0.1:53/udp",
        ),
        (
            drop("output", &(sport(5353) + r#", {"drop": null}"#)),
            "192.0.2.7",
            "192.0.2.1:5353/udp",
        ),
        (
            chain("postrouting", "filter", -150, "drop"),
            "192.0.2.7",
            "192.0.2.1:22",
        ),
        (chain("input", "filter", 0, "drop"), "host", "front:80"),
        (
            chain("prerouting", "filter", -150, "drop"),
            "host",
            "192.0.2.7:80",
        ),
    ] {
        let (verdict, path) = explained(&state, &beside(&state, &objects), from, to);
        assert_eq!(verdict, Verdict::Stopped, "{objects}: {path:?}");
        assert!(
            path.why
                .starts_with("it arrives, but chain c of table ip mine drops the answers ("),
            "{}",
            path.why
        );
        let hint = path.hint.unwrap();
        assert!(
            hint.starts_with("`nft -a list chain ip mine c` shows"),
            "{hint}"
        );
    }
    // Of a forwarded connection, the answers came in where the packets went out.
    let by = |ifname: &str| {
        let iif = format!(
            r#"{{"match": {{"op": "==", "left": {{"meta": {{"key": "iifname"}}}}, "right": "{ifname}"}}}}, {{"drop": null}}"#
        );
        chain("postrouting", "filter", -150, "accept") + &rule(&iif)
    };
    for (ifname, expected) in [("tgb0", Verdict::Stopped), ("tgb1", Verdict::Passes)] {
        let routing = beside(&state, &by(ifname));
        let (verdict, path) = explained(&state, &routing, "192.0.2.7", "192.0.2.1:8080");
        assert_eq!(verdict, expected, "{path:?}");
    }
}
