//! Finds what stops DNS queries of endpoints, which go to the host itself.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::State;
use tidegate_nft::BaseChain;

use super::chains::{how, iptables_of, names, stopping, unnamed};
use super::legacy::{self, Legacy};
use super::{Check, Fact, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "names",
    facts: |_, symptoms| facts(symptoms),
    findings,
};

/// The hook that queries pass.
const HOOKS: &[&str] = &["input"];

fn facts(symptoms: &Symptoms) -> Vec<Fact> {
    let sysctl = Fact::Sysctl(UNPRIVILEGED.to_owned());
    [vec![sysctl], legacy::facts(symptoms)].concat()
}

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let Some(port) = state.resolver else {
        return Vec::new();
    };
    let down = symptoms.unanswered.iter().map(|reason| {
        let what = format!("the DNS server for endpoint names does not answer: {reason}");
        let advice = "see the daemon's log; the daemon starts another process by itself";
        finding(Severity::Fault, what, advice)
    });
    // The check of chains that stop packets reports if the chains are unknown.
    let chains = symptoms.chains.as_deref().unwrap_or_default();
    let chains = stopping(state, chains, HOOKS);
    let chains = chains.map(|chain| of_chain(state, chain, port));
    down.chain(chains)
        .chain(open_to_all(symptoms, port))
        .chain(of_legacy(state, &Legacy::of(symptoms), port))
        .collect()
}

/// The first port that is not privileged (ip-sysctl, kernel documentation).
const UNPRIVILEGED: &str = "net/ipv4/ip_unprivileged_port_start";
/// Its default value.
const UNPRIVILEGED_DEFAULT: u16 = 1024;

/// Queries are redirected to the port even while the daemon does not run.
fn open_to_all(symptoms: &Symptoms, port: u16) -> Option<Finding> {
    let value = symptoms.sysctl(UNPRIVILEGED)?;
    let first: u32 = value.parse().ok()?;
    if u32::from(port) < first {
        return None;
    }
    let name = UNPRIVILEGED.replace('/', ".");
    let what = "after a crash of tidegated, any user of the host can take";
    let (what, advice) = match port < UNPRIVILEGED_DEFAULT {
        true => (
            format!("sysctl {name} is {first}: {what} port {port} and answer DNS queries"),
            format!("`sysctl -w {name}={UNPRIVILEGED_DEFAULT}`, or set dns.port below {first}"),
        ),
        false => (
            format!("port {port} is not privileged: {what} it and answer DNS queries"),
            format!("leave dns.port at its default, or set it below {first}"),
        ),
    };
    Some(finding(Severity::Warning, what, advice))
}

fn of_chain(state: &State, chain: &BaseChain, port: u16) -> Finding {
    let BaseChain {
        family,
        table,
        name,
        ..
    } = chain;
    let what = format!("chain {name} of table {family} {table} {}", how(chain));
    let unnamed = unnamed(state, chain);
    // A rule for the port applies to every bridge.
    if unnamed.is_empty() || names(chain, &port.to_string()) {
        let what = format!(
            "{what}; some rules mention our bridges or port {port}, but that may not be enough"
        );
        return finding(Severity::CouldNotTell, what, advice(chain, "tg*", port));
    }
    let what = format!(
        "{what}, and no rule for DNS queries from {} to port {port}",
        unnamed.join(", ")
    );
    finding(Severity::Fault, what, advice(chain, unnamed[0], port))
}

/// Advice, as a command of the program that owns the table.
fn advice(chain: &BaseChain, bridge: &str, port: u16) -> String {
    let has = |word: &str| chain.words.contains(word);
    if chain.table == "firewalld" {
        return format!(
            "`firewall-cmd --permanent --zone=trusted --add-interface={bridge} && firewall-cmd --reload`"
        );
    }
    if has("ufw-before-input") || has("ufw6-before-input") {
        return format!("`ufw allow in on {bridge} to any port {port}`");
    }
    if chain.table == "filter" && chain.name == "INPUT" {
        return of_iptables(iptables_of(chain), bridge, port);
    }
    let BaseChain {
        family,
        table,
        name,
        ..
    } = chain;
    format!(
        "`nft insert rule {family} {table} {name} iifname {bridge} meta l4proto {{ tcp, udp }} th dport {port} accept`"
    )
}

fn of_iptables(program: &str, bridge: &str, port: u16) -> String {
    format!(
        "`{program} -I INPUT -i {bridge} -p udp --dport {port} -j ACCEPT`, and the same with tcp"
    )
}

fn of_legacy(state: &State, legacy: &Legacy, port: u16) -> Vec<Finding> {
    let dropping = legacy
        .dropping("INPUT")
        .filter(|_| !state.networks.is_empty());
    let of_program = |program: &str| {
        let what = format!(
            "chain INPUT of {program} (legacy) has the policy drop, which stops DNS queries to port {port}"
        );
        let advice = of_iptables(&format!("{program}-legacy"), "tg+", port);
        finding(Severity::Fault, what, advice)
    };
    dropping.map(of_program).collect()
}
