//! Findings about chains of other programs.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_nft::BaseChain;

use super::{foreign, healthy, of_check};
use crate::values::state_with;

/// The findings about a chain that drops by its policy, after a change.
fn found(change: impl FnOnce(&mut BaseChain)) -> Vec<Finding> {
    let mut chain = foreign("mine", "forward", &[]);
    chain.drops_by_policy = true;
    change(&mut chain);
    let mut host = healthy();
    host.chains = Ok(vec![chain]);
    of_check(&state_with(&["web"]), &host, "other-tables")
}

fn only(change: impl FnOnce(&mut BaseChain)) -> Finding {
    let [finding] = <[Finding; 1]>::try_from(found(change)).unwrap();
    finding
}

#[test]
fn a_chain_that_drops_what_no_rule_accepts_is_a_fault() {
    let by_policy = only(|_| ());
    assert_eq!(by_policy.severity, Severity::Fault);
    assert_eq!(
        by_policy.what,
        "chain forward of table inet mine has the policy drop, and no rule for tgb0"
    );
    let by_rule = |chain: &mut BaseChain| {
        (chain.drops_by_policy, chain.drops_by_rule) = (false, true);
    };
    let by_rule = only(by_rule);
    assert!(
        by_rule
            .what
            .contains("drops everything else in its last rule"),
        "{by_rule:?}"
    );
    assert_eq!(found(|chain| chain.drops_by_policy = false), []);
}

#[test]
fn packets_of_endpoints_pass_three_hooks_in_each_family_of_ip() {
    for (hook, count) in [
        ("prerouting", 1),
        ("forward", 1),
        ("postrouting", 1),
        ("output", 0),
    ] {
        assert_eq!(
            found(|chain| chain.hook = hook.into()).len(),
            count,
            "{hook}"
        );
    }
    for (family, count) in [("ip", 1), ("ip6", 1), ("inet", 1), ("bridge", 0)] {
        let of_family = found(|chain| chain.family = family.into());
        assert_eq!(of_family.len(), count, "{family}");
    }
}

#[test]
fn only_the_table_with_our_name_in_our_family_is_ours() {
    for (family, table, count) in [
        ("inet", "tidegate", 0),
        ("ip", "tidegate", 1),
        ("inet", "tide", 1),
    ] {
        let of_table = found(|chain| (chain.family, chain.table) = (family.into(), table.into()));
        assert_eq!(of_table.len(), count, "{family} {table}");
    }
}

#[test]
fn a_table_that_mentions_every_bridge_may_let_them_pass() {
    for (word, severity) in [
        ("tgb0", Severity::CouldNotTell),
        ("tgb*", Severity::CouldNotTell),
        ("tgb", Severity::Fault),
        ("tgb00", Severity::Fault),
        ("tgx*", Severity::Fault),
        ("*", Severity::Fault),
    ] {
        let finding = only(|chain| chain.words = [word.to_owned()].into());
        assert_eq!(finding.severity, severity, "{word}");
        let is_unclear = finding.what.contains("some rules mention our bridges");
        assert_eq!(
            is_unclear,
            severity == Severity::CouldNotTell,
            "{finding:?}"
        );
    }
    let mut host = healthy();
    let mut chain = foreign("mine", "forward", &["tgb1"]);
    chain.drops_by_policy = true;
    host.chains = Ok(vec![chain]);
    let of_three = of_check(&state_with(&["a", "b", "c"]), &host, "other-tables");
    assert!(
        of_three[0].what.ends_with("and no rule for tgb0, tgb2"),
        "{of_three:?}"
    );
}

#[test]
fn the_advice_is_a_command_of_the_program_that_owns_the_table() {
    let advice = |family: &str, table: &str, name: &str, words: &[&str]| {
        let finding = only(|chain| {
            (chain.family, chain.table, chain.name) = (family.into(), table.into(), name.into());
            chain.words = words.iter().map(ToString::to_string).collect();
        });
        finding.advice
    };
    for (advice, start) in [
        (
            advice("inet", "firewalld", "filter_FORWARD", &[]),
            "`firewall-cmd --permanent --zone=trusted --add-interface=tgb0",
        ),
        (
            advice("ip", "filter", "FORWARD", &["ufw-before-forward"]),
            "`ufw route allow in on tgb0`",
        ),
        (
            advice("ip6", "filter", "FORWARD", &["ufw6-before-forward"]),
            "`ufw route allow in on tgb0`",
        ),
        (
            advice("ip", "filter", "FORWARD", &["DOCKER-USER"]),
            "`iptables -I DOCKER-USER -i tgb0 -j ACCEPT`",
        ),
        (
            advice("ip6", "filter", "FORWARD", &["DOCKER-USER"]),
            "`ip6tables -I DOCKER-USER -i tgb0 -j ACCEPT`",
        ),
        (
            advice("ip6", "filter", "FORWARD", &[]),
            "`ip6tables -I FORWARD -i tgb0 -j ACCEPT`",
        ),
        (
            advice("ip", "filter", "forward", &[]),
            "`nft insert rule ip filter forward iifname tgb0 accept`",
        ),
        (
            advice("ip", "mangle", "FORWARD", &[]),
            "`nft insert rule ip mangle FORWARD iifname tgb0 accept`",
        ),
    ] {
        assert!(advice.starts_with(start), "{advice}");
    }
}
