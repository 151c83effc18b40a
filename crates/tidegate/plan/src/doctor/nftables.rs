//! The release of nftables.

use tidegate_api::doctor::{Finding, Severity};

use super::{Check, NO_FACTS, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "nftables",
    facts: NO_FACTS,
    findings: |_, symptoms| findings(symptoms),
};

/// The oldest nftables that accepts the ruleset: `dnat` to an address and a port from one map.
const OLDEST: (u32, u32, u32) = (0, 9, 4);

fn findings(symptoms: &Symptoms) -> Vec<Finding> {
    const ADVICE: &str = "install nftables 1.1.2 or newer, if the distribution has it";
    let Some(version) = &symptoms.nft_version else {
        let what = "the release of nftables is unknown".to_owned();
        return vec![finding(Severity::CouldNotTell, what, "see `nft --version`")];
    };
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let is_old = (next(), next(), next()) < OLDEST;
    let old = is_old.then(|| {
        let (major, minor, patch) = OLDEST;
        let what = format!("nftables {version} is too old: {major}.{minor}.{patch} is needed");
        finding(Severity::Fault, what, ADVICE)
    });
    let fault = symptoms.nft_fault.as_ref();
    let fault = fault.map(|fault| finding(Severity::Warning, format!("nftables {fault}"), ADVICE));
    old.into_iter().chain(fault).collect()
}
