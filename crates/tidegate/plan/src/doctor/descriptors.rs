//! Free file descriptors of the daemon.

use tidegate_api::doctor::{Finding, Severity};

use super::{Check, NO_FACTS, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "descriptors",
    facts: NO_FACTS,
    findings: |_, symptoms| findings(symptoms),
};

/// With fewer free descriptors than this, the daemon cannot serve a hundred clients.
const FEW_DESCRIPTORS: u64 = 512;

fn findings(symptoms: &Symptoms) -> Vec<Finding> {
    let (open, limit, kept) = symptoms.descriptors;
    let left = limit.saturating_sub(open);
    let is_short = left < FEW_DESCRIPTORS || left < limit / 10;
    let none_left = match left <= kept {
        true => format!(", and reserves the last {kept}: it holds no more published ports"),
        false => String::new(),
    };
    let what = format!("tidegated has {open} of at most {limit} file descriptors open{none_left}");
    let advice = "raise LimitNOFILE= of tidegated.service (systemd.exec(5)), or `ulimit -n`";
    is_short
        .then(|| finding(Severity::Warning, what, advice))
        .into_iter()
        .collect()
}
