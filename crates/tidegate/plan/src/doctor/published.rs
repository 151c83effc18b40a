//! Firewalls of the host that do not see published ports.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{Access, Endpoint, State};
use tidegate_nft::BaseChain;

use super::{Check, NO_FACTS, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "published-ports",
    facts: NO_FACTS,
    findings,
};

/// Packets to published ports are translated before the rules for incoming packets (the input hook) of a firewall
/// would see them. One finding, if a firewall is active and some port has no list.
fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let is_reached = |endpoint: &Endpoint| {
        let network = state.networks.get(&endpoint.network);
        network.is_some_and(|network| network.policy.access == Access::Open)
    };
    let mut endpoints = state.endpoints.values();
    let is_open = endpoints.any(|endpoint| {
        let mut ports = endpoint.ports.iter();
        ports.any(|port| {
            let is_loopback = port.only_at().is_some_and(|ip| ip.is_loopback());
            endpoint.allowed(port).is_none() && !is_loopback && is_reached(endpoint)
        })
    });
    // Another check reports it if the chains of other programs are unknown.
    let chains = symptoms.chains.as_deref().unwrap_or_default();
    let firewall = chains.iter().find_map(firewall);
    let Some(firewall) = firewall.filter(|_| is_open) else {
        return Vec::new();
    };
    let what = format!(
        "{firewall} is active, and its rules for incoming packets do not see published ports: clients that its rules \
         for forwarded packets accept reach every port that has no --allow"
    );
    let advice = "publish them with --allow, or filter them there as docs/firewalls.md shows";
    vec![finding(Severity::Warning, what, advice)]
}

/// The firewall of a chain, if it is ufw or firewalld.
fn firewall(chain: &BaseChain) -> Option<&'static str> {
    let has = |word: &str| chain.words.contains(word);
    if chain.table == "firewalld" {
        return Some("firewalld");
    }
    (has("ufw-user-input") || has("ufw6-user-input")).then_some("ufw")
}
