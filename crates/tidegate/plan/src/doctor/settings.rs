//! Settings that name something that the host lacks, and ports that only the host reaches.

use tidegate_api::Warning;
use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{Needs, State};

use super::{Check, NO_FACTS, Symptoms, finding};
use crate::warnings::{
    needs_of_endpoint, needs_of_network, warnings_of_endpoint, warnings_of_network,
};

pub(super) const CHECK: Check = Check {
    name: "settings",
    facts: NO_FACTS,
    findings,
};

/// What all networks and endpoints name of the host.
pub fn needs(state: &State) -> Needs {
    let networks = state.networks.values().map(needs_of_network);
    let endpoints = state.endpoints.values().map(needs_of_endpoint);
    let mut all = Needs::default();
    for needs in networks.chain(endpoints) {
        all.addresses.extend(needs.addresses);
        all.interfaces.extend(needs.interfaces);
    }
    all
}

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let unknown = symptoms.lacking.as_ref().err().map(|reason| {
        let what = format!("cannot tell whether the host has the addresses and interfaces that settings name: {reason}");
        finding(Severity::CouldNotTell, what, "see `ip addr`")
    });
    let none = Needs::default();
    let lacking = symptoms.lacking.as_ref().unwrap_or(&none);
    let networks = state.networks.values();
    let of_networks = networks.flat_map(|network| warnings_of_network(network, lacking));
    let endpoints = state.endpoints.values().filter_map(|endpoint| {
        let network = state.networks.get(&endpoint.network)?;
        Some(warnings_of_endpoint(network, endpoint, lacking))
    });
    let warnings = of_networks.chain(endpoints.flatten());
    let warnings = warnings.map(|Warning { what, hint }| finding(Severity::Warning, what, hint));
    unknown.into_iter().chain(warnings).collect()
}
