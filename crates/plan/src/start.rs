//! Planning of a start: from whatever an earlier run left to what the store says.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_model::links::{Bridge, GROUP, Link, LinkKind, LinkStep, Veth};
use tidegate_model::{Change, IfName, Name, State};

use crate::steps;

/// What brings a host's links to a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartPlan {
    /// Removal of what is ours and no longer belongs, and what every network needs.
    pub clean_up: Vec<LinkStep>,
    /// For each network, the steps that make what it lacks: its bridge, then its endpoints'.
    pub networks: BTreeMap<Name, Vec<LinkStep>>,
}

/// Plans the links of a start from the stored state and the host's links. Links that still fit are left
/// alone, so that running containers notice nothing.
pub fn start(state: &State, links: &[Link]) -> StartPlan {
    let known = Known::new(links);
    let wanted = Wanted::new(state);
    StartPlan {
        clean_up: clean_up(state, &known, &wanted),
        networks: wanted.missing(&known),
    }
}

/// What the end of endpoints comes to, by name, whose namespaces are gone in a start; none if there are none.
pub fn end(state: &State, gone: &BTreeSet<Name>) -> Option<Change> {
    let endpoints = gone.iter().filter_map(|name| state.endpoints.get(name));
    let changes: Vec<Change> = endpoints.cloned().map(Change::RemoveEndpoint).collect();
    (!changes.is_empty()).then_some(Change::All(changes))
}

/// The host's links by name.
struct Known<'a>(BTreeMap<&'a IfName, &'a Link>);

impl<'a> Known<'a> {
    fn new(links: &'a [Link]) -> Self {
        Self(links.iter().map(|link| (&link.ifname, link)).collect())
    }

    fn has_bridge(&self, wanted: &Bridge) -> bool {
        self.0.get(&wanted.ifname).is_some_and(|link| {
            link.kind == LinkKind::Bridge
                && link.group == GROUP
                && link.up
                && link.mac == Some(wanted.mac)
                && wanted
                    .addresses
                    .iter()
                    .all(|net| link.addresses.contains(net))
                && link.addresses.len() == wanted.addresses.len()
        })
    }

    fn has_veth(&self, wanted: &Veth) -> bool {
        self.0.get(&wanted.ifname).is_some_and(|link| {
            link.kind == LinkKind::Veth
                && link.group == GROUP
                && link.up
                && link.master.as_ref() == Some(&wanted.bridge)
        })
    }

    /// Links of ours, by the mark that the kernel put on them when it made them.
    fn ours(&self) -> impl Iterator<Item = &'a Link> {
        self.0.values().copied().filter(|link| link.group == GROUP)
    }
}

/// The links of a state: each network's bridge, and the veth pairs on it.
struct Wanted {
    networks: BTreeMap<Name, (Bridge, Vec<Veth>)>,
}

impl Wanted {
    fn new(state: &State) -> Self {
        let mut networks: BTreeMap<Name, (Bridge, Vec<Veth>)> = state
            .networks
            .values()
            .map(|network| (network.name.clone(), (steps::bridge(network), Vec::new())))
            .collect();
        for endpoint in state.endpoints.values() {
            let network = state.networks.get(&endpoint.network);
            let entry = networks.get_mut(&endpoint.network);
            if let (Some(network), Some((_, veths))) = (network, entry) {
                veths.push(steps::veth(endpoint, network));
            }
        }
        Self { networks }
    }

    /// Names of the links that are there and fit. A veth pair does not outlive its bridge.
    fn fitting(&self, known: &Known<'_>) -> BTreeSet<IfName> {
        let mut fitting = BTreeSet::new();
        for (bridge, veths) in self.networks.values().filter(|(b, _)| known.has_bridge(b)) {
            fitting.insert(bridge.ifname.clone());
            let veths = veths.iter().filter(|veth| known.has_veth(veth));
            fitting.extend(veths.map(|veth| veth.ifname.clone()));
        }
        fitting
    }

    /// For each network, the steps that make what it lacks.
    fn missing(&self, known: &Known<'_>) -> BTreeMap<Name, Vec<LinkStep>> {
        let fitting = self.fitting(known);
        let steps_of = |(bridge, veths): &(Bridge, Vec<Veth>)| {
            let mut steps: Vec<LinkStep> = Vec::new();
            let (kept, missing): (Vec<Veth>, Vec<Veth>) = veths
                .iter()
                .cloned()
                .partition(|veth| fitting.contains(&veth.ifname));
            if fitting.contains(&bridge.ifname) {
                steps.push(LinkStep::KeepBridge(bridge.clone()));
                if !kept.is_empty() {
                    steps.push(LinkStep::KeepVeths(kept));
                }
                steps.extend(lasting(bridge));
            } else {
                steps.push(LinkStep::AddBridge(bridge.clone()));
            }
            steps.extend(missing.into_iter().map(LinkStep::AddVeth));
            steps
        };
        self.networks
            .iter()
            .map(|(name, links)| (name.clone(), steps_of(links)))
            .collect()
    }
}

/// What a bridge that is there may lack: sysctls that somebody changed, and guards of ports that an older release made.
/// It lets packets to the host's loopback in only once they have theirs.
fn lasting(bridge: &Bridge) -> Vec<LinkStep> {
    let opens = steps::route_localnet(&bridge.ifname);
    let others = bridge.sysctls.iter().filter(|sysctl| **sysctl != opens);
    let sysctls = others.cloned().map(LinkStep::SetSysctl);
    let guard = LinkStep::GuardPorts(bridge.ifname.clone());
    sysctls.chain([guard]).collect()
}

fn clean_up(state: &State, known: &Known<'_>, wanted: &Wanted) -> Vec<LinkStep> {
    let fitting = wanted.fitting(known);
    let mut stale: Vec<&Link> = known
        .ours()
        .filter(|link| !fitting.contains(&link.ifname))
        .collect();
    // Veth pairs first: a bridge that goes takes its ports off itself one by one.
    stale.sort_by_key(|link| link.kind == LinkKind::Bridge);
    let deletions = stale
        .into_iter()
        .map(|link| LinkStep::DeleteLink(link.ifname.clone()));
    deletions.chain(forwarding(state)).collect()
}

fn forwarding(state: &State) -> Vec<LinkStep> {
    let mut sysctls = Vec::new();
    for step in state.networks.values().flat_map(steps::forwarding) {
        if !sysctls.contains(&step) {
            sysctls.push(step);
        }
    }
    sysctls
}
