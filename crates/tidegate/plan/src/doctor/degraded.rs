//! Networks and endpoints that could not be created.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{Fault, State};

use super::{Check, NO_FACTS, finding};

pub(super) const CHECK: Check = Check {
    name: "degraded",
    facts: NO_FACTS,
    findings: |state, _| findings(state),
};

/// Degraded networks and endpoints: those that are down do not work, the others work in part.
fn findings(state: &State) -> Vec<Finding> {
    let networks = state.degraded.networks.iter();
    let networks = networks.map(|(name, fault)| (format!("network {name}"), fault));
    let endpoints = state.degraded.endpoints.iter();
    let endpoints = endpoints.map(|(name, fault)| (format!("endpoint {name}"), fault));
    let of_fault = |(what, fault): (String, &Fault)| {
        let (severity, is) = match fault.down {
            true => (Severity::Fault, "is not on the host"),
            false => (Severity::Warning, "works in part"),
        };
        let hint = fault.hint.as_deref().unwrap_or("mend that");
        let advice = format!("{hint}: the daemon then tries again");
        finding(severity, format!("{what} {is}: {}", fault.reason), advice)
    };
    networks.chain(endpoints).map(of_fault).collect()
}
