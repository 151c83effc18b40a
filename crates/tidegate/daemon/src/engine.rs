//! The engine: owner of what is believed (the state), what is (the nft driver and the links) and
//! what is remembered (the store). It decides nothing: `tidegate-plan` does, and the engine
//! carries out.

mod carry_out;
mod collect;
mod degraded;
mod doctor;
mod error;
mod events;
mod explain;
mod fight;
mod mend;
mod names;
mod past;
mod ports;
mod removed;
mod ruleset;
mod start;
mod sweep;
mod traffic;
mod turn;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use error_hint::causes;
use tidegate_api::event::{Event, Happening};
use tidegate_api::{Attach, CreateNetwork, EndpointView, NetworkView};
use tidegate_link::{Links, OpenNamespaces};
use tidegate_model::{Change, Endpoint, Name, Network, State};
use tidegate_nft::Driver;
use tidegate_plan::{Defaults, HostFacts, Plan, Refused};

use tokio::sync::broadcast::Receiver;

use crate::metrics::{Counters, count, render};
use crate::resolver::ResolverHandle;
use crate::store::Store;
use crate::timing::{Stage, timed};

pub use error::EngineError;
use events::Events;
use fight::Fights;
pub use mend::Mended;
use past::Past;
use sweep::Sweeps;
use turn::{Held, Turn};

/// How often connections of addresses' last holders are forgotten for one command, should another always be faster.
const SWEEPS: usize = 3;

/// What is said of a network that was made without IPv6 since the host has none.
const IPV4_ALONE: &str =
    "it has only IPv4: IPv6 is turned off on the host (net.ipv6.conf.all.disable_ipv6)";

/// The engine. Commands wait for each other; questions about the state wait for none.
pub struct Engine {
    backends: Turn<Backends>,
    /// The kernel's, for what does not wait for commands.
    driver: Arc<dyn Driver>,
    past: Past,
    /// How many commands have had their turn.
    commands: AtomicU64,
    state: RwLock<State>,
    defaults: Defaults,
    events: Events,
    counters: Counters,
    names: ResolverHandle,
    sweeps: Sweeps,
    fights: Fights,
}

/// What a command changes, before the state says so.
struct Backends {
    driver: Arc<dyn Driver>,
    links: Box<dyn Links>,
    store: Store,
}

impl Engine {
    /// Makes a network.
    ///
    /// # Errors
    /// When it cannot be planned, or the host refuses it; nothing is changed then.
    pub fn create_network(&self, request: &CreateNetwork) -> Result<NetworkView, EngineError> {
        let create = |request: &CreateNetwork| {
            self.command_uncounted(OpenNamespaces::default(), |backends, state| {
                let host = HostFacts {
                    routes: timed(Stage::Netlink, || backends.links.occupied_subnets())?,
                };
                let pools = &self.defaults.pools;
                let plan = tidegate_plan::create_network(state, request, &host, pools)?;
                Ok(Some(plan))
            })
        };
        // Whether there is IPv6 it is the kernel's refusal that tells.
        let (done, notes) = match create(request) {
            Err(error) if error.is_ipv6_off() => match tidegate_plan::without_ipv6(request) {
                Ok(request) => (create(&request), vec![IPV4_ALONE.to_owned()]),
                Err(refused) => (Err(refused.into()), Vec::new()),
            },
            done => (done, Vec::new()),
        };
        let change = self.counted(done).map(planned)?;
        tracing::info!(network = %request.name, notes = notes.join(", "), "made a network");
        Ok(NetworkView {
            notes,
            ..network_of(change)
        })
    }

    /// Removes a network, with `force` even one that has endpoints; the answer is what it was.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn remove_network(&self, name: &Name, force: bool) -> Result<NetworkView, EngineError> {
        let mut was = None;
        let namespaces = match force {
            true => self.namespaces(|state| {
                state
                    .endpoints_of(name)
                    .map(|e| e.netns.path.clone())
                    .collect()
            }),
            false => OpenNamespaces::default(),
        };
        self.command(namespaces, |_, state| {
            was = state.networks.get(name).map(|network| view(state, network));
            Ok(tidegate_plan::remove_network(state, name, force)?)
        })?;
        tracing::info!(network = %name, "removed a network");
        Ok(was.ok_or_else(|| Refused::NoNetwork(name.clone()))?)
    }

    /// Lets the endpoints of two networks reach each other; the answer is the first of the two.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn connect(&self, one: &Name, other: &Name) -> Result<NetworkView, EngineError> {
        for name in [one, other] {
            self.revive_for(Some(name), None);
        }
        self.command(OpenNamespaces::default(), |_, state| {
            Ok(tidegate_plan::connect(state, one, other)?)
        })?;
        tracing::info!(%one, %other, "connected two networks");
        self.network(one)
    }

    /// Ends that.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn disconnect(&self, one: &Name, other: &Name) -> Result<NetworkView, EngineError> {
        for name in [one, other] {
            self.revive_for(Some(name), None);
        }
        self.command(OpenNamespaces::default(), |_, state| {
            Ok(tidegate_plan::disconnect(state, one, other)?)
        })?;
        tracing::info!(%one, %other, "disconnected two networks");
        self.network(one)
    }

    /// Attaches a namespace to a network.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn attach(&self, request: &Attach) -> Result<Endpoint, EngineError> {
        if !request.netns.is_absolute() {
            return Err(EngineError::RelativePath(request.netns.clone()));
        }
        self.revive_for(Some(&request.network), None);
        let namespaces = timed(Stage::Netlink, || {
            OpenNamespaces::open([request.netns.clone()])
        });
        let attach = |may_have_ipv6: bool| {
            self.command_with_ports(&namespaces, &request.ports, |backends, state, host| {
                let mut netns = timed(Stage::Netlink, || backends.links.netns(&request.netns))?;
                netns.ipv6 &= may_have_ipv6;
                Ok(tidegate_plan::attach(state, request, &netns, host)?)
            })
        };
        // Where IPv6 is off for new interfaces alone, it is the kernel's refusal that tells.
        let attach = || match attach(true) {
            Err(error) if error.is_ipv6_off() => attach(false),
            done => done,
        };
        let mut done = attach();
        for _ in 0..SWEEPS {
            if !done.as_ref().is_err_and(EngineError::is_unswept) {
                break;
            }
            done = self.sweep().and_then(|()| attach());
        }
        let change = self.counted(done).map(planned)?;
        let endpoint = endpoint_of(change);
        tracing::info!(endpoint = %endpoint.name, network = %endpoint.network, "attached");
        Ok(endpoint)
    }

    /// Removes an endpoint; the answer is what it was.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn detach(&self, name: &Name) -> Result<Endpoint, EngineError> {
        let namespaces = self.namespaces_of(name);
        let change = self.command(namespaces, |_, state| {
            Ok(tidegate_plan::detach(state, name)?)
        })?;
        tracing::info!(endpoint = %name, "detached");
        Ok(endpoint_of(change))
    }

    /// Every network, by name.
    pub fn networks(&self) -> Vec<NetworkView> {
        let state = self.state();
        state
            .networks
            .values()
            .map(|network| view(&state, network))
            .collect()
    }

    /// One network.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn network(&self, name: &Name) -> Result<NetworkView, EngineError> {
        let state = self.state();
        let network = state.networks.get(name);
        let network = network.ok_or_else(|| Refused::NoNetwork(name.clone()))?;
        Ok(view(&state, network))
    }

    /// Every endpoint, by name, without what its namespace is to know.
    pub fn endpoints(&self) -> Vec<EndpointView> {
        let state = self.state();
        let view = |endpoint: &Endpoint| EndpointView {
            endpoint: endpoint.clone(),
            resolv_conf: String::new(),
            degraded: state.degraded.endpoints.get(&endpoint.name).cloned(),
        };
        state.endpoints.values().map(view).collect()
    }

    /// One endpoint.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn endpoint(&self, name: &Name) -> Result<Endpoint, EngineError> {
        let state = self.state();
        let endpoint = state.endpoints.get(name).cloned();
        Ok(endpoint.ok_or_else(|| Refused::NoEndpoint(name.clone()))?)
    }

    /// What happens from now on.
    pub fn events(&self) -> Receiver<Event> {
        self.events.listen()
    }

    /// Lets those who listen to events go: nothing more will happen.
    pub fn end_events(&self) {
        self.events.end();
    }

    /// What there is and what was done, for Prometheus.
    pub fn metrics(&self) -> String {
        let is_fought = self.fight().is_some();
        render(
            &self.state(),
            &self.counters,
            is_fought,
            env!("CARGO_PKG_VERSION"),
        )
    }

    /// How many networks and endpoints there are.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.networks.len(), state.endpoints.len())
    }

    /// Plans and carries out one command, alone.
    fn command(
        &self,
        namespaces: OpenNamespaces,
        plan: impl FnOnce(&mut Backends, &State) -> Result<Plan, EngineError>,
    ) -> Result<Change, EngineError> {
        let done = self.command_uncounted(namespaces, |backends, state| {
            plan(backends, state).map(Some)
        });
        self.counted(done).map(planned)
    }

    /// Plans one command, alone, and carries it out if there is anything to do.
    fn command_if(
        &self,
        namespaces: OpenNamespaces,
        plan: impl FnOnce(&mut Backends, &State) -> Result<Option<Plan>, EngineError>,
    ) -> Result<Option<Change>, EngineError> {
        let done = self.command_uncounted(namespaces, plan);
        self.counted(done)
    }

    fn counted(
        &self,
        done: Result<Option<Change>, EngineError>,
    ) -> Result<Option<Change>, EngineError> {
        match &done {
            Ok(None) => {}
            Ok(Some(_)) => count(&self.counters.done),
            Err(error) if error.kind().is_users() => count(&self.counters.refused),
            Err(_) => count(&self.counters.failed),
        }
        done
    }

    /// `namespaces` are the namespaces that the command has to do with: opened before, since their paths may lead to where
    /// nobody answers, and everybody else waits for the lock.
    fn command_uncounted(
        &self,
        namespaces: OpenNamespaces,
        plan: impl FnOnce(&mut Backends, &State) -> Result<Option<Plan>, EngineError>,
    ) -> Result<Option<Change>, EngineError> {
        let mut backends = timed(Stage::Wait, || self.backends());
        backends.links.keep_open(namespaces);
        let done = self.carry_out_alone(&mut backends, plan);
        // A namespace lives on while it is open.
        backends.links.keep_open(OpenNamespaces::default());
        done
    }

    fn carry_out_alone(
        &self,
        backends: &mut Backends,
        plan: impl FnOnce(&mut Backends, &State) -> Result<Option<Plan>, EngineError>,
    ) -> Result<Option<Change>, EngineError> {
        self.commands.fetch_add(1, Ordering::SeqCst);
        let passed = self.past.count();
        // Only the holder of the kernel's lock writes the state: it stays as it is until then.
        let before = self.state();
        let Some(plan) = timed(Stage::Plan, || plan(backends, &before))? else {
            return Ok(None);
        };
        backends.carry_out(&before, &plan)?;
        drop(before);
        let is_passed = self.past.change_state(passed, || {
            self.state_mut().apply(&plan.change);
        });
        self.catch_up(backends, is_passed);
        // Before the answer, and in the order of the changes: the kernel is still locked.
        self.names.tell(tidegate_resolver::of_change(&plan.change));
        self.sweeps.note(plan.stale);
        for happening in Happening::of(&plan.change) {
            self.events.tell(happening);
        }
        Ok(Some(plan.change))
    }

    /// Puts the table in place once more where it was replaced past what was just done ([`past`]).
    fn catch_up(&self, backends: &mut Backends, is_passed: bool) {
        if is_passed && let Err(error) = backends.restore(&self.state()) {
            tracing::error!(causes = ?causes(&error), "the table may lack the last change: {error}");
        }
    }

    /// Opens the namespace of an endpoint, for a command that has to do with it.
    fn namespaces_of(&self, name: &Name) -> OpenNamespaces {
        self.namespaces(|state| {
            let endpoint = state.endpoints.get(name);
            endpoint.map(|e| e.netns.path.clone()).into_iter().collect()
        })
    }

    /// Opens namespaces whose paths are in the state. No lock is held meanwhile.
    fn namespaces(&self, paths: impl FnOnce(&State) -> Vec<PathBuf>) -> OpenNamespaces {
        let paths = paths(&self.state());
        timed(Stage::Netlink, || OpenNamespaces::open(paths))
    }

    /// Whether commands have their turn: none has kept the others waiting for that long.
    pub(crate) fn takes_turns(&self, time_limit: Duration) -> bool {
        self.backends.take_within(time_limit).is_some()
    }

    /// A command that panicked left the state as it was before it.
    fn backends(&self) -> Held<'_, Backends> {
        self.backends.take()
    }

    /// Only who holds the kernel's lock may write.
    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The change of a command that always has a plan.
fn planned(change: Option<Change>) -> Change {
    change.unwrap_or_else(|| unreachable!("there was a plan"))
}

fn view(state: &State, network: &Network) -> NetworkView {
    let endpoints = state
        .endpoints_of(&network.name)
        .map(|e| e.name.clone())
        .collect();
    NetworkView {
        network: network.clone(),
        endpoints,
        degraded: state.degraded.networks.get(&network.name).cloned(),
        notes: Vec::new(),
    }
}

/// The network that a planned command made: nothing is attached to it.
fn network_of(change: Change) -> NetworkView {
    let Change::AddNetwork(network) = change else {
        unreachable!("the plan of a network adds a network")
    };
    NetworkView {
        network,
        endpoints: Vec::new(),
        degraded: None,
        notes: Vec::new(),
    }
}

/// The endpoint that a planned command made, changed or removed.
fn endpoint_of(change: Change) -> Endpoint {
    match change {
        Change::AddEndpoint(endpoint) | Change::RemoveEndpoint(endpoint) => endpoint,
        Change::ReplaceEndpoint { after, .. } => *after,
        _ => unreachable!("the plan of an endpoint changes an endpoint"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
