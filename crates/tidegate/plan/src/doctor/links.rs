//! Links that are missing or were changed.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{IfName, State};

use super::{Check, NO_FACTS, Symptoms, finding};
use crate::mend::{Difference, mend};

pub(super) const CHECK: Check = Check {
    name: "links",
    facts: NO_FACTS,
    findings,
};

/// How programs that configure the host's interfaces leave ours alone.
pub(super) const UNMANAGED: &str = "`unmanaged-devices=interface-name:tg*` in the section [keyfile] of NetworkManager.conf, \
                                    or `Unmanaged=yes` in a .network file of systemd-networkd that matches tg*";

/// Degraded objects have findings of their own.
fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let found = mend(state, &symptoms.links);
    let missing = found.missing.iter();
    let missing = missing.map(|ifname| format!("{} is missing", named(state, ifname)));
    let changed = found.changed.iter().map(|mending| {
        let faults: Vec<String> = mending.differences.iter().map(Difference::fault).collect();
        format!("{} {}", named(state, &mending.ifname), faults.join(", "))
    });
    let advice = "tidegated puts that right by itself within seconds; if it stays, \
                  `journalctl -u tidegated` says why";
    let broken = missing
        .chain(changed)
        .map(|what| finding(Severity::Fault, what, advice));
    let fought = symptoms.links_fought.iter().map(|fight| {
        let what =
            format!("another program changes interfaces of Tidegate again and again: {fight}");
        let advice = format!(
            "exclude Tidegate's interfaces from the program that configures the host's: {UNMANAGED}"
        );
        finding(Severity::Warning, what, advice)
    });
    broken.chain(fought).collect()
}

fn named(state: &State, ifname: &IfName) -> String {
    let mut networks = state.networks.values();
    match networks.any(|network| network.bridge == *ifname) {
        true => format!("bridge {ifname}"),
        false => format!("interface {ifname}"),
    }
}
