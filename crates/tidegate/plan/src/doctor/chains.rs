//! Chains of other programs that drop packets of our networks.
//!
//! A packet must pass every table. The rules of other tables are evaluated for the packets that each network needs to
//! pass; where a rule cannot be judged, that is said.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::{IfName, State};
use tidegate_nft::BaseChain;

use super::owner::{self, Opening};
use super::ports::named;
use super::probes::{Direction, Found, Probe};
use super::{Check, Fact, Symptoms, bridge_netfilter, finding, publishing};
use crate::others::{self, Place, command, shown};

pub(super) const CHECK: Check = Check {
    name: "other-tables",
    facts: |_, symptoms| facts(symptoms),
    findings,
};

/// The facts that an evaluation of other tables needs.
pub(super) fn facts(symptoms: &Symptoms) -> Vec<Fact> {
    let chains = symptoms.chains.as_deref().unwrap_or_default();
    let facts = others::facts(chains, &symptoms.facts);
    [facts, bridge_netfilter::facts(), owner::facts()].concat()
}

fn findings(state: &State, symptoms: &Symptoms) -> Vec<Finding> {
    let chains = match symptoms.completed() {
        Ok(chains) => chains,
        Err(reason) => {
            let what = format!("cannot read the tables of other programs: {reason}");
            let advice = "look for `policy drop` and drop rules in `nft list ruleset`";
            return vec![finding(Severity::CouldNotTell, what, advice)];
        }
    };
    let mut findings = of_chains(state, symptoms, &chains);
    let frames = chains.iter().filter_map(of_frames);
    findings.extend(frames.filter(|_| !state.networks.is_empty()));
    findings
}

/// A chain that sees frames, not packets.
fn of_frames(chain: &BaseChain) -> Option<Finding> {
    let place = others::may_drop_frames(chain)?;
    let what = format!(
        "cannot judge whether {} drops frames of our bridges: see {place}",
        shown(chain)
    );
    let advice = format!("{} shows the rules", command(chain, [&place]));
    Some(finding(Severity::CouldNotTell, what, advice))
}

/// What chains do with the packets that networks need to pass.
pub(super) fn of_chains(state: &State, symptoms: &Symptoms, chains: &[BaseChain]) -> Vec<Finding> {
    let networks = state.networks.values();
    let probes: Vec<Probe<'_>> = networks
        .flat_map(|network| Probe::of_network(state, network, symptoms))
        .collect();
    let of_chain = |chain: &BaseChain| {
        let found = Found::of(chain, &probes);
        let dropped = (!found.dropped.is_empty()).then(|| dropped(symptoms, chain, &found));
        let unclear = (!found.unclear.is_empty()).then(|| unclear(chain, &found.unclear, ""));
        let published = publishing::of_chain(state, symptoms, chain, &found);
        dropped
            .into_iter()
            .chain(unclear)
            .chain(published)
            .collect::<Vec<_>>()
    };
    chains.iter().flat_map(of_chain).collect()
}

fn dropped(symptoms: &Symptoms, chain: &BaseChain, found: &Found<'_>) -> Finding {
    let what = format!(
        "{} drops packets {} ({})",
        shown(chain),
        packets(&found.dropped),
        places_with_command(chain, &found.dropped)
    );
    let directions = found.dropped.iter().map(|(direction, ..)| *direction);
    let opening = Opening {
        chain,
        bridges: found.dropped.iter().map(|(_, bridge, _)| *bridge).collect(),
        directions: directions.collect(),
        place: &found.dropped[0].2,
        port: None,
    };
    finding(Severity::Fault, what, opening.advice(symptoms))
}

/// What is said about rules that cannot be judged.
pub(super) fn unclear(
    chain: &BaseChain,
    unclear: &[(Direction, &IfName, Place)],
    to: &str,
) -> Finding {
    let what = format!(
        "cannot judge whether {} drops packets {}{to}: see {}",
        shown(chain),
        packets(unclear),
        places(unclear)
    );
    let places = unclear.iter().map(|(.., place)| place);
    let advice = format!(
        "{} shows the rules; `tidegate explain` judges a packet that you name",
        command(chain, places)
    );
    finding(Severity::CouldNotTell, what, advice)
}

/// `from and to tgb0, tgb1`
fn packets(found: &[(Direction, &IfName, Place)]) -> String {
    let mut of_bridges: BTreeMap<&IfName, BTreeSet<Direction>> = BTreeMap::new();
    for (direction, bridge, _) in found {
        of_bridges.entry(bridge).or_default().insert(*direction);
    }
    let mut of_directions: BTreeMap<BTreeSet<Direction>, Vec<&IfName>> = BTreeMap::new();
    for (bridge, directions) in of_bridges {
        of_directions.entry(directions).or_default().push(bridge);
    }
    let text = |direction: &Direction| match direction {
        Direction::From => "from",
        Direction::To => "to",
        Direction::Within => "within",
        Direction::FromHost => "from the host to",
        Direction::ToHost => "in answer to the host from",
    };
    let group = |(directions, bridges): (&BTreeSet<Direction>, &Vec<&IfName>)| {
        let directions: Vec<&str> = directions.iter().map(text).collect();
        let directions = match directions.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        };
        format!("{directions} {}", named(bridges))
    };
    let groups: Vec<String> = of_directions.iter().map(group).collect();
    groups.join(", ")
}

/// The most places that a finding names.
const PLACES: usize = 4;

fn places(found: &[(Direction, &IfName, Place)]) -> String {
    let places: BTreeSet<&Place> = found.iter().map(|(.., place)| place).collect();
    let mut names: Vec<String> = places
        .iter()
        .take(PLACES)
        .map(ToString::to_string)
        .collect();
    if places.len() > PLACES {
        names.push(format!("{} more", places.len() - PLACES));
    }
    names.join(", ")
}

/// The places, with the command that shows them if rules are among them.
pub(super) fn places_with_command(
    chain: &BaseChain,
    found: &[(Direction, &IfName, Place)],
) -> String {
    let all = || found.iter().map(|(.., place)| place);
    let names = places(found);
    match all().all(|place| *place == Place::Policy) {
        true => names,
        false => format!("{names}, shown by {}", command(chain, all())),
    }
}

/// Whether its table mentions the interface, or a prefix of its name with `*`.
pub(super) fn names(chain: &BaseChain, interface: &str) -> bool {
    chain.words.iter().any(|word| match word.strip_suffix('*') {
        Some(start) => !start.is_empty() && interface.starts_with(start),
        None => word == interface,
    })
}
