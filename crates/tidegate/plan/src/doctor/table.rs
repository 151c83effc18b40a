//! The table: whether it is as planned, and whether the kernel accepts it.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_nft::Kind;

use super::{Check, NO_FACTS, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "table",
    facts: NO_FACTS,
    findings: |_, symptoms| findings(symptoms),
};

fn findings(symptoms: &Symptoms) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &symptoms.table {
        Ok(differences) if differences.is_empty() => {}
        Ok(differences) => {
            let what = format!(
                "the table differs from what it should be: {}",
                differences.join("; ")
            );
            let advice = "the daemon's log names the program that changes it; a restart of tidegated restores the table";
            findings.push(finding(Severity::Fault, what, advice));
        }
        Err(reason) => {
            let what = format!("cannot compare the table with what it should be: {reason}");
            findings.push(finding(
                Severity::CouldNotTell,
                what,
                "see `tidegate ruleset --live`",
            ));
        }
    }
    if let Some(fight) = &symptoms.fight {
        let what = format!(
            "another program changed the table again and again within the last minute; each time, networks could \
             reach each other until it was restored: {fight}"
        );
        let advice = "have that program leave table inet tidegate alone: if it flushes the whole ruleset, have it delete only \
                      its own tables; if it changes elements or rules of table inet tidegate, stop that";
        findings.push(finding(Severity::Fault, what, advice));
    }
    if let Some((kind, reason)) = &symptoms.refusal {
        let what = format!("a dry run of the table failed: {reason}");
        let advice = match kind {
            Kind::Unsupported | Kind::NotFound => {
                "the kernel lacks a feature: load or build nf_tables with NAT, fib and conntrack \
                 (nft_chain_nat, nft_masq, nft_fib_inet, nft_ct), or use a newer kernel"
            }
            Kind::DriverGone => {
                "nft crashes: install nftables 1.1.2 or newer, or delete the sets that a newer nft created in this network \
                 namespace, with that nft"
            }
            Kind::Permission => "give tidegated CAP_NET_ADMIN",
            _ => "see the message",
        };
        findings.push(finding(Severity::Fault, what, advice));
    }
    findings
}
