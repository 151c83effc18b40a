//! The rules of iptables-legacy (x_tables), which nft does not show.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::State;

use super::{Check, Symptoms, chains, finding};
use crate::others;

pub(super) const CHECK: Check = Check {
    name: "iptables-legacy",
    facts: |_, symptoms| chains::facts(symptoms),
    findings,
};

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    if state.networks.is_empty() {
        return Vec::new();
    }
    match others::legacy(&symptoms.facts) {
        Ok(legacy) => chains::of_chains(state, symptoms, &legacy),
        Err(reason) => {
            let what = format!("cannot read the filter table of iptables-legacy: {reason}");
            let advice = "look for DROP in the output of `iptables-legacy -S`, as root";
            vec![finding(Severity::CouldNotTell, what, advice)]
        }
    }
}
