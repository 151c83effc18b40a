//! The way of the DNS server's answers to isolated networks.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::State;

use super::{Check, NO_FACTS, Symptoms, finding};
use crate::answers::{mend_answers, needs_answers};

pub(super) const CHECK: Check = Check {
    name: "routing-rules",
    facts: NO_FACTS,
    findings,
};

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let routing = match &symptoms.answers {
        Ok(routing) => routing,
        Err(reason) if needs_answers(state) => {
            let what = format!(
                "it is not known if the DNS server's answers find isolated networks: {reason}"
            );
            let advice = "see `ip rule` and `ip -6 rule`";
            return vec![finding(Severity::CouldNotTell, what, advice)];
        }
        Err(_) => return Vec::new(),
    };
    let advice = "tidegated adds it again by itself; if it goes again and again, have the program that configures the \
                  host's routing leave it alone: for systemd-networkd, `ManageForeignRoutingPolicyRules=no` and \
                  `ManageForeignRoutes=no` in networkd.conf";
    let lacking = mend_answers(state, routing).into_iter().map(|lacking| {
        let what = format!(
            "{} is missing: endpoints of network {} get no answers from the DNS server",
            lacking.missing.join(", "),
            lacking.network
        );
        finding(Severity::Fault, what, advice)
    });
    lacking.collect()
}
