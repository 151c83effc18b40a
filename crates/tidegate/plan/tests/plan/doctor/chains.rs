//! Findings about chains of other programs.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_api::{CreateNetwork, Policy};
use tidegate_model::links::Route;
use tidegate_model::{Access, State};
use tidegate_nft::BaseChain;

use super::{Fact, foreign, healthy, of_check, sysctl};
use crate::values::{attach, create, network, state_with};

/// The one base chain of a table, in nft's JSON: its head, and its rules with handles from 7 on.
pub(super) fn chain(head: &str, rules: &[&str]) -> BaseChain {
    let [family, table, name, hook, policy] = head.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{head}")
    };
    let mut objects = vec![format!(
        r#"{{"chain": {{"family": "{family}", "table": "{table}", "name": "{name}",
            "type": "filter", "hook": "{hook}", "prio": 0, "policy": "{policy}"}}}}"#
    )];
    for (number, rule) in rules.iter().enumerate() {
        objects.push(format!(
            r#"{{"rule": {{"family": "{family}", "table": "{table}", "chain": "{name}",
                "handle": {}, "expr": [{rule}]}}}}"#,
            number + 7
        ));
    }
    let json = format!(r#"{{"nftables": [{}]}}"#, objects.join(","));
    let mut chains = BaseChain::parse_all(&json).unwrap();
    assert_eq!(chains.len(), 1);
    chains.remove(0)
}

fn meta(key: &str, value: &str) -> String {
    format!(
        r#"{{"match": {{"op": "==", "left": {{"meta": {{"key": "{key}"}}}}, "right": "{value}"}}}}"#
    )
}

pub(super) fn accept(key: &str, value: &str) -> String {
    format!(r#"{}, {{"accept": null}}"#, meta(key, value))
}

pub(super) const DROP_8080: &str = r#"{"match": {"op": "==",
    "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 8080}}, {"drop": null}"#;
const ESTABLISHED: &str = r#"{"match": {"op": "in", "left": {"ct": {"key": "state"}},
    "right": ["established", "related"]}}, {"accept": null}"#;
const REJECT: &str = r#"{"counter": null}, {"reject": {"type": "icmpx"}}"#;
const NOBODY_KNOWS: &str = r#"{"xt": null}, {"accept": null}"#;

pub(super) fn found_in(state: &State, chain: BaseChain) -> Vec<Finding> {
    let mut host = healthy();
    host.chains = Ok(vec![chain]);
    let default = |to: &str| Route {
        destination: to.parse().unwrap(),
        ifname: Some("eth0".parse().unwrap()),
        metric: 0,
        is_blocked: false,
    };
    host.routes = vec![default("0.0.0.0/0"), default("::/0")];
    of_check(state, &host, "other-tables")
}

fn found(chain: BaseChain) -> Vec<Finding> {
    found_in(&state_with(&["web"]), chain)
}

fn only(chain: BaseChain) -> Finding {
    let [finding] = <[Finding; 1]>::try_from(found(chain)).unwrap();
    finding
}

#[test]
fn a_chain_that_drops_what_no_rule_accepts_is_a_fault() {
    let by_policy = only(chain("inet mine forward forward drop", &[]));
    assert_eq!(by_policy.severity, Severity::Fault);
    assert_eq!(
        by_policy.what,
        "chain forward of table inet mine drops packets from and to tgb0 (policy drop)"
    );
    let by_rule = only(chain("inet mine forward forward accept", &[REJECT]));
    assert_eq!(by_rule.severity, Severity::Fault);
    assert!(
        by_rule
            .what
            .ends_with("from and to tgb0 (the rule with handle 7 of chain forward, shown by `nft -a list chain inet mine forward`)"),
        "{by_rule:?}"
    );
    assert_eq!(found(chain("inet mine forward forward accept", &[])), []);
}

/// The rules of ufw, which accept answers and some ICMP, and log before they drop.
#[test]
fn rules_for_other_protocols_leave_no_doubt_about_what_is_dropped() {
    let icmp = r#"{"match": {"op": "==", "left": {"payload": {"protocol": "icmp", "field": "type"}},
        "right": "echo-request"}}, {"accept": null}"#;
    let routing = r#"{"match": {"op": "==", "left": {"exthdr": {"name": "rt", "field": "type"}},
        "right": 0}}, {"drop": null}"#;
    let log = r#"{"limit": {"rate": 3, "burst": 10, "per": "minute"}}, {"log": {"prefix": "[UFW BLOCK] "}}"#;
    let of = |rules: &[&str]| found(chain("inet filter FORWARD forward drop", rules));
    let [fault] = <[Finding; 1]>::try_from(of(&[routing, ESTABLISHED, icmp, log])).unwrap();
    assert_eq!(fault.severity, Severity::Fault);
    assert!(
        fault.what.contains("packets from tgb0 (policy drop)"),
        "{fault:?}"
    );
    let (from, to) = (accept("iifname", "tgb*"), accept("oifname", "tgb*"));
    assert_eq!(of(&[routing, ESTABLISHED, icmp, &from, &to, log]), []);
}

/// As ufw does, which drops what is for nobody here before it looks at ports.
#[test]
fn queries_are_for_the_host_itself() {
    let fib = |name: &str, verdict: &str| {
        format!(
            r#"{{"match": {{"op": "==", "left": {{"fib": {{"result": "type", "flags": ["daddr"]}}}},
                "right": "{name}"}}}}, {{"{verdict}": null}}"#
        )
    };
    let of = |rules: &[&str]| {
        let (mut state, mut host) = (state_with(&["web"]), healthy());
        state.resolver = Some(299);
        host.chains = Ok(vec![chain("inet filter INPUT input drop", rules)]);
        of_check(&state, &host, "names")
    };
    let [fault] = <[Finding; 1]>::try_from(of(&[&fib("multicast", "accept")])).unwrap();
    assert_eq!(fault.severity, Severity::Fault);
    assert_eq!(
        of(&[&fib("multicast", "drop"), &fib("local", "accept")]),
        []
    );
}

#[test]
fn packets_of_endpoints_pass_all_hooks_in_each_family_of_ip() {
    for (hook, what) in [
        ("prerouting", "from tgb0 "),
        ("forward", "from and to tgb0 "),
        ("postrouting", "to tgb0 "),
        ("input", "in answer to the host from tgb0 "),
        ("output", "from the host to tgb0 "),
    ] {
        let found = only(chain(&format!("inet mine chain {hook} drop"), &[]));
        assert_eq!(found.severity, Severity::Fault, "{found:?}");
        assert!(found.what.contains(what), "{found:?}");
    }
    for (family, severity) in [
        ("ip", Severity::Fault),
        ("ip6", Severity::Fault),
        ("inet", Severity::Fault),
        ("bridge", Severity::CouldNotTell),
        ("netdev", Severity::CouldNotTell),
    ] {
        let of_family = only(chain(&format!("{family} mine chain forward drop"), &[]));
        assert_eq!(of_family.severity, severity, "{family}");
    }
    // Without a network there is nothing to stop.
    for family in ["inet", "bridge"] {
        let chain = chain(&format!("{family} mine chain forward drop"), &[]);
        assert_eq!(found_in(&state_with(&[]), chain), []);
    }
}

#[test]
fn only_what_is_still_dropped_after_the_rules_is_a_fault() {
    let of = |rules: &[&str]| found(chain("ip filter FORWARD forward drop", rules));
    let (from, to) = (accept("iifname", "tgb*"), accept("oifname", "tgb*"));
    assert_eq!(of(&[&from, &to]), []);
    assert_eq!(of(&[&from, ESTABLISHED]), [], "nothing is published");
    for (rules, still) in [
        (vec![from.as_str()], "packets to tgb0 "),
        (vec![to.as_str()], "packets from tgb0 "),
        (vec![ESTABLISHED], "packets from tgb0 "),
        (
            vec![&*accept("iifname", "tgb1")],
            "packets from and to tgb0 ",
        ),
        (vec![&*accept("iifname", "eth0")], "packets from tgb0 "),
    ] {
        let rules: Vec<&str> = rules.into_iter().collect();
        let found = of(&rules);
        let fault = found.iter().find(|it| it.severity == Severity::Fault);
        assert!(fault.unwrap().what.contains(still), "{rules:?}: {found:?}");
    }
    // Clients of a published port are no answers.
    let mut publishing = state_with(&["web"]);
    attach(&mut publishing, "web", 1, &["8080:80"]);
    let chain = chain("ip filter FORWARD forward drop", &[&from, ESTABLISHED]);
    let [finding] = &found_in(&publishing, chain)[..] else {
        panic!("it is one finding")
    };
    assert!(finding.what.contains("packets to tgb0 "), "{finding:?}");
}

#[test]
fn one_advice_opens_all_bridges_in_both_directions() {
    let mut state = state_with(&["a", "b", "c"]);
    let named = CreateNetwork {
        bridge: Some("br-web".parse().unwrap()),
        ..network("d")
    };
    state.apply(&create(&state, &named).unwrap().change);
    let forward = || chain("inet mine forward forward drop", &[]);
    let [finding] = &found_in(&state, forward())[..] else {
        panic!("it is one finding")
    };
    assert!(
        finding
            .what
            .contains("from and to br-web, tgb0, tgb1, tgb2 "),
        "{finding:?}"
    );
    assert_eq!(
        finding.advice,
        "`nft 'add rule inet mine forward iifname \"br-web\" accept; \
         add rule inet mine forward oifname \"br-web\" accept; \
         add rule inet mine forward iifname \"tgb*\" accept; \
         add rule inet mine forward oifname \"tgb*\" accept'`, and add the rules where that table is configured"
    );
    let rules = [
        accept("iifname", "br-web"),
        accept("oifname", "br-web"),
        accept("iifname", "tgb*"),
        accept("oifname", "tgb*"),
    ];
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let followed = chain("inet mine forward forward drop", &rules);
    assert_eq!(found_in(&state, followed), []);
}

#[test]
fn a_rule_that_drops_something_is_named_where_it_cannot_be_judged() {
    for (rule, policy) in [
        (DROP_8080, "accept"),
        (r#"{"xt": null}"#, "accept"),
        (NOBODY_KNOWS, "drop"),
    ] {
        let finding = only(chain(
            &format!("inet mine forward forward {policy}"),
            &[rule],
        ));
        assert_eq!(finding.severity, Severity::CouldNotTell, "{rule}");
        let place = match policy {
            "drop" => "policy drop",
            _ => "the rule with handle 7 of chain forward",
        };
        // Clients choose other ports than 8080 for themselves, so no answer goes there.
        let packets = if rule == DROP_8080 {
            "from"
        } else {
            "from and to"
        };
        assert_eq!(
            finding.what,
            format!(
                "cannot judge whether chain forward of table inet mine drops packets {packets} tgb0: see {place}"
            )
        );
        assert!(
            finding
                .advice
                .starts_with("`nft -a list chain inet mine forward`")
        );
    }
    // Rules of which it is certain that they are not about our packets.
    for rule in [
        r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip6", "field": "daddr"}},
            "right": {"set": [{"prefix": {"addr": "::", "len": 96}}, {"prefix": {"addr": "2002:a00::", "len": 24}}]}}},
            {"reject": {"type": "icmpv6"}}"#.to_owned(),
        format!(r#"{}, {{"drop": null}}"#, meta("iifname", "docker0")),
        r#"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "invalid"}}, {"drop": null}"#.to_owned(),
        r#"{"match": {"op": "==", "left": {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, "right": false}}, {"drop": null}"#.to_owned(),
        format!(r#"{}, {}, {{"drop": null}}"#, meta("iifname", "docker0").replace("==", "!="), meta("oifname", "docker0")),
    ] {
        let found = found(chain("inet mine forward forward accept", &[&rule]));
        assert_eq!(found, [], "{rule}");
    }
}

/// A number that looks like a position is a handle, and the rule's text says more than either.
#[test]
fn a_rule_is_shown_with_its_text_and_the_command_that_lists_it() {
    let listing =
        "table inet mine {\n\tchain forward { # handle 1\n\t\tcounter reject # handle 7\n\t}\n}\n";
    let chains = vec![chain("inet mine forward forward accept", &[REJECT])];
    let [chain] = <[BaseChain; 1]>::try_from(BaseChain::with_texts(chains, listing)).unwrap();
    assert_eq!(
        only(chain).what,
        "chain forward of table inet mine drops packets from and to tgb0 (the rule with handle 7 of chain forward: \
         `counter reject`, shown by `nft -a list chain inet mine forward`)"
    );
}

/// The host itself reaches its endpoints, and they answer.
#[test]
fn what_the_host_sends_and_is_answered_is_let_through_by_the_advice() {
    for (head, advice, rule) in [
        (
            "inet mine output output drop",
            "`nft 'add rule inet mine output oifname \"tgb*\" accept'`",
            accept("oifname", "tgb*"),
        ),
        (
            "inet mine input input drop",
            "`nft 'add rule inet mine input iifname \"tgb*\" ct state established accept'`",
            format!(r#"{}, {}"#, meta("iifname", "tgb*"), ESTABLISHED),
        ),
        (
            "ip filter OUTPUT output drop",
            "`iptables -A OUTPUT -o tgb+ -j ACCEPT`",
            accept("oifname", "tgb*"),
        ),
        (
            "ip6 filter INPUT input drop",
            "`ip6tables -A INPUT -i tgb+ -m conntrack --ctstate ESTABLISHED -j ACCEPT`",
            format!(r#"{}, {}"#, meta("iifname", "tgb*"), ESTABLISHED),
        ),
        (
            "inet firewalld filter_OUTPUT output drop",
            "`firewall-cmd --list-all-policies` shows",
            accept("oifname", "tgb*"),
        ),
    ] {
        let finding = only(chain(head, &[]));
        assert_eq!(finding.severity, Severity::Fault, "{finding:?}");
        assert!(finding.advice.contains(advice), "{finding:?}");
        assert_eq!(found(chain(head, &[&rule])), [], "{head}");
    }
    let mut of_ufw = chain("ip filter OUTPUT output drop", &[]);
    of_ufw.words.insert("ufw-before-forward".into());
    assert_eq!(only(of_ufw).advice, "`ufw allow out on tgb+`");
    for (access, count) in [
        (Access::Open, 1),
        (Access::Internal, 1),
        (Access::Isolated, 0),
    ] {
        let mut state = state_with(&["web"]);
        for network in state.networks.values_mut() {
            network.policy.access = access;
        }
        let found = found_in(&state, chain("inet mine output output drop", &[]));
        assert_eq!(found.len(), count, "{access:?}: {found:?}");
    }
    // What may be dropped is told, and what is dropped only of others is not.
    let other = format!(r#"{}, {{"drop": null}}"#, meta("oifname", "eth0"));
    assert_eq!(
        found(chain("inet mine output output accept", &[&other])),
        []
    );
    let some = only(chain("inet mine output output accept", &[DROP_8080]));
    assert_eq!(some.severity, Severity::CouldNotTell);
    assert!(
        some.what
            .contains("drops packets from the host to tgb0: see "),
        "{some:?}"
    );
}

#[test]
fn the_answers_of_the_dns_server_pass_the_output_hook() {
    let of = |head: &str, rules: &[&str]| {
        let (mut state, mut host) = (state_with(&["web"]), healthy());
        state.resolver = Some(299);
        host.chains = Ok(vec![chain(head, rules)]);
        of_check(&state, &host, "names")
    };
    let sport = DROP_8080.replace("dport", "sport").replace("tcp", "udp");
    let drop = sport.replace("8080", "299");
    for (head, rule, told) in [
        ("inet mine c output accept", &drop, true),
        ("inet mine c output accept", &sport, false),
        ("inet mine c postrouting accept", &drop, true),
        ("inet mine c input accept", &drop, false),
    ] {
        let found = of(head, &[rule]);
        assert_eq!(found.len(), usize::from(told), "{head} {rule}: {found:?}");
        for finding in found {
            assert_eq!(finding.severity, Severity::Fault);
            assert!(
                finding.what.starts_with(
                    "chain c of table inet mine drops the answers to DNS queries, from port 299 to tgb0 (the rule with"
                ),
                "{finding:?}"
            );
            assert!(
                finding.advice.contains(
                    "insert rule inet mine c position 7 oifname \"tgb*\" meta l4proto { tcp, udp } th sport 299 accept"
                ),
                "{finding:?}"
            );
        }
    }
    let by_policy = of("ip filter OUTPUT output drop", &[]);
    assert!(
        by_policy[0].advice.starts_with(
            "`iptables -A OUTPUT -o tgb+ -p udp --sport 299 -j ACCEPT && iptables -A OUTPUT"
        ),
        "{by_policy:?}"
    );
    let unclear = of("inet mine c output drop", &[NOBODY_KNOWS]);
    let [unclear] = &unclear[..] else {
        panic!("{unclear:?}")
    };
    assert!(
        unclear.what.contains(
            "drops packets to tgb0 from port 299, which answer DNS queries: see policy drop"
        ),
        "{unclear:?}"
    );
}

#[test]
fn networks_that_are_not_forwarded_need_no_rule_of_others() {
    let of_access = |access| {
        let mut state = state_with(&["web"]);
        for network in state.networks.values_mut() {
            network.policy.access = access;
        }
        found_in(&state, chain("ip filter FORWARD forward drop", &[])).len()
    };
    assert_eq!(of_access(Access::Open), 1);
    assert_eq!(of_access(Access::Internal), 0);
    assert_eq!(of_access(Access::Isolated), 0);
}

#[test]
fn with_br_netfilter_the_chains_also_see_what_stays_on_a_bridge() {
    let of = |value: &str, icc: bool| {
        let policy = Policy {
            access: Access::Internal,
            icc,
            ..Policy::default()
        };
        let request = CreateNetwork {
            policy,
            ..network("web")
        };
        let mut state = State::default();
        state.apply(&create(&state, &request).unwrap().change);
        let mut host = healthy();
        let path = "net/bridge/bridge-nf-call-iptables";
        host.facts.extend([sysctl(path, value)]);
        host.chains = Ok(vec![chain("ip filter FORWARD forward drop", &[])]);
        of_check(&state, &host, "other-tables")
    };
    let [finding] = &of("1", true)[..] else {
        panic!("it is one finding")
    };
    assert!(finding.what.contains("packets within tgb0 "), "{finding:?}");
    assert_eq!(
        finding.advice,
        "`iptables -A FORWARD -i tgb+ -o tgb+ -j ACCEPT`"
    );
    assert_eq!(of("0", true), []);
    assert_eq!(of("1", false), []);
}

#[test]
fn the_advice_is_a_command_of_the_program_that_owns_the_table() {
    let advice = |head: &str, words: &[&str], rules: &[&str]| {
        let mut chain = chain(head, rules);
        chain.words.extend(words.iter().map(ToString::to_string));
        only(chain).advice
    };
    for (advice, expected) in [
        (
            advice(
                "inet firewalld filter_FORWARD forward accept",
                &[],
                &[REJECT],
            ),
            "`firewall-cmd --permanent --zone=trusted --add-interface=tgb+ && firewall-cmd --reload`",
        ),
        (
            advice(
                "ip filter FORWARD forward drop",
                &["ufw-before-forward"],
                &[],
            ),
            "`ufw route allow in on tgb+ && ufw route allow out on tgb+`",
        ),
        (
            advice(
                "ip6 filter FORWARD forward drop",
                &["ufw6-before-forward"],
                &[],
            ),
            "`ufw route allow in on tgb+ && ufw route allow out on tgb+`",
        ),
        (
            advice("ip filter FORWARD forward drop", &["DOCKER-USER"], &[]),
            "`iptables -A FORWARD -i tgb+ -j ACCEPT && iptables -A FORWARD -o tgb+ -j ACCEPT`; a reboot removes these rules. To \
             need none, start dockerd with --ip-forward-no-drop (Docker 28 or newer), or have tidegated start before \
             docker.service: it then turns forwarding on for its networks first",
        ),
        (
            advice("ip filter FORWARD forward drop", &[], &[]),
            "`iptables -A FORWARD -i tgb+ -j ACCEPT && iptables -A FORWARD -o tgb+ -j ACCEPT`",
        ),
        (
            advice("ip6 filter FORWARD forward accept", &[], &[REJECT]),
            "`ip6tables -I FORWARD -i tgb+ -j ACCEPT && ip6tables -I FORWARD -o tgb+ -j ACCEPT`",
        ),
        (
            advice("ip mangle FORWARD forward accept", &[], &[REJECT]),
            "`nft 'insert rule ip mangle FORWARD position 7 iifname \"tgb*\" accept; \
             insert rule ip mangle FORWARD position 7 oifname \"tgb*\" accept'`, and add the rules where that table is \
             configured",
        ),
    ] {
        assert_eq!(advice, expected);
    }
}

/// The zone covers the bridges that Tidegate names.
#[test]
fn where_the_zone_for_firewalld_is_installed_it_is_the_advice() {
    let mut host = healthy();
    let zone = Fact::File("/usr/lib/firewalld/zones/tidegate.xml");
    host.facts.insert(zone, Ok("<zone/>".into()));
    let forward = "inet firewalld filter_FORWARD forward accept";
    host.chains = Ok(vec![chain(forward, &[REJECT])]);
    let advice = |state: &State| of_check(state, &host, "other-tables")[0].advice.clone();
    let mut state = state_with(&["a"]);
    assert_eq!(advice(&state), "`firewall-cmd --reload`");
    let named = CreateNetwork {
        bridge: Some("br-web".parse().unwrap()),
        ..network("d")
    };
    state.apply(&create(&state, &named).unwrap().change);
    assert_eq!(
        advice(&state),
        "`firewall-cmd --permanent --zone=tidegate --add-interface=br-web && firewall-cmd --reload`"
    );
}

/// nft has no words for matches of x_tables; iptables does.
#[test]
fn rules_of_iptables_nft_are_judged_as_iptables_prints_them() {
    let rules = [NOBODY_KNOWS, r#"{"xt": null}, {"drop": null}"#];
    let output = Fact::Output(&["iptables-nft", "-S"]);
    let judged = |printed: &str| {
        let mut host = healthy();
        host.chains = Ok(vec![chain("ip filter FORWARD forward drop", &rules)]);
        host.facts.insert(output.clone(), Ok(printed.to_owned()));
        of_check(&state_with(&["web"]), &host, "other-tables")
    };
    let printed = "-P FORWARD DROP\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
                   -A FORWARD -m comment --comment \"a b\" -j DROP\n";
    let [finding] = &judged(printed)[..] else {
        panic!("it is one finding")
    };
    assert!(
        finding
            .what
            .ends_with(
                "packets from tgb0 (the rule with handle 8 of chain FORWARD: `-A FORWARD -m comment --comment \"a b\" -j DROP`, \
                 shown by `nft -a list chain ip filter FORWARD`)"
            ),
        "{finding:?}"
    );
    // Something else than what nft lists.
    let [finding] = &judged("-P FORWARD DROP\n")[..] else {
        panic!("it is one finding")
    };
    assert_eq!(finding.severity, Severity::CouldNotTell);
    let mut host = healthy();
    host.chains = Ok(vec![chain("ip filter FORWARD forward drop", &rules)]);
    assert!(tidegate_plan::unknown_facts(&state_with(&["web"]), &host).contains(&output));
    host.chains = Ok(vec![foreign("filter", "forward", &[])]);
    assert!(!tidegate_plan::unknown_facts(&state_with(&["web"]), &host).contains(&output));
}
