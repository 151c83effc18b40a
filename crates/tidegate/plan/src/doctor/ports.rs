//! Checks the filters that protect the host while the table is missing.

use std::collections::BTreeSet;

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::{GROUP, Link};
use tidegate_model::{Access, IfName, State};

use super::{Check, NO_FACTS, Symptoms, finding};
use crate::steps;

pub(super) const CHECK: Check = Check {
    name: "ports",
    facts: NO_FACTS,
    findings,
};

/// The most interfaces that a finding names.
const NAMED: usize = 8;

/// Bridge ports without the loopback filter, and ports that are not ours.
fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &symptoms.unguarded {
        Err(reason) => findings.push(finding(
            Severity::CouldNotTell,
            format!("cannot tell whether filters of bridge ports protect the host's 127.0.0.0/8: {reason}"),
            "see `tc qdisc show` and `tc filter show`",
        )),
        Ok(unguarded) => {
            findings.extend(unguarded_found(state, unguarded));
            findings.extend(unsealed_found(state, unguarded));
        }
    }
    let bridges = || state.networks.values().map(|network| &network.bridge);
    let is_foreign = |link: &&Link| {
        link.group != GROUP && bridges().any(|bridge| link.master.as_ref() == Some(bridge))
    };
    findings.extend(symptoms.links.iter().filter(is_foreign).map(|link| {
        let what = format!(
            "interface {} is a port of {}, but not one of ours: only the table protects the host's 127.0.0.0/8 from \
             packets that come in there",
            link.ifname,
            link.master.as_ref().map_or_else(String::new, ToString::to_string)
        );
        let advice = format!(
            "nothing, if you put it there; otherwise take it off the bridge: `ip link set {} nomaster`",
            link.ifname
        );
        finding(Severity::Warning, what, advice)
    }));
    findings
}

/// The first interfaces by name, and the number of the others.
pub(super) fn named(ifnames: &[&IfName]) -> String {
    let first = ifnames.iter().take(NAMED).map(ToString::to_string);
    let first = first.collect::<Vec<_>>().join(", ");
    match ifnames.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Bridges of isolated networks without a seal: only the table protects the host from their endpoints.
fn unsealed_found(state: &State, unguarded: &BTreeSet<IfName>) -> Option<Finding> {
    let isolated = state
        .networks
        .values()
        .filter(|network| network.policy.access == Access::Isolated)
        .map(|network| &network.bridge);
    let open: Vec<&IfName> = isolated.filter(|it| unguarded.contains(it)).collect();
    let what = format!(
        "the filter that protects the host from endpoints of isolated networks is missing at {}: the host answers \
         their ARP requests, and ICMP errors about their packets get out",
        named(&open)
    );
    let advice = "restart tidegated to restore it; if that does not help, the kernel lacks sch_ingress or cls_bpf \
                  (NET_SCH_INGRESS, NET_CLS_BPF)";
    (!open.is_empty()).then(|| finding(Severity::Fault, what, advice))
}

fn unguarded_found(state: &State, unguarded: &BTreeSet<IfName>) -> Option<Finding> {
    let bridges: BTreeSet<&IfName> = state.networks.values().map(|it| &it.bridge).collect();
    let is_port = |ifname: &&IfName| !bridges.contains(ifname);
    let ports: Vec<&IfName> = unguarded.iter().filter(is_port).collect();
    let what = format!(
        "the filter that protects the host's 127.0.0.0/8 while the table is missing, and enforces --anti-spoofing, is \
         missing at {}",
        named(&ports)
    );
    let advice = "restart tidegated to restore it; if that does not help, the kernel lacks sch_ingress or cls_bpf \
                  (NET_SCH_INGRESS, NET_CLS_BPF), and ports published on 127.0.0.1 do not work without them";
    (!ports.is_empty()).then(|| finding(Severity::Fault, what, advice))
}

/// Whether the sysctl is the `route_localnet` of a bridge whose ports have no filter: then it must be off.
pub(super) fn is_closed(path: &str, symptoms: &Symptoms) -> bool {
    let Ok(unguarded) = &symptoms.unguarded else {
        return false;
    };
    let ports = symptoms
        .links
        .iter()
        .filter(|link| unguarded.contains(&link.ifname));
    let mut bridges = ports.filter_map(|port| port.master.as_ref());
    bridges.any(|bridge| steps::route_localnet(bridge).path == path)
}
