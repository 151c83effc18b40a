//! Plans a start: from the links of an earlier run to the stored state.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tidegate_model::links::{Bridge, GROUP, Link, LinkKind, LinkStep, Sysctl, Veth};
use tidegate_model::{Change, IfName, Name, Network, State};

use crate::endpoint::detach;
use crate::{Plan, elements, holds, mend, peers, steps};

/// The steps that make a host's links match a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartPlan {
    /// Steps that remove our unneeded links, and steps that every network needs.
    pub clean_up: Vec<LinkStep>,
    /// For each network, the steps that create what is missing: its bridge, then its endpoints' pairs.
    pub networks: BTreeMap<Name, Vec<LinkStep>>,
}

/// Plans the link steps of a start from the stored state and the host's links. Links that still fit are kept, so that
/// running containers notice nothing.
pub fn start(state: &State, links: &[Link]) -> StartPlan {
    let known = Known::new(links);
    let wanted = Wanted::new(state);
    StartPlan {
        clean_up: clean_up(state, &known, &wanted),
        networks: wanted.missing(&known),
    }
}

/// Plans the repair of a network's bridge, without its endpoints. Adds its elements if the network is down. None if
/// there is no such network.
pub fn revive_network(state: &State, name: &Name, links: &[Link]) -> Option<Plan<()>> {
    let network = state.networks.get(name)?;
    let mut wanted = steps::forwarding(state.forwarding, network);
    let (known, bridge) = (Known::new(links), steps::bridge(network));
    // An address that somebody added does not matter while endpoints use the bridge.
    wanted.extend(known.steps_of_bridge(&bridge, known.our_bridge(&bridge)));
    let elements = match state.degraded.down_network(name) {
        None => Vec::new(),
        Some(_) => {
            let is_up = |peer: &&Network| state.degraded.down_network(&peer.name).is_none();
            let peers = peers::reaching(state, name).filter(is_up);
            let mut elements = elements::of_network(state, network);
            elements.extend(peers.map(|peer| elements::of_peers(peer, network)));
            elements
        }
    };
    Some(Plan::adding(elements, wanted, Change::All(Vec::new())))
}

/// The networks without IPv6 on their bridges, and the steps that turn IPv6 off again on the host's ends of pairs, in
/// case it was turned on: a sysctl for all interfaces sets that of each.
pub fn without_ipv6_again(
    state: &State,
    is_meant: impl Fn(&IfName) -> bool,
) -> (Vec<&Name>, Vec<LinkStep>) {
    let networks = state.networks.values();
    let networks = networks.filter(|it| steps::is_without_ipv6(it) && is_meant(&it.bridge));
    let ports = state.endpoints.values().map(|it| &it.host_ifname);
    let off = ports
        .filter(|ifname| is_meant(ifname))
        .map(|ifname| LinkStep::SetSysctl(Sysctl::no_ipv6(ifname)));
    (networks.map(|it| &it.name).collect(), off.collect())
}

/// Plans the repair of an endpoint. Adds its elements if the endpoint is down. None if there is no such endpoint, or
/// if its network is down.
pub fn revive_endpoint(state: &State, name: &Name, links: &[Link]) -> Option<Plan<()>> {
    let endpoint = state.endpoints.get(name)?;
    let network = state.networks.get(&endpoint.network)?;
    if state.degraded.down_network(&network.name).is_some() {
        return None;
    }
    let veth = steps::veth(endpoint, network);
    let (known, mut wanted) = (Known::new(links), Vec::new());
    if known.has_handed_over(&veth) && !known.has_veth(&veth) {
        // Its other end is the engine's, and nobody could give it another one.
        wanted.push(LinkStep::MendVeth(veth));
    } else if !known.has_veth(&veth) {
        // The endpoint is down, or has lost its bridge.
        let mut left = known.ours().filter(|link| link.ifname == veth.ifname);
        wanted.extend(left.next().map(|_| LinkStep::DeleteVeth(veth.clone())));
        wanted.push(LinkStep::AddVeth(veth));
    }
    let elements = match state.degraded.down_endpoint(name) {
        None => Vec::new(),
        Some(_) => elements::with_endpoint(state, network, endpoint),
    };
    Some(Plan::adding(elements, wanted, Change::All(Vec::new())))
}

/// The steps that hold and relay an endpoint's ports, no matter how they were held before.
pub fn hold_again(state: &State, name: &Name) -> Vec<LinkStep> {
    let hold = || {
        let endpoint = state.endpoints.get(name)?;
        let network = state.networks.get(&endpoint.network)?;
        let alone = holds::hold_of_endpoint(network, endpoint)?;
        let hold = holds::hold_ports(network, endpoint, &endpoint.ports)?;
        Some((alone.inverse(), hold))
    };
    hold().map_or_else(Vec::new, |(release, hold)| {
        release.into_iter().chain([hold]).collect()
    })
}

/// The removal of endpoints whose namespaces are gone at a start, and of networks that go with them; none if there are
/// none.
pub fn end(state: &State, gone: &BTreeSet<Name>) -> Option<Change> {
    let endpoints = gone.iter().filter_map(|name| state.endpoints.get(name));
    let (mut left, mut changes) = (Cow::Borrowed(state), Vec::new());
    for endpoint in endpoints {
        let change = match detach(&left, &endpoint.name) {
            Ok(plan) => plan.change,
            Err(_) => Change::RemoveEndpoint(endpoint.clone()),
        };
        left.to_mut().apply(&change);
        changes.push(change);
    }
    (!changes.is_empty()).then_some(Change::All(changes))
}

/// The host's links by name.
struct Known<'a>(BTreeMap<&'a IfName, &'a Link>);

impl<'a> Known<'a> {
    fn new(links: &'a [Link]) -> Self {
        Self(links.iter().map(|link| (&link.ifname, link)).collect())
    }

    fn has_bridge(&self, wanted: &Bridge) -> bool {
        self.fitting_bridge(wanted).is_some()
    }

    /// Our bridge of that name.
    fn our_bridge(&self, wanted: &Bridge) -> Option<&'a Link> {
        let named = self.0.get(&wanted.ifname).copied();
        named.filter(|link| link.kind == LinkKind::Bridge && link.group == GROUP)
    }

    /// Our bridge of that name if it fits, even if it was changed: only addresses that are not ours make it unfit.
    fn fitting_bridge(&self, wanted: &Bridge) -> Option<&'a Link> {
        self.our_bridge(wanted).filter(|link| {
            let mut addresses = link.addresses.iter();
            addresses.all(|net| wanted.addresses.contains(net))
        })
    }

    /// The steps that repair a bridge, or create it if there is none.
    fn steps_of_bridge(&self, wanted: &Bridge, found: Option<&Link>) -> Vec<LinkStep> {
        let Some(link) = found else {
            return vec![LinkStep::AddBridge(wanted.clone())];
        };
        // Nobody knows yet what its ports need.
        let differences = mend::of_bridge(wanted, link, link.mtu);
        match differences.is_empty() {
            true => {
                let keep = LinkStep::KeepBridge(wanted.clone());
                [vec![keep], lasting(wanted)].concat()
            }
            false => mend::steps_of_bridge(wanted, &differences),
        }
    }

    fn has_veth(&self, wanted: &Veth) -> bool {
        self.0.get(&wanted.ifname).is_some_and(|link| {
            link.kind == LinkKind::Veth
                && link.group == GROUP
                && link.up
                && link.master.as_ref() == Some(&wanted.bridge)
        })
    }

    /// Whether a port needs no more than its settings, because its bridge stays.
    fn is_kept(&self, bridge: &Bridge, veth: &Veth) -> bool {
        self.has_bridge(bridge) && self.has_veth(veth)
    }

    /// Whether there is a pair whose other end was handed over, in any condition.
    fn has_handed_over(&self, wanted: &Veth) -> bool {
        let is_it = |link: &Link| link.kind == LinkKind::Veth && link.group == GROUP;
        wanted.peer.netns.is_none() && self.0.get(&wanted.ifname).is_some_and(|link| is_it(link))
    }

    /// Our links, recognised by their link group.
    fn ours(&self) -> impl Iterator<Item = &'a Link> {
        self.0.values().copied().filter(|link| link.group == GROUP)
    }
}

/// The links of a state: bridges and veth pairs.
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

    /// Names of the existing links that stay. A veth pair on a removed bridge does not, unless its other end was handed
    /// over.
    fn fitting(&self, known: &Known<'_>) -> BTreeSet<IfName> {
        let mut fitting = BTreeSet::new();
        for (bridge, veths) in self.networks.values().filter(|(b, _)| known.has_bridge(b)) {
            fitting.insert(bridge.ifname.clone());
            let veths = veths.iter().filter(|veth| known.has_veth(veth));
            fitting.extend(veths.map(|veth| veth.ifname.clone()));
        }
        let veths = self.networks.values().flat_map(|(_, veths)| veths);
        let handed_over = veths.filter(|veth| known.has_handed_over(veth));
        fitting.extend(handed_over.map(|veth| veth.ifname.clone()));
        fitting
    }

    /// For each network, the steps that create what is missing.
    fn missing(&self, known: &Known<'_>) -> BTreeMap<Name, Vec<LinkStep>> {
        let fitting = self.fitting(known);
        let steps_of = |(bridge, veths): &(Bridge, Vec<Veth>)| {
            let mut steps = known.steps_of_bridge(bridge, known.fitting_bridge(bridge));
            let (kept, missing): (Vec<Veth>, Vec<Veth>) = veths
                .iter()
                .cloned()
                .partition(|veth| fitting.contains(&veth.ifname));
            let (kept, moved): (Vec<Veth>, Vec<Veth>) = kept
                .into_iter()
                .partition(|veth| known.is_kept(bridge, veth));
            if !kept.is_empty() {
                // After the bridge was repaired, and before `route_localnet` opens it.
                steps.insert(1, LinkStep::KeepVeths(kept));
            }
            // Of an endpoint without its pair, the start has ended what was handed over.
            let missing = missing.into_iter().filter(|veth| veth.peer.netns.is_some());
            steps.extend(moved.into_iter().map(LinkStep::MendVeth));
            steps.extend(missing.map(LinkStep::AddVeth));
            steps
        };
        self.networks
            .iter()
            .map(|(name, links)| (name.clone(), steps_of(links)))
            .collect()
    }
}

/// What an existing bridge may lack: sysctls that another program changed, and filters of ports that an older release
/// created. `route_localnet` is turned on only when the ports have their filters.
fn lasting(bridge: &Bridge) -> Vec<LinkStep> {
    let sysctls = steps::sysctls_before_guard(bridge).cloned();
    let guard = LinkStep::GuardPorts(bridge.ifname.clone());
    sysctls.map(LinkStep::SetSysctl).chain([guard]).collect()
}

/// The links of ours that a start from a state removes, in that order.
pub(crate) fn removed<'a>(state: &State, links: &'a [Link]) -> Vec<&'a Link> {
    stale(&Known::new(links), &Wanted::new(state))
}

/// The links of ours that do not fit. Veth pairs come first: deleting a bridge detaches its ports one by one.
fn stale<'a>(known: &Known<'a>, wanted: &Wanted) -> Vec<&'a Link> {
    let fitting = wanted.fitting(known);
    let ours = known.ours();
    let mut stale: Vec<&Link> = ours
        .filter(|link| !fitting.contains(&link.ifname))
        .collect();
    stale.sort_by_key(|link| link.kind == LinkKind::Bridge);
    stale
}

fn clean_up(state: &State, known: &Known<'_>, wanted: &Wanted) -> Vec<LinkStep> {
    let deletions = stale(known, wanted)
        .into_iter()
        .map(|link| LinkStep::DeleteLink(link.ifname.clone()));
    deletions.chain(forwarding(state)).collect()
}

fn forwarding(state: &State) -> Vec<LinkStep> {
    let mut sysctls = Vec::new();
    let networks = state.networks.values();
    for step in networks.flat_map(|network| steps::forwarding(state.forwarding, network)) {
        if !sysctls.contains(&step) {
            sysctls.push(step);
        }
    }
    sysctls
}
