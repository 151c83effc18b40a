//! IP forwarding: it is off although networks need it, or it forwards more than our networks need.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::{LinkStep, Sysctl};
use tidegate_model::{Forwarding, State};

use super::uplinks::uplinks;
use super::{Check, Fact, Symptoms, chains, finding};
use crate::others;
use crate::steps::{self, FORWARDING4, FORWARDING6};

pub(super) const CHECK: Check = Check {
    name: "forwarding",
    facts: |_, symptoms| facts(symptoms),
    findings,
};

/// A family with its forwarding sysctl and its tables.
struct ForwardedFamily {
    name: &'static str,
    sysctl: &'static str,
    /// The family of tables that see its packets, besides `inet`.
    tables: &'static str,
    is_ipv4: bool,
}

const FAMILIES: [ForwardedFamily; 2] = [
    ForwardedFamily {
        name: "IPv4",
        sysctl: FORWARDING4,
        tables: "ip",
        is_ipv4: true,
    },
    ForwardedFamily {
        name: "IPv6",
        sysctl: FORWARDING6,
        tables: "ip6",
        is_ipv4: false,
    },
];

fn facts(symptoms: &Symptoms) -> Vec<Fact> {
    let sysctls = FAMILIES
        .iter()
        .map(|family| Fact::Sysctl(family.sysctl.to_owned()));
    sysctls.chain(chains::facts(symptoms)).collect()
}

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let needed = FAMILIES.iter().filter(|family| is_needed(state, family));
    needed
        .filter_map(
            |family| match (state.forwarding, symptoms.sysctl(family.sysctl)) {
                (Forwarding::Leave, Some("0")) => Some(off(family)),
                (_, Some("0") | None) => None,
                (_, Some(_)) => router(family, symptoms),
            },
        )
        .collect()
}

fn is_needed(state: &State, family: &ForwardedFamily) -> bool {
    let mut steps = state.networks.values().flat_map(steps::needed_forwarding);
    steps.any(|step| matches!(step, LinkStep::SetSysctl(sysctl) if sysctl.path == family.sysctl))
}

/// The daemon leaves forwarding alone, and it is off.
fn off(family: &ForwardedFamily) -> Finding {
    let name = Sysctl::name_of(family.sysctl);
    let what = format!(
        "sysctl {name} is 0, and the daemon does not change it (forwarding = \"leave\"): over {}, endpoints reach \
         only their own network and the host, and only the host reaches published ports",
        family.name
    );
    let advice = format!("`sysctl -w {name}=1`, or set `forwarding` to \"set\" in tidegated.toml");
    finding(Severity::Warning, what, advice)
}

/// Forwarding applies to the whole host, also between its own interfaces, if nothing drops that.
fn router(family: &ForwardedFamily, symptoms: &Symptoms) -> Option<Finding> {
    let mut uplinks: Vec<&str> = uplinks(&symptoms.links, family.is_ipv4)
        .map(|link| link.ifname.as_str())
        .collect();
    uplinks.sort_unstable();
    if uplinks.len() < 2 || is_closed(family, symptoms, &uplinks) {
        return None;
    }
    let what = format!(
        "the host also forwards {} between its own interfaces {}, and no chain drops that: machines on one side can use the host as a router to the other",
        family.name,
        uplinks.join(", ")
    );
    let quoted: Vec<String> = uplinks.iter().map(|name| format!("\"{name}\"")).collect();
    let set = quoted.join(", ");
    let advice = format!(
        "`nft 'add table inet uplinks; add chain inet uplinks forward {{ type filter hook forward priority 0; }}; \
         add rule inet uplinks forward iifname {{ {set} }} oifname {{ {set} }} drop'`, or change nothing if the host is a router"
    );
    Some(finding(Severity::Warning, what, advice))
}

/// Whether some chain drops forwarded packets, or mentions two of these interfaces, which may be enough.
fn is_closed(family: &ForwardedFamily, symptoms: &Symptoms, uplinks: &[&str]) -> bool {
    // Another check reports it if the chains of other programs are unknown.
    let Ok(chains) = &symptoms.chains else {
        return true;
    };
    let closes = |chain: &tidegate_nft::BaseChain| {
        let named = uplinks.iter().filter(|name| chains::names(chain, name));
        chain.drops_by_policy || chain.drops_by_rule() || named.count() > 1
    };
    let mut of_others = chains.iter().filter(|chain| {
        let is_of_family = chain.family == "inet" || chain.family == family.tables;
        is_of_family && chain.hook == "forward"
    });
    let legacy = others::legacy(&symptoms.facts).unwrap_or_default();
    let mut dropping = legacy.iter().filter(|chain| chain.hook == "forward");
    of_others.any(closes)
        || dropping.any(|chain| chain.family == family.tables && chain.drops_by_policy)
}
