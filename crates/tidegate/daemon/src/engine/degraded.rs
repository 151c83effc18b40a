//! Degraded objects: a failure affects only the object itself. The object is marked and tried again.

use std::collections::BTreeSet;

use error_hint::{Hint, causes, in_one_line};
use tidegate_api::event::{Event, Happening};
use tidegate_link::{LinkChange, LinkError, OpenNamespaces};
use tidegate_model::links::{GROUP, Link, LinkStep, Sysctl};
use tidegate_model::{Degraded, Endpoint, Fault, IfName, Name, Network, State};
use tidegate_plan::{Plan, StaleConnections};
use tokio::sync::broadcast::Receiver;

use super::events::now;
use super::links_fight::InterfaceRepair;
use super::{Backends, Engine, EngineError, path_of};

impl Engine {
    /// Future events, and the currently degraded objects.
    pub fn events_with_degraded(&self) -> (Vec<Event>, Receiver<Event>) {
        let events = self.events();
        let happenings = Happening::degraded(&self.state().degraded).into_iter();
        let known = happenings.map(|what| Event { time: now(), what });
        (known.collect(), events)
    }

    /// What is degraded.
    pub fn degraded(&self) -> Degraded {
        self.state().degraded.clone()
    }

    /// Writes the state file again if a start would not find the confirmed state in it.
    pub(crate) fn keep_store(&self) {
        let mut backends = self.backends();
        if backends.store.is_in_place() {
            return;
        }
        let state = self.state();
        if let Err(error) = backends.store.rewrite(&state) {
            tracing::error!(causes = ?causes(&error), "the state is not on disk: {error}");
        }
    }

    /// Whether the received changes give a reason to try again.
    pub(crate) fn is_to_revive(&self, heard: &LinkChange) -> bool {
        !self.state().degraded.is_empty() || self.has_changed_ours(heard)
    }

    /// Whether the received changes are about healthy objects.
    pub(crate) fn has_changed_ours(&self, heard: &LinkChange) -> bool {
        let state = self.state();
        if let LinkChange::Changed(told) = heard
            && tidegate_plan::is_any_changed(&state, &told.links)
        {
            return true;
        }
        if let LinkChange::Changed(told) = heard
            && told.lost_rules
            && tidegate_plan::needs_answers(&state)
        {
            return true;
        }
        if !loosened(&state, heard).is_empty() {
            return true;
        }
        let (networks, ports) = with_ipv6(&state, heard);
        let is_whole = |name: &Name| !state.degraded.networks.contains_key(name);
        let mut networks = suspects(&state, heard)
            .into_iter()
            .chain(networks.into_iter().cloned());
        networks.any(|name| is_whole(&name)) || !ports.is_empty()
    }

    /// Tries degraded objects again, puts right what other programs changed on links, and turns IPv6 off again on
    /// networks without it.
    pub(crate) fn revive(&self, heard: &LinkChange) {
        let namespaces = self.namespaces(|state| {
            let names = state.degraded.endpoints.keys();
            let endpoints = names.filter_map(|name| state.endpoints.get(name));
            endpoints.filter_map(path_of).collect()
        });
        let mut backends = self.backends();
        let passed = self.past.count();
        backends.links.keep_open(namespaces);
        let before = self.degraded();
        let mut networks: BTreeSet<Name> = before.networks.keys().cloned().collect();
        let ports = {
            let state = self.state();
            let (without, ports) = with_ipv6(&state, heard);
            networks.extend(without.into_iter().cloned());
            ports
        };
        self.loosen(&mut backends, heard);
        let mut turned_off = turned_off(&self.state(), heard);
        turned_off.retain(|(ifname, _)| {
            let wanted = Sysctl::no_ipv6(ifname);
            backends.links.sysctl(&wanted.path) != Some(wanted.value)
        });
        for step in &ports {
            if let Err(error) = backends.links.apply(step) {
                tracing::warn!(causes = ?causes(&error), "{error}");
            }
        }
        self.note_interfaces(turned_off);
        let links = backends.links.links();
        let missing = links.map(|links| {
            let missing = self.heal(&mut backends, &links);
            for name in &networks {
                self.revive_network(&mut backends, name, &links);
            }
            for name in before.endpoints.keys() {
                self.revive_endpoint(&mut backends, name, &links);
            }
            missing
        });
        backends.links.keep_open(OpenNamespaces::default());
        self.catch_up(&mut backends, self.past.change_state(passed, || ()));
        if before != self.degraded() {
            // Connections of repaired objects may be tracked as they were without the rules.
            self.sweeps.note(StaleConnections::after_mending());
        }
        self.tell_of_degraded(&before);
        drop(backends);
        self.make_missing(missing);
    }

    /// Marks an endpoint that fails while the daemon runs. It is tried again like any other.
    pub(super) fn mark_endpoint(&self, name: &Name, fault: Fault) {
        let _backends = self.backends();
        let before = self.degraded();
        if self.state().endpoints.contains_key(name) {
            // This does not change whether it has elements.
            let down = before.down_endpoint(name).is_some();
            self.set_endpoint(name, Some(Fault { down, ..fault }));
        }
        self.tell_of_degraded(&before);
    }

    pub(super) fn tell_of_degraded(&self, before: &Degraded) {
        for happening in Happening::between(before, &self.degraded()) {
            log(&happening);
            self.events.tell(happening);
        }
    }

    /// Tries again at once if a command concerns a degraded object.
    pub(super) fn revive_for(&self, network: Option<&Name>, endpoint: Option<&Name>) {
        let is_meant = {
            let state = self.state();
            let endpoint = endpoint.and_then(|name| state.endpoints.find(name));
            let network = network.or(endpoint.map(|endpoint| &endpoint.network));
            let network = network.and_then(|name| state.network(name));
            let degraded = &state.degraded;
            network.is_some_and(|it| degraded.down_network(&it.name).is_some())
                || endpoint.is_some_and(|it| degraded.endpoints.contains_key(&it.name))
        };
        if is_meant {
            self.revive(&LinkChange::Nothing);
        }
    }

    fn revive_network(&self, backends: &mut Backends, name: &Name, links: &[Link]) {
        let fault = {
            let state = self.state();
            let Some(network) = state.networks.get(name) else {
                return;
            };
            let was = state.degraded.networks.get(name);
            let is_down = was.is_some_and(|fault| fault.down);
            let Some(plan) = tidegate_plan::revive_network(&state, name, links) else {
                return;
            };
            let makes = |step: &LinkStep| matches!(step, LinkStep::AddBridge(_));
            if is_foreign(network, links) || (!is_down && plan.links.iter().any(makes)) {
                // Nothing changed; or another program removed the bridge, which is created again separately from its
                // ports.
                return;
            }
            match backends.carry_out_or_ipv4(&state, plan) {
                Ok(lacks) => lacks.map(|error| partly(&error)),
                Err(error) => Some(Fault {
                    down: is_down,
                    ..fault_of(&error)
                }),
            }
        };
        self.set_network(name, fault);
    }

    pub(super) fn revive_endpoint(&self, backends: &mut Backends, name: &Name, links: &[Link]) {
        let fault = {
            let state = self.state();
            let was = state.degraded.endpoints.get(name);
            let (Some(endpoint), Some(was)) = (state.endpoints.get(name), was) else {
                return;
            };
            if state.degraded.down_network(&endpoint.network).is_some() {
                return;
            }
            let has_pair = has_pair(endpoint, links);
            match backends.is_there(endpoint, has_pair) {
                Ok(false) if !has_pair => {
                    drop(state);
                    self.end_endpoint(backends, name);
                    return;
                }
                // If the link exists, the namespace lives on without a name.
                Ok(_) => backends.revive_endpoint(&state, endpoint, was.down, links),
                Err(error) => Some(Fault {
                    down: was.down,
                    ..fault_of(&error)
                }),
            }
        };
        self.set_endpoint(name, fault);
    }

    /// Removes an endpoint whose namespace is gone.
    fn end_endpoint(&self, backends: &mut Backends, name: &Name) {
        let plan = |_: &mut Backends, state: &State| Ok(tidegate_plan::detach(state, name)?);
        match self.run_in_turn(backends, plan) {
            Ok(_) => tracing::info!(endpoint = %name, "removed: its namespace is gone"),
            Err(error) => {
                tracing::error!(endpoint = %name, causes = ?causes(&error), "cannot be removed: {error}");
            }
        }
    }

    pub(super) fn set_network(&self, name: &Name, fault: Option<Fault>) {
        let mut state = self.state_mut();
        let networks = &mut state.degraded.networks;
        match fault {
            Some(fault) => drop(networks.insert(name.clone(), fault)),
            None => drop(networks.remove(name)),
        }
    }

    pub(super) fn set_endpoint(&self, name: &Name, fault: Option<Fault>) {
        let mut state = self.state_mut();
        let endpoints = &mut state.degraded.endpoints;
        match fault {
            Some(fault) => drop(endpoints.insert(name.clone(), fault)),
            None => drop(endpoints.remove(name)),
        }
    }
}

impl Backends {
    /// Carries out a plan. If IPv6 is turned off, carries out the IPv4 part and returns that error.
    pub(super) fn carry_out_or_ipv4(
        &mut self,
        state: &State,
        plan: Plan<()>,
    ) -> Result<Option<EngineError>, EngineError> {
        let lacks = match self.carry_out(state, &plan) {
            Err(error) if error.ipv6_off().is_some() => error,
            done => return done.map(|()| None),
        };
        let links = plan.links.iter().filter_map(LinkStep::without_ipv6);
        let rest = Plan {
            links: links.collect(),
            ..plan
        };
        self.carry_out(state, &rest)?;
        Ok(Some(lacks))
    }

    /// Creates the missing parts of an endpoint, and holds its ports.
    fn revive_endpoint(
        &mut self,
        state: &State,
        endpoint: &Endpoint,
        was_down: bool,
        links: &[Link],
    ) -> Option<Fault> {
        let plan = tidegate_plan::revive_endpoint(state, &endpoint.name, links)?;
        let lacks = match self.carry_out_or_ipv4(state, plan) {
            Ok(lacks) => lacks.map(|error| partly(&error)),
            Err(error) => {
                let down = was_down;
                return Some(Fault {
                    down,
                    ..fault_of(&error)
                });
            }
        };
        let holds = tidegate_plan::hold_again(state, &endpoint.name);
        // Ports that are held correctly are not released.
        let holds = holds.into_iter().filter(|step| {
            let is_release = matches!(step, LinkStep::ReleasePorts(_));
            was_down || !is_release
        });
        let unheld = holds.filter_map(|step| self.links.apply(&step).err());
        let unheld = unheld.last().map(|error| unheld_fault(&error));
        unheld.or(lacks)
    }

    /// Does a network's step at a start. If IPv6 is turned off, does the IPv4 part and returns that error.
    pub(super) fn apply_or_ipv4(
        &mut self,
        step: &LinkStep,
    ) -> Result<Option<LinkError>, LinkError> {
        match self.links.apply(step) {
            Err(error) if error.kind() == tidegate_link::ErrorKind::Ipv6Off => {
                if let Some(rest) = step.without_ipv6() {
                    self.links.apply(&rest)?;
                }
                Ok(Some(error))
            }
            done => done.map(|()| None),
        }
    }
}

/// The bridges whose reverse path filter was changed, with the steps that make it loose.
pub(super) fn loosened(state: &State, heard: &LinkChange) -> Vec<(IfName, LinkStep)> {
    let LinkChange::Changed(told) = heard else {
        return Vec::new();
    };
    let networks = state.networks.values();
    let strict = networks.filter(|network| {
        let is_down = state.degraded.down_network(&network.name).is_some();
        told.strict.contains(&network.bridge) && !is_down
    });
    let steps = strict
        .filter_map(|network| Some((network.bridge.clone(), tidegate_plan::loosen(network)?)));
    steps.collect()
}

/// Networks whose bridge may have lost an address.
fn suspects(state: &State, heard: &LinkChange) -> Vec<Name> {
    let has_lost = |network: &&Network| match heard {
        LinkChange::Nothing => false,
        LinkChange::Lost => true,
        LinkChange::Changed(told) => told.lost_addresses.contains(&network.bridge),
    };
    let networks = state.networks.values().filter(has_lost);
    networks.map(|network| network.name.clone()).collect()
}

/// Networks and ports on which IPv6 may be on although it should be off. If one of ours or the loopback got it,
/// another program turned it on for all interfaces.
fn with_ipv6<'a>(state: &'a State, heard: &LinkChange) -> (Vec<&'a Name>, Vec<LinkStep>) {
    let is_suspect = match heard {
        LinkChange::Nothing => false,
        LinkChange::Lost => true,
        LinkChange::Changed(told) => {
            let is_told = |ifname: &IfName| told.got_ipv6.contains(ifname);
            let (networks, ports) = tidegate_plan::without_ipv6_again(state, is_told);
            let has_loopback = told.got_ipv6.iter().any(|ifname| ifname.as_str() == "lo");
            has_loopback || !networks.is_empty() || !ports.is_empty()
        }
    };
    tidegate_plan::without_ipv6_again(state, |_| is_suspect)
}

/// The interfaces of ours that were told to have got IPv6 although it should be off there.
fn turned_off(state: &State, heard: &LinkChange) -> Vec<InterfaceRepair> {
    let LinkChange::Changed(told) = heard else {
        return Vec::new();
    };
    let is_told = |ifname: &IfName| told.got_ipv6.contains(ifname);
    let (networks, _) = tidegate_plan::without_ipv6_again(state, is_told);
    let bridges = networks.into_iter();
    let bridges = bridges.filter_map(|name| Some(&state.networks.get(name)?.bridge));
    let ports = state.endpoints.values().map(|it| &it.host_ifname);
    let ports = ports.filter(|ifname| is_told(ifname));
    let done = bridges.chain(ports);
    done.map(|ifname| (ifname.clone(), vec!["IPv6 turned off".to_owned()]))
        .collect()
}

/// Whether a link of another program has the name of a network's bridge.
pub(super) fn is_foreign(network: &Network, links: &[Link]) -> bool {
    let mut links = links.iter();
    links.any(|link| link.ifname == network.bridge && link.group != GROUP)
}

fn has_pair(endpoint: &Endpoint, links: &[Link]) -> bool {
    let mut links = links.iter();
    links.any(|link| link.ifname == endpoint.host_ifname && link.group == GROUP)
}

/// The reason of a refusal as text.
pub(super) fn fault_of(error: &EngineError) -> Fault {
    Fault {
        down: true,
        reason: in_one_line(error),
        hint: error.hint().map(Into::into),
    }
}

/// The fault of an endpoint whose network is down.
pub(super) fn nothing_of_its_network(network: &Name) -> Fault {
    Fault {
        down: true,
        reason: format!("nothing of its network {network} is on the host"),
        hint: None,
    }
}

/// Like [`fault_of`], for an object that works in part.
pub(super) fn partly(error: &EngineError) -> Fault {
    Fault {
        down: false,
        ..fault_of(error)
    }
}

/// The fault for ports that another program took while no daemon ran. They stay published, and packets to them go to
/// the endpoint.
pub(super) fn unheld_fault(error: &LinkError) -> Fault {
    let reason = in_one_line(error);
    Fault {
        down: false,
        reason: format!("a published port is not held: {reason}"),
        hint: error.hint().map(Into::into),
    }
}

/// Logs which objects became degraded or healthy.
pub(super) fn log(happening: &Happening) {
    match happening {
        Happening::NetworkDegraded { network, fault } => {
            tracing::warn!(%network, down = fault.down, "degraded: {}", fault.reason);
        }
        Happening::EndpointDegraded { endpoint, fault } => {
            tracing::warn!(%endpoint, down = fault.down, "degraded: {}", fault.reason);
        }
        Happening::NetworkRestored { network } => tracing::info!(%network, "no longer degraded"),
        Happening::EndpointRestored { endpoint } => {
            tracing::info!(%endpoint, "no longer degraded");
        }
        _ => {}
    }
}
