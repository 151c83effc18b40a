//! Finds what stops DNS queries of endpoints, which go to the host itself.

use std::collections::BTreeSet;

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::Sysctl;
use tidegate_model::{IfName, State};
use tidegate_nft::BaseChain;

use super::chains::{self, unclear as unclear_of};
use super::owner::Opening;
use super::ports::named;
use super::probes::{Direction, Found, Probe};
use super::{Check, Fact, Symptoms, finding};
use crate::others::{self, Place, shown, with_command};

pub(super) const CHECK: Check = Check {
    name: "names",
    facts: |_, symptoms| facts(symptoms),
    findings,
};

fn facts(symptoms: &Symptoms) -> Vec<Fact> {
    let sysctl = Fact::Sysctl(UNPRIVILEGED.to_owned());
    [vec![sysctl], chains::facts(symptoms)].concat()
}

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let Some(port) = state.resolver else {
        return Vec::new();
    };
    let down = symptoms.unanswered.iter().map(|reason| {
        let what = format!("the DNS server for endpoint names does not answer: {reason}");
        let advice = "see the daemon's log; the daemon starts another process by itself";
        finding(Severity::Fault, what, advice)
    });
    let networks = state.networks.values();
    let probes: Vec<Probe<'_>> = networks
        .flat_map(|network| Probe::queries(state, network, symptoms, port))
        .collect();
    // Other checks report chains that cannot be read.
    let legacy = others::legacy(&symptoms.facts).unwrap_or_default();
    let chains = symptoms.completed().unwrap_or_default();
    let stopping = chains.iter().chain(&legacy).flat_map(|chain| {
        let found = Found::of(chain, &probes);
        of_chain(symptoms, chain, &found, port)
    });
    down.chain(stopping)
        .chain(open_to_all(symptoms, port))
        .collect()
}

/// The first port that is not privileged (ip-sysctl, kernel documentation).
const UNPRIVILEGED: &str = "net/ipv4/ip_unprivileged_port_start";
/// Its default value.
const UNPRIVILEGED_DEFAULT: u16 = 1024;

/// Queries are redirected to the port even while the daemon does not run.
fn open_to_all(symptoms: &Symptoms, port: u16) -> Option<Finding> {
    let value = symptoms.sysctl(UNPRIVILEGED)?;
    let first: u32 = value.parse().ok()?;
    if u32::from(port) < first {
        return None;
    }
    let name = Sysctl::name_of(UNPRIVILEGED);
    let what = "after a crash of tidegated, any user of the host can take";
    let (what, advice) = match port < UNPRIVILEGED_DEFAULT {
        true => (
            format!("sysctl {name} is {first}: {what} port {port} and answer DNS queries"),
            match first {
                0 | 1 => {
                    format!("`sysctl -w {name}={UNPRIVILEGED_DEFAULT}`, if no program needs it")
                }
                _ => format!(
                    "set dns.port below {first} in tidegated.toml; or, if no program needs it, \
                     `sysctl -w {name}={UNPRIVILEGED_DEFAULT}`"
                ),
            },
        ),
        false => (
            format!("port {port} is not privileged: {what} it and answer DNS queries"),
            format!("leave dns.port at its default, or set it below {first}"),
        ),
    };
    Some(finding(Severity::Warning, what, advice))
}

fn of_chain(symptoms: &Symptoms, chain: &BaseChain, found: &Found<'_>, port: u16) -> Vec<Finding> {
    let of_unclear = |direction| {
        let of_it = found.unclear.iter().filter(move |it| it.0 == direction);
        of_it.cloned().collect::<Vec<(Direction, &IfName, Place)>>()
    };
    let unclear = [
        (
            of_unclear(Direction::From),
            format!(" to port {port}, which are DNS queries"),
        ),
        (
            of_unclear(Direction::To),
            format!(" from port {port}, which answer DNS queries"),
        ),
    ];
    let unclear = unclear.iter().filter(|(found, _)| !found.is_empty());
    let unclear = unclear.map(|(found, which)| unclear_of(chain, found, which));
    let dropped = [
        (
            Direction::From,
            format!("DNS queries from {{}} to port {port}"),
        ),
        (
            Direction::To,
            format!("the answers to DNS queries, from port {port} to {{}}"),
        ),
    ];
    let dropped = dropped.into_iter().filter_map(|(direction, packets)| {
        let mut of_direction = found.dropped.iter().filter(|it| it.0 == direction);
        let bridges: BTreeSet<&IfName> = of_direction.clone().map(|(_, it, _)| *it).collect();
        let (.., place) = of_direction.next()?;
        let named = named(&bridges.iter().copied().collect::<Vec<_>>());
        let what = format!(
            "{} drops {} ({})",
            shown(chain),
            packets.replace("{}", &named),
            with_command(chain, place)
        );
        let opening = Opening {
            chain,
            bridges,
            directions: [direction].into(),
            place,
            port: Some(port),
        };
        Some(finding(Severity::Fault, what, opening.advice(symptoms)))
    });
    dropped.chain(unclear).collect()
}
