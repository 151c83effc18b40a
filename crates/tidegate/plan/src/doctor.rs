//! Finds what stops packets or changes, from the state and symptoms of the host.

mod addresses;
mod answers;
mod bridge_netfilter;
mod chains;
mod degraded;
mod descriptors;
mod engines;
mod forwarding;
mod legacy;
mod links;
mod names;
mod nftables;
mod owner;
mod ports;
mod probes;
mod published;
mod publishing;
mod reverse_path;
mod routers;
mod routes;
mod settings;
mod state_file;
mod symptoms;
mod sysctls;
mod table;
mod uplinks;

use std::collections::BTreeSet;

use tidegate_api::doctor::{Checked, Diagnosis, Finding, Severity};
use tidegate_model::State;

pub use settings::needs;
pub use symptoms::Symptoms;

use crate::fact::Fact;

/// All checks, in the order in which they are shown. A new one is a module and a line here.
const CHECKS: &[Check] = &[
    sysctls::CHECK,
    forwarding::CHECK,
    links::CHECK,
    addresses::CHECK,
    ports::CHECK,
    degraded::CHECK,
    state_file::CHECK,
    table::CHECK,
    chains::CHECK,
    published::CHECK,
    settings::CHECK,
    legacy::CHECK,
    names::CHECK,
    routes::CHECK,
    answers::CHECK,
    routers::CHECK,
    bridge_netfilter::CHECK,
    reverse_path::CHECK,
    nftables::CHECK,
    descriptors::CHECK,
    engines::CHECK,
];

/// One check.
struct Check {
    name: &'static str,
    /// The facts that it reads. It can name more once it has some of them.
    facts: fn(&State, &Symptoms) -> Vec<Fact>,
    findings: fn(&State, &Symptoms) -> Vec<Finding>,
}

/// Of a check that reads only the symptoms which are always there.
const NO_FACTS: fn(&State, &Symptoms) -> Vec<Fact> = |_, _| Vec::new();

/// The facts that the checks need and do not have. With new facts they may need more, so ask until there are none.
pub fn unknown_facts(state: &State, symptoms: &Symptoms) -> BTreeSet<Fact> {
    let facts = CHECKS
        .iter()
        .flat_map(|check| (check.facts)(state, symptoms));
    facts
        .filter(|fact| !symptoms.facts.contains_key(fact))
        .collect()
}

/// Runs all checks.
pub fn diagnose(state: &State, symptoms: &Symptoms) -> Diagnosis {
    let checks = CHECKS.iter().map(|check| Checked {
        check: check.name.to_owned(),
        findings: (check.findings)(state, symptoms),
    });
    Diagnosis {
        checks: checks.collect(),
    }
}

fn finding(severity: Severity, what: String, advice: impl Into<String>) -> Finding {
    Finding {
        severity,
        what,
        advice: advice.into(),
    }
}
