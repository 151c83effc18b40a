//! Whether a start would find the confirmed state.

use tidegate_api::doctor::{Finding, Severity};

use super::{Check, NO_FACTS, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "state",
    facts: NO_FACTS,
    findings: |_, symptoms| findings(symptoms),
};

fn findings(symptoms: &Symptoms) -> Vec<Finding> {
    let path = symptoms.unstored.iter();
    let of_path = |path: &String| {
        let what = format!(
            "the state file {path} was removed, replaced or emptied, and cannot be written again: the next start \
             would not find the networks"
        );
        let advice = "make its directory writable, or free space on its disk: the daemon then writes the file again";
        finding(Severity::Fault, what, advice)
    };
    path.map(of_path).collect()
}
