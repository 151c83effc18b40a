//! A start: brings the host from the remains of an earlier run to the stored state.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, RwLock};

use error_hint::causes;
use tidegate_api::event::Happening;
use tidegate_link::{ErrorKind, LinkError, Links, NetnsFault, OpenNamespaces};
use tidegate_model::links::{GROUP, Link, LinkStep};
use tidegate_model::{
    Change, Endpoint, Fault, GlobalId, IfName, Name, NetnsId, NetnsRef, Network, Place, State,
};
use tidegate_nft::Driver;
use tidegate_plan::{Defaults, StaleConnections};

use super::degraded::{fault_of, log, nothing_of_its_network, partly, unheld_fault};
use super::events::Events;
use super::fight::Fights;
use super::heal::Uplinks;
use super::names::in_the_way;
use super::past::Past;
use super::repairs::Record;
use super::sweep::Sweeps;
use super::turn::Turn;
use super::{Backends, Engine, EngineError, path_of};
use crate::metrics::{Counters, PortCounters};
use crate::resolver::ResolverHandle;
use crate::store::Store;

/// What a start does about interfaces in use that the saved state does not explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnknown {
    /// It refuses, and changes nothing: the state may be the wrong one.
    Refuse,
    /// It removes them.
    Discard,
}

/// The most namespaces that are open at once.
pub(super) const OPENED: usize = 256;

impl Engine {
    /// Brings the host to the stored state: replaces the table in one transaction, keeps links that still fit,
    /// removes stale ones and creates missing ones. Drops an endpoint whose namespace is gone, with a warning. Every
    /// other failure affects only its object: it is marked as degraded and tried again.
    ///
    /// # Errors
    /// If the store cannot be read, it is probably not the one of this host, the kernel refuses the table, or links
    /// cannot be listed.
    pub fn start(
        driver: Box<dyn Driver>,
        links: Box<dyn Links>,
        store: Store,
        defaults: Defaults,
        on_unknown: OnUnknown,
    ) -> Result<Self, EngineError> {
        let driver: Arc<dyn Driver> = driver.into();
        let mut backends = Backends {
            driver: Arc::clone(&driver),
            links,
            store,
        };
        backends.links.mark(backends.store.id());
        let mut state = backends.store.load()?;
        state.global_id = backends.store.global_id(|| global_id_for(&state))?;
        let names = ResolverHandle::default();
        state.allow = defaults.allow.clone();
        state.forwarding = defaults.forwarding;
        state.resolver = defaults.resolver;
        if defaults.resolver.is_some()
            && let Some(reason) = in_the_way(&state)
        {
            tracing::warn!("the DNS server is off: {reason}");
            state.resolver = None;
            names.close(reason);
        }
        let removed = backends.reconcile(&mut state, on_unknown)?;
        let (networks, endpoints) = (state.networks.len(), state.endpoints.len());
        let Removed {
            endpoints: removed_endpoints,
            links: removed_links,
        } = removed;
        tracing::info!(
            networks,
            endpoints,
            removed_endpoints,
            removed_links,
            "the host matches the saved state"
        );
        let sweeps = Sweeps::new(backends.links.connections());
        let port_counters = PortCounters::new(backends.links.connections());
        sweeps.note(StaleConnections::at_start(&state));
        let engine = Self {
            backends: Turn::new(backends),
            driver,
            past: Past::default(),
            commands: AtomicU64::new(0),
            state: RwLock::new(state),
            defaults: RwLock::new(defaults),
            events: Events::default(),
            counters: Counters::default(),
            names,
            port_counters,
            sweeps,
            fights: Fights::default(),
            record: Record::default(),
            reasons: Mutex::default(),
            is_torn_down: AtomicBool::new(false),
            uplinks: Uplinks::default(),
        };
        // Before anything is attached: tracked connections of removed endpoints lead to their addresses.
        if let Err(error) = engine.sweep() {
            tracing::error!(causes = ?causes(&error), "cannot delete tracked connections: {error}");
        }
        Ok(engine)
    }
}

/// The global ID for a host that has none yet: that of its networks if an older release created them, else a random one
/// (RFC 4193 section 3.2).
fn global_id_for(state: &State) -> GlobalId {
    if tidegate_plan::has_shared_pool(state) {
        return GlobalId::SHARED;
    }
    getrandom::u64().map_or_else(
        |error| {
            tracing::warn!(%error, "no random number: the default pool of IPv6 subnets is that of 0.1.0");
            GlobalId::SHARED
        },
        GlobalId::new,
    )
}

/// How much a start removes.
struct Removed {
    /// Endpoints whose namespace has ended.
    endpoints: usize,
    /// Links of ours that nothing in the saved state needs.
    links: usize,
}

impl Backends {
    fn reconcile(
        &mut self,
        state: &mut State,
        on_unknown: OnUnknown,
    ) -> Result<Removed, EngineError> {
        // One after the other: with many endpoints, each needs much memory for a moment.
        let links = self.links.links()?;
        let (gone, known) = self.gone(state, &links);
        let ended = tidegate_plan::end(state, &gone);
        self.judge_unknown(state, ended.as_ref(), &links, on_unknown)?;
        if let Some(change) = recorded_again(state, known) {
            self.store.commit(state, &change)?;
            state.apply(&change);
        }
        if let Some(ended) = &ended {
            self.store.commit(state, ended)?;
            state.apply(ended);
        }
        // The kernel tells where interfaces are that were handed over.
        for (name, number) in tidegate_plan::moved(state, &links) {
            state.apply(&tidegate_plan::relocate(state, &name, number)?.change);
        }
        self.restore(state)?;
        tracing::info!("the ruleset is in place");
        let plan = tidegate_plan::start(state, &links);
        drop(links);
        let is_link = |step: &&LinkStep| matches!(step, LinkStep::DeleteLink(_));
        let removed = Removed {
            endpoints: gone.len(),
            links: plan.clean_up.iter().filter(is_link).count(),
        };
        for step in &plan.clean_up {
            self.tidy(state, step);
        }
        for (name, steps) in &plan.networks {
            self.make_network(state, name, steps)?;
        }
        drop(plan);
        if has_down(state) {
            // The table must not send packets to their addresses.
            self.restore(state)?;
        }
        self.hold_all(state);
        for happening in Happening::degraded(&state.degraded) {
            log(&happening);
        }
        Ok(removed)
    }

    /// Refuses a saved state that is probably not the one of this host, before anything is changed.
    fn judge_unknown(
        &self,
        state: &State,
        ended: Option<&Change>,
        links: &[Link],
        on_unknown: OnUnknown,
    ) -> Result<(), EngineError> {
        let left = ended.map(|ended| {
            let mut left = state.clone();
            left.apply(ended);
            left
        });
        let id = Some(self.store.id());
        let unknown = tidegate_plan::unknown(state, left.as_ref().unwrap_or(state), id, links);
        match (unknown, on_unknown) {
            (None, _) => Ok(()),
            (Some(unknown), OnUnknown::Refuse) => Err(EngineError::Unknown(unknown)),
            (Some(unknown), OnUnknown::Discard) => {
                let reason = unknown.reason;
                tracing::warn!("the saved state {reason}: removing {unknown} (--discard-unknown)");
                Ok(())
            }
        }
    }

    /// Does the first steps. A link that cannot be removed disturbs nothing, or only its own network, which then
    /// reports it. A failed sysctl degrades the networks of its family in part.
    fn tidy(&mut self, state: &mut State, step: &LinkStep) {
        let Err(error) = self.apply_step(step) else {
            return;
        };
        let fault = partly(&error);
        let is_of_ipv6 = match step {
            LinkStep::SetSysctl(sysctl) => sysctl.is_of_ipv6(),
            LinkStep::KeepRouters => true,
            _ => {
                tracing::warn!(step = step.name(), "clean-up step failed: {}", fault.reason);
                return;
            }
        };
        let is_meant = |network: &&Network| {
            let mut subnets = network.subnets.iter();
            subnets.any(|subnet| subnet.net.addr().is_ipv6() == is_of_ipv6)
        };
        let networks = state.networks.values().filter(is_meant);
        let faults = networks.map(|network| (network.name.clone(), fault.clone()));
        state.degraded.networks.extend(faults);
    }

    /// Creates the missing links of a network. Without its bridge, the network is down.
    fn make_network(
        &mut self,
        state: &mut State,
        name: &Name,
        steps: &[LinkStep],
    ) -> Result<(), EngineError> {
        for step in steps {
            if let LinkStep::AddVeth(veth) | LinkStep::MendVeth(veth) = step {
                self.make_pair(state, step, &veth.ifname)?;
                continue;
            }
            let fault = match self.apply_or_ipv4(step) {
                Ok(None) => continue,
                Ok(Some(lacks)) => partly(&lacks.into()),
                Err(error) => Fault {
                    down: matches!(step, LinkStep::AddBridge(_)),
                    ..fault_of(&error.into())
                },
            };
            let is_down = fault.down;
            state.degraded.networks.insert(name.clone(), fault);
            if is_down {
                let endpoints = state.endpoints_of(name).map(|e| e.name.clone());
                let endpoints: Vec<Name> = endpoints.collect();
                let fault = |endpoint| (endpoint, nothing_of_its_network(name));
                let faults = endpoints.into_iter().map(fault);
                state.degraded.endpoints.extend(faults);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Creates a missing pair. A failure affects only that endpoint, because it usually comes from its namespace. An
    /// endpoint whose namespace has just ended is dropped.
    fn make_pair(
        &mut self,
        state: &mut State,
        step: &LinkStep,
        ifname: &IfName,
    ) -> Result<(), EngineError> {
        let is_meant = |endpoint: &&Endpoint| endpoint.host_ifname == *ifname;
        for (name, fault) in &mut state.degraded.endpoints {
            // A namespace that could not be opened before is not tried again now, because that can take long.
            if state.endpoints.get(name).filter(is_meant).is_some() {
                fault.down = true;
                return Ok(());
            }
        }
        let made = self.apply_or_ipv4(step);
        if let Ok(None) = made {
            return Ok(());
        }
        let found = state.endpoints.values().find(is_meant);
        let Some(name) = found.map(|endpoint| endpoint.name.clone()) else {
            return Ok(());
        };
        let fault = match made {
            Ok(None) => return Ok(()),
            Ok(Some(lacks)) => partly(&lacks.into()),
            Err(error) if error.is_netns_gone() => {
                let error = EngineError::from(error);
                tracing::warn!(endpoint = %name, "dropped: {}", fault_of(&error).reason);
                return self.drop_endpoint(state, &name);
            }
            Err(error) => fault_of(&error.into()),
        };
        state.degraded.endpoints.insert(name, fault);
        Ok(())
    }

    /// Holds host ports. If another program took a port while no daemon ran, the port stays published: packets to it
    /// go to the endpoint.
    fn hold_all(&mut self, state: &mut State) {
        let mut faults = Vec::new();
        for (name, step) in tidegate_plan::all_holds(state) {
            if let Err(error) = self.links.apply(&step) {
                faults.push((name.clone(), unheld_fault(&error)));
            }
        }
        for (name, fault) in faults {
            state.degraded.endpoints.entry(name).or_insert(fault);
        }
    }

    /// The endpoints whose namespace no longer exists. An endpoint whose namespace cannot be opened is marked
    /// instead. Only some namespaces are open at a time, because each needs a descriptor.
    ///
    /// Also returns cookies for endpoints that an older release recorded without.
    fn gone(
        &mut self,
        state: &mut State,
        links: &[Link],
    ) -> (BTreeSet<Name>, Vec<(Name, NetnsId)>) {
        let (mut gone, mut known, mut faults) = (BTreeSet::new(), Vec::new(), Vec::new());
        let pairs = ours(links);
        // A kernel without a cookie for one namespace has none for any.
        let mut has_cookies = true;
        let endpoints: Vec<&Endpoint> = state.endpoints.values().collect();
        for endpoints in endpoints.chunks(OPENED) {
            let paths = endpoints.iter().copied().filter_map(path_of);
            self.links.keep_open(OpenNamespaces::open(paths));
            for endpoint in endpoints {
                match self.is_there(endpoint, pairs.contains(&endpoint.host_ifname)) {
                    Ok(true) if endpoint.netns_id().cookie.is_some() || !has_cookies => {}
                    Ok(true) => {
                        let Some(path) = endpoint.place.path() else {
                            continue;
                        };
                        let found = self.links.netns(path);
                        let id = found.ok().map(|facts| facts.id);
                        has_cookies = id.is_none_or(|id| id.cookie.is_some());
                        known.extend(id.map(|id| (endpoint.name.clone(), id)));
                    }
                    Ok(false) => {
                        let netns = &endpoint.place;
                        tracing::warn!(endpoint = %endpoint.name, %netns, "dropped: its namespace is gone");
                        gone.insert(endpoint.name.clone());
                    }
                    Err(error) => faults.push((endpoint.name.clone(), partly(&error))),
                }
            }
        }
        self.links.keep_open(OpenNamespaces::default());
        state.degraded.endpoints.extend(faults);
        (gone, known)
    }

    /// Whether an endpoint's path leads to its namespace. While the pair exists, the namespace exists, and its inode
    /// is unique. Without the pair, another namespace may have got the inode, and only the cookie can tell. Without a
    /// cookie, it counts as another namespace.
    pub(super) fn is_there(
        &mut self,
        endpoint: &Endpoint,
        has_pair: bool,
    ) -> Result<bool, EngineError> {
        // Its namespace cannot end without the pair, which is all that is known of it.
        let Place::Netns(NetnsRef { path, id }) = &endpoint.place else {
            return Ok(has_pair);
        };
        let found = match has_pair {
            true => self.links.netns_id(path).map(|found| found.has_file_of(id)),
            false => self
                .links
                .netns(path)
                .map(|facts| facts.id.is_certainly(id)),
        };
        // Then the path leads to the right namespace, which lives.
        let is_no_netns =
            |error: &LinkError| has_pair && error.kind() == ErrorKind::Netns(NetnsFault::NotANetns);
        match found {
            Ok(is_there) => Ok(is_there),
            Err(error) if is_no_netns(&error) => Err(error.into()),
            Err(error) if error.is_netns_gone() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an endpoint from the table and the store.
    fn drop_endpoint(&mut self, state: &mut State, name: &Name) -> Result<(), EngineError> {
        let plan = tidegate_plan::detach(state, name)?;
        self.carry_out(state, &plan)?;
        state.apply(&plan.change);
        Ok(())
    }
}

/// Our links that are there.
pub(super) fn ours(links: &[Link]) -> BTreeSet<IfName> {
    let ours = links.iter().filter(|link| link.group == GROUP);
    ours.map(|link| link.ifname.clone()).collect()
}

/// The change that adds the found identities to endpoints.
fn recorded_again(state: &State, known: Vec<(Name, NetnsId)>) -> Option<Change> {
    let changes = known.into_iter().filter_map(|(name, id)| {
        let before = state.endpoints.get(&name)?.clone();
        let mut after = before.clone();
        if let Place::Netns(netns) = &mut after.place {
            netns.id = id;
        }
        (after != before).then(|| Change::ReplaceEndpoint {
            before: Box::new(before),
            after: Box::new(after),
        })
    });
    let changes: Vec<Change> = changes.collect();
    (!changes.is_empty()).then_some(Change::All(changes))
}

fn has_down(state: &State) -> bool {
    let degraded = &state.degraded;
    let mut faults = degraded
        .networks
        .values()
        .chain(degraded.endpoints.values());
    faults.any(|fault| fault.down)
}
