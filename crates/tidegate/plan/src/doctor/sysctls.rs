//! Sysctls that the networks need.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::{LinkStep, Sysctl};
use tidegate_model::{Forwarding, Network, State};

use super::{Check, Fact, Symptoms, finding, ports};
use crate::steps;

pub(super) const CHECK: Check = Check {
    name: "sysctls",
    facts,
    findings,
};

fn facts(state: &State, _: &Symptoms) -> Vec<Fact> {
    let paths = wanted(state).into_iter().map(|sysctl| sysctl.path);
    let of_bridges = state.networks.values().map(of_bridge);
    paths
        .chain([steps::FORWARDING4.to_owned()])
        .chain(of_bridges)
        .map(Fact::Sysctl)
        .collect()
}

/// The sysctl that lets packets from a bridge be forwarded.
fn of_bridge(network: &Network) -> String {
    format!("net/ipv4/conf/{}/forwarding", network.bridge)
}

/// The sysctls that the networks need.
fn wanted(state: &State) -> Vec<Sysctl> {
    let mut wanted = Vec::new();
    for network in state.networks.values() {
        let forwarding = steps::needed_forwarding(network).into_iter();
        let is_ours = state.forwarding == Forwarding::Set;
        for step in forwarding.filter(|_| is_ours) {
            if let LinkStep::SetSysctl(sysctl) = step
                && !wanted.contains(&sysctl)
            {
                wanted.push(sysctl);
            }
        }
        // If a bridge could not be created, an interface of that name is not ours.
        if has_bridge(state, network) {
            wanted.extend(steps::bridge(network).sysctls);
        }
    }
    wanted
}

/// Whether a network's bridge could be created.
pub(super) fn has_bridge(state: &State, network: &Network) -> bool {
    let fault = state.degraded.networks.get(&network.name);
    fault.is_none_or(|fault| !fault.down)
}

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let value = |path: &str| symptoms.sysctl(path);
    let mut findings = Vec::new();
    for Sysctl {
        path,
        value: wanted,
    } in wanted(state)
    {
        if value(&path).is_some_and(|found| found != wanted) && !ports::is_closed(&path, symptoms) {
            let name = Sysctl::name_of(&path);
            let what = format!(
                "sysctl {name} is {}, and must be {wanted}",
                value(&path).unwrap_or_default()
            );
            let advice =
                format!("`sysctl -w {name}={wanted}`, and look in /etc/sysctl.d for who sets it");
            findings.push(finding(Severity::Fault, what, advice));
        }
    }
    // Setting the sysctl `all` sets each of them; each can be set separately afterwards.
    let made = |network: &&Network| has_bridge(state, network);
    for network in state.networks.values().filter(made) {
        let path = of_bridge(network);
        let is_on = value(steps::FORWARDING4) == Some("1");
        if is_on && value(&path) == Some("0") {
            let name = Sysctl::name_of(&path);
            let what = format!(
                "sysctl {name} is 0: nothing from network {} is forwarded",
                network.name
            );
            findings.push(finding(
                Severity::Fault,
                what,
                format!("`sysctl -w {name}=1`"),
            ));
        }
    }
    findings
}
