//! Chains of other programs that drop packets of our bridges.
//!
//! A packet must pass every table. We do not interpret the rules of other tables. We only check whether a chain drops
//! packets that no rule accepts, and whether its table mentions our bridges.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::State;
use tidegate_nft::BaseChain;

use super::{Check, NO_FACTS, Symptoms, finding};
use crate::sets::table;

pub(super) const CHECK: Check = Check {
    name: "other-tables",
    facts: NO_FACTS,
    findings,
};

/// Hooks that packets of endpoints pass.
const HOOKS: &[&str] = &["prerouting", "forward", "postrouting"];

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let chains = match &symptoms.chains {
        Ok(chains) => chains,
        Err(reason) => {
            let what = format!("cannot read the tables of other programs: {reason}");
            let advice = "look for `policy drop` and final drop rules in `nft list ruleset`";
            return vec![finding(Severity::CouldNotTell, what, advice)];
        }
    };
    stopping(state, chains, HOOKS)
        .map(|chain| of_chain(state, chain))
        .collect()
}

/// Chains of other programs at some hooks that drop packets which no rule accepts; none if there is no network.
pub(super) fn stopping<'a>(
    state: &State,
    chains: &'a [BaseChain],
    hooks: &[&str],
) -> impl Iterator<Item = &'a BaseChain> {
    let own = table();
    let is_others = move |chain: &&BaseChain| {
        chain.family != own.family.name() || chain.table != own.name.as_str()
    };
    let stops = |chain: &&BaseChain| {
        matches!(chain.family.as_str(), "ip" | "ip6" | "inet")
            && hooks.contains(&chain.hook.as_str())
            && (chain.drops_by_policy || chain.drops_by_rule)
    };
    let is_any = !state.networks.is_empty();
    chains
        .iter()
        .filter(move |_| is_any)
        .filter(is_others)
        .filter(stops)
}

/// How a chain drops, as text.
pub(super) fn how(chain: &BaseChain) -> &'static str {
    match chain.drops_by_policy {
        true => "has the policy drop",
        false => "drops everything else in its last rule",
    }
}

/// The bridges that its table does not mention.
pub(super) fn unnamed<'a>(state: &'a State, chain: &BaseChain) -> Vec<&'a str> {
    let bridges = state.networks.values();
    let bridges = bridges.map(|network| network.bridge.as_str());
    bridges.filter(|bridge| !names(chain, bridge)).collect()
}

fn of_chain(state: &State, chain: &BaseChain) -> Finding {
    let BaseChain {
        family,
        table,
        name,
        ..
    } = chain;
    let unnamed = unnamed(state, chain);
    let what = format!("chain {name} of table {family} {table} {}", how(chain));
    if unnamed.is_empty() {
        let what = format!("{what}; some rules mention our bridges, but that may not be enough");
        return finding(Severity::CouldNotTell, what, advice(chain, "tg*"));
    }
    let what = format!("{what}, and no rule for {}", unnamed.join(", "));
    finding(Severity::Fault, what, advice(chain, unnamed[0]))
}

/// Whether its table mentions the bridge, or a prefix of its name with `*`.
pub(super) fn names(chain: &BaseChain, bridge: &str) -> bool {
    chain.words.iter().any(|word| match word.strip_suffix('*') {
        Some(start) => !start.is_empty() && bridge.starts_with(start),
        None => word == bridge,
    })
}

/// The iptables program of a family.
pub(super) fn iptables_of(chain: &BaseChain) -> &'static str {
    match chain.family.as_str() {
        "ip6" => "ip6tables",
        _ => "iptables",
    }
}

/// Advice, as a command of the program that owns the table.
fn advice(chain: &BaseChain, bridge: &str) -> String {
    let has = |word: &str| chain.words.contains(word);
    let iptables = iptables_of(chain);
    if chain.table == "firewalld" {
        return format!(
            "`firewall-cmd --permanent --zone=trusted --add-interface={bridge} && firewall-cmd --reload`"
        );
    }
    if has("ufw-before-forward") || has("ufw6-before-forward") {
        return format!("`ufw route allow in on {bridge}` and `ufw route allow out on {bridge}`");
    }
    if has("DOCKER-USER") {
        return format!(
            "`{iptables} -I DOCKER-USER -i {bridge} -j ACCEPT` and `{iptables} -I DOCKER-USER -o {bridge} -j ACCEPT`"
        );
    }
    if chain.table == "filter" && chain.name == "FORWARD" {
        return format!(
            "`{iptables} -I FORWARD -i {bridge} -j ACCEPT` and `{iptables} -I FORWARD -o {bridge} -j ACCEPT`"
        );
    }
    let BaseChain {
        family,
        table,
        name,
        ..
    } = chain;
    format!(
        "`nft insert rule {family} {table} {name} iifname {bridge} accept`, and the same with oifname"
    )
}
