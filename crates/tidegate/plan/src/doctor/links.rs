//! Links that are missing or were changed.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::LinkStep;
use tidegate_model::{IfName, State};

use super::{Check, NO_FACTS, Symptoms, finding};
use crate::start;

pub(super) const CHECK: Check = Check {
    name: "links",
    facts: NO_FACTS,
    findings,
};

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let missing = start(state, &symptoms.links).networks;
    let steps = missing
        .iter()
        .flat_map(|(network, steps)| steps.iter().map(move |step| (network, step)));
    // Degraded objects have findings of their own.
    let degraded = &state.degraded;
    let is_known = |ifname: &IfName| {
        let mut endpoints = degraded.endpoints.keys();
        endpoints.any(|name| {
            let endpoint = state.endpoints.get(name);
            endpoint.is_some_and(|endpoint| endpoint.host_ifname == *ifname)
        })
    };
    let broken = steps.filter_map(|(network, step)| match step {
        LinkStep::AddBridge(bridge) | LinkStep::MendBridge(bridge)
            if !degraded.networks.contains_key(network) =>
        {
            Some(format!("bridge {}", bridge.ifname))
        }
        LinkStep::AddVeth(veth) if !is_known(&veth.ifname) => {
            Some(format!("interface {}", veth.ifname))
        }
        _ => None,
    });
    broken
        .map(|link| {
            let what = format!("{link} is missing, down, or was changed");
            finding(
                Severity::Fault,
                what,
                "restart tidegated: it creates again what does not match",
            )
        })
        .collect()
}
