//! The engine owns the state, the nft driver, the links and the store. It decides nothing: `tidegate-plan` decides,
//! and the engine carries plans out.

mod carry_out;
mod check;
mod collect;
mod degraded;
mod doctor;
mod error;
mod events;
mod explain;
mod facts;
mod fight;
mod hand_over;
mod heal;
mod import;
mod links_fight;
mod mend;
mod names;
mod owned;
mod past;
mod ports;
mod removed;
mod repairs;
mod ruleset;
mod start;
mod sweep;
mod teardown;
mod traffic;
mod turn;
mod warnings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use error_hint::causes;
use tidegate_api::event::{Event, Happening};
use tidegate_api::{Attach, CreateNetwork, EndpointView, NetworkView};
use tidegate_link::{Links, OpenNamespaces};
use tidegate_model::{AllowList, Change, Endpoint, Ipv6Off, Name, Network, State};
use tidegate_nft::Driver;
use tidegate_plan::{Attached, Defaults, IpFamily, Plan, Pool, PortFacts, Refused};

use tokio::sync::broadcast::Receiver;

use crate::metrics::{Counters, PortCounters, Seen, count};
use crate::resolver::ResolverHandle;
use crate::store::Store;
use crate::timing::{Stage, timed};

pub use error::EngineError;
pub(crate) use error::UNKNOWN;
use events::Events;
use fight::Fights;
use heal::Uplinks;
pub use mend::Mended;
use past::Past;
use repairs::Record;
pub use start::OnUnknown;
use sweep::Sweeps;
use turn::{Held, Turn};

/// How often one command sweeps tracked connections for a free address, in case other commands always take the swept
/// ones.
const SWEEPS: usize = 3;

/// The note for a network that was created without IPv6, because the host has none.
fn ipv4_alone(off: &Ipv6Off) -> String {
    format!("it has only IPv4: IPv6 is turned off on the host ({off})")
}

/// The engine. Commands run one at a time. Reading the state waits for no command.
pub struct Engine {
    backends: Turn<Backends>,
    /// The kernel's tracked connections, for work that does not wait for commands.
    driver: Arc<dyn Driver>,
    past: Past,
    /// The number of commands so far.
    commands: AtomicU64,
    state: RwLock<State>,
    defaults: RwLock<Defaults>,
    events: Events,
    counters: Counters,
    port_counters: PortCounters,
    names: ResolverHandle,
    sweeps: Sweeps,
    fights: Fights,
    record: Record,
    /// Why waiting endpoints cannot be attached although their namespaces are there.
    reasons: Mutex<BTreeMap<Name, String>>,
    /// Everything was removed from the host, and nothing is made any more.
    is_torn_down: AtomicBool,
    uplinks: Uplinks,
}

/// Backend objects that a command changes before the state changes.
struct Backends {
    driver: Arc<dyn Driver>,
    links: Box<dyn Links>,
    store: Store,
}

impl Engine {
    /// Makes a network.
    ///
    /// # Errors
    /// If it cannot be planned, or the host refuses it. Then nothing was changed.
    pub fn create_network(&self, request: &CreateNetwork) -> Result<NetworkView, EngineError> {
        let create = |request: &CreateNetwork| {
            self.run(OpenNamespaces::default(), |backends, state| {
                let host = backends.facts_for_network(state)?;
                let pools = &self.defaults().pools;
                Ok(tidegate_plan::create_network(state, request, &host, pools)?)
            })
        };
        // The kernel's refusal shows whether IPv6 is turned off.
        let first = create(request);
        let off = first.as_ref().err().and_then(EngineError::ipv6_off);
        let (done, notes) = match off {
            Some(off) => match tidegate_plan::without_ipv6(request, off.clone()) {
                Ok(request) => (create(&request), vec![ipv4_alone(&off)]),
                Err(refused) => (Err(refused.into()), Vec::new()),
            },
            None => (first, Vec::new()),
        };
        let network = self.counted(done)?;
        tracing::info!(network = %request.name, notes = notes.join(", "), "made a network");
        Ok(NetworkView {
            warnings: warnings::of_network(&network),
            default_allow: default_allow(&self.state(), &network),
            network: network.into(),
            endpoints: Vec::new(),
            one_way_to: Vec::new(),
            one_way_from: Vec::new(),
            degraded: None,
            notes,
        })
    }

    /// Removes a network, with `force` even one with endpoints. Returns the removed network.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn remove_network(&self, name: &Name, force: bool) -> Result<NetworkView, EngineError> {
        let namespaces = match force {
            true => self.namespaces(|state| {
                let network = state.network(name).into_iter();
                let endpoints = network.flat_map(|network| state.endpoints_of(&network.name));
                endpoints.filter_map(path_of).collect()
            }),
            false => OpenNamespaces::default(),
        };
        let done = self.run(namespaces, |_, state| {
            let mut plan = tidegate_plan::remove_network(state, name, force)?;
            let waiting = state.waiting_on(&plan.outcome.name).cloned();
            let ends = waiting.map(Change::StopWaiting);
            plan.change = Change::All([plan.change].into_iter().chain(ends).collect());
            let was = view(state, &plan.outcome);
            Ok(plan.with_outcome(was))
        });
        let was = self.counted(done)?;
        tracing::info!(network = %name, "removed a network");
        Ok(was)
    }

    /// Lets the endpoints of the first network reach those of the second, and back unless it is `one_way`. Returns the
    /// first network.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn connect(
        &self,
        one: &Name,
        other: &Name,
        one_way: bool,
    ) -> Result<NetworkView, EngineError> {
        for name in [one, other] {
            self.revive_for(Some(name), None);
        }
        let done = self.run(OpenNamespaces::default(), |_, state| {
            let plan = tidegate_plan::connect(state, one, other, one_way)?;
            Ok(viewed(state, plan))
        });
        let network = self.counted(done)?;
        tracing::info!(%one, %other, one_way, "connected two networks");
        Ok(network)
    }

    /// Ends that.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn disconnect(&self, one: &Name, other: &Name) -> Result<NetworkView, EngineError> {
        for name in [one, other] {
            self.revive_for(Some(name), None);
        }
        let done = self.run(OpenNamespaces::default(), |_, state| {
            Ok(viewed(state, tidegate_plan::disconnect(state, one, other)?))
        });
        let network = self.counted(done)?;
        tracing::info!(%one, %other, "disconnected two networks");
        Ok(network)
    }

    /// Attaches a namespace to a network. An imported endpoint of that name that waits is attached with what it has,
    /// unless the request says otherwise.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn attach(&self, request: &Attach) -> Result<Endpoint, EngineError> {
        if let Some(path) = request.netns.as_ref().filter(|path| !path.is_absolute()) {
            return Err(EngineError::RelativePath(path.clone()));
        }
        if let Some(waiting) = self.with_waiting(request)? {
            return self.attach_exported(&waiting);
        }
        let endpoint = self.attach_as_is(request)?;
        self.stop_waiting(&endpoint.name)?;
        Ok(endpoint)
    }

    /// Attaches a namespace, even if an endpoint of that name waits for one.
    fn attach_as_is(&self, request: &Attach) -> Result<Endpoint, EngineError> {
        self.revive_for(Some(&request.network), None);
        timed(Stage::Netlink, || self.heal_for(&request.network));
        let namespaces = self.namespaces(|state| {
            let replaced = tidegate_plan::replaced(state, request)
                .into_iter()
                .flatten();
            let replaced = replaced.filter_map(path_of);
            replaced.chain(request.netns.clone()).collect()
        });
        let attach = |off: Option<Ipv6Off>| {
            self.run_with_ports(&namespaces, &request.ports, |backends, state, host| {
                let mut netns = match &request.netns {
                    Some(path) => timed(Stage::Netlink, || backends.links.netns(path))?,
                    None => tidegate_plan::unknown_namespace(),
                };
                let is_ipv6_off = off.is_some();
                netns.ipv6_off = off.clone().or(netns.ipv6_off);
                let host = PortFacts {
                    taken: backends.taken(tidegate_plan::port_names(state))?,
                    ..host.clone()
                };
                self.plan_attach(backends, state, request, &netns, &host, is_ipv6_off)
            })
        };
        // If IPv6 is off only for new interfaces, the kernel's refusal shows it.
        let attach = || {
            let first = attach(None);
            let off = first.as_ref().err().and_then(EngineError::ipv6_off);
            match off {
                Some(off) => attach(Some(off)),
                None => first,
            }
        };
        let mut done = attach();
        for _ in 0..SWEEPS {
            if !done.as_ref().is_err_and(EngineError::is_unswept) {
                break;
            }
            done = self.sweep().and_then(|()| attach());
        }
        let Attached {
            endpoint,
            replaced,
            is_network_new,
        } = self.counted(done)?;
        if is_network_new {
            tracing::info!(network = %endpoint.network, "made the network of an endpoint");
        }
        for name in &replaced {
            tracing::info!(endpoint = %name, by = %endpoint.name, "replaced");
        }
        tracing::info!(endpoint = %endpoint.name, network = %endpoint.network, "attached");
        // The endpoint may have the addresses of those that it replaced.
        if !replaced.is_empty()
            && let Err(error) = self.sweep()
        {
            tracing::warn!(%error, "tracked connections of a replaced endpoint cannot be deleted yet");
        }
        Ok(endpoint)
    }

    /// Removes an endpoint, and returns it.
    ///
    /// # Errors
    /// As [`Self::create_network`].
    pub fn detach(&self, name: &Name) -> Result<Endpoint, EngineError> {
        let namespaces = self.namespaces_of(name);
        let done = self.run(namespaces, |_, state| {
            Ok(tidegate_plan::detach(state, name)?)
        });
        let endpoint = self.counted(done)?;
        tracing::info!(endpoint = %name, "detached");
        Ok(endpoint)
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
    /// If there is none of that name.
    pub fn network(&self, name: &Name) -> Result<NetworkView, EngineError> {
        let find = || {
            let state = self.state();
            let network = state.network(name)?;
            Some((network.clone(), view(&state, network)))
        };
        // The kernel is not asked while the state is locked.
        let (network, view) = find().ok_or_else(|| Refused::NoNetwork(name.clone()))?;
        let warnings = warnings::of_network(&network);
        Ok(NetworkView { warnings, ..view })
    }

    /// Every endpoint, by name, without its resolv.conf.
    pub fn endpoints(&self) -> Vec<EndpointView> {
        let state = self.state();
        let endpoints = state.endpoints.values();
        endpoints.map(|each| names::view(&state, each)).collect()
    }

    /// One endpoint.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn endpoint(&self, name: &Name) -> Result<Endpoint, EngineError> {
        let state = self.state();
        let endpoint = state.endpoints.find(name).cloned();
        Ok(endpoint.ok_or_else(|| tidegate_plan::no_endpoint(&state, name))?)
    }

    /// What happens from now on.
    pub fn events(&self) -> Receiver<Event> {
        self.events.listen()
    }

    /// Ends all event streams: there will be no more events.
    pub fn end_events(&self) {
        self.events.end();
    }

    /// Metrics for Prometheus.
    pub fn metrics(&self) -> String {
        // Before the lock on the state: the list of connections can be long.
        let ports = self.port_samples();
        let seen = Seen {
            state: &self.state(),
            counters: &self.counters,
            repairs: &self.repairs(),
            is_fought: self.fight().is_some(),
            version: env!("CARGO_PKG_VERSION"),
            ports: ports.unwrap_or_default(),
        };
        seen.render()
    }

    /// How many networks and endpoints there are.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.networks.len(), state.endpoints.len())
    }

    /// Puts other pools, free ports and a default allow-list in force, for the commands from now on.
    pub(crate) fn reload(&self, wanted: &Defaults) {
        let _backends = self.backends();
        self.state_mut().allow = wanted.allow.clone();
        let mut defaults = self
            .defaults
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        defaults.pools = wanted.pools.clone();
        defaults.free_ports = wanted.free_ports;
        defaults.allow = wanted.allow.clone();
    }

    fn defaults(&self) -> RwLockReadGuard<'_, Defaults> {
        self.defaults.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pools from which networks get subnets.
    pub fn pools(&self) -> Vec<Pool> {
        let (defaults, state) = (self.defaults(), self.state());
        let of = |family| defaults.pools.of(family, &state).into_owned();
        [of(IpFamily::Ipv4), of(IpFamily::Ipv6)].concat()
    }

    fn reasons(&self) -> MutexGuard<'_, BTreeMap<Name, String>> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a command once, after its last attempt.
    fn counted<T>(&self, done: Result<T, EngineError>) -> Result<T, EngineError> {
        count(match &done {
            Ok(_) => &self.counters.done,
            Err(error) if error.kind().is_users() => &self.counters.refused,
            Err(_) => &self.counters.failed,
        });
        done
    }

    /// Plans and carries out one command while no other runs.
    ///
    /// `namespaces` are the namespaces of the command. They are opened before, because a path can hang, and all other
    /// commands wait for the lock.
    fn run<T>(
        &self,
        namespaces: OpenNamespaces,
        plan: impl FnOnce(&mut Backends, &State) -> Result<Plan<T>, EngineError>,
    ) -> Result<T, EngineError> {
        let mut backends = timed(Stage::Wait, || self.backends());
        if self.is_torn_down() {
            return Err(EngineError::TornDown);
        }
        backends.links.keep_open(namespaces);
        let done = self.run_in_turn(&mut backends, plan);
        // An open namespace stays alive.
        backends.links.keep_open(OpenNamespaces::default());
        done
    }

    /// As [`Self::run`], for a caller that has the turn already.
    fn run_in_turn<T>(
        &self,
        backends: &mut Backends,
        plan: impl FnOnce(&mut Backends, &State) -> Result<Plan<T>, EngineError>,
    ) -> Result<T, EngineError> {
        self.commands.fetch_add(1, Ordering::SeqCst);
        let passed = self.past.count();
        // Only the holder of the kernel lock writes the state, so it does not change before.
        let before = self.state();
        let plan = timed(Stage::Plan, || plan(backends, &before))?;
        if plan.is_nothing() {
            return Ok(plan.outcome);
        }
        backends.carry_out(&before, &plan)?;
        drop(before);
        let is_passed = self.past.change_state(passed, || {
            self.state_mut().apply(&plan.change);
        });
        self.catch_up(backends, is_passed);
        // Before the answer and in the order of the changes, because the kernel lock is still held.
        self.names.tell(tidegate_resolver::of_change(&plan.change));
        self.sweeps.note(plan.stale);
        for happening in Happening::of(&plan.change) {
            self.events.tell(happening);
        }
        Ok(plan.outcome)
    }

    /// Replaces the table again if a repair replaced it during this command ([`past`]).
    fn catch_up(&self, backends: &mut Backends, is_passed: bool) {
        if is_passed && let Err(error) = backends.restore(&self.state()) {
            tracing::error!(causes = ?causes(&error), "the table may lack the last change: {error}");
        }
    }

    /// Opens the namespace of an endpoint for a command.
    fn namespaces_of(&self, name: &Name) -> OpenNamespaces {
        self.namespaces(|state| {
            let endpoint = state.endpoints.find(name);
            endpoint.and_then(path_of).into_iter().collect()
        })
    }

    /// Opens namespaces whose paths are in the state, without holding a lock.
    fn namespaces(&self, paths: impl FnOnce(&State) -> Vec<PathBuf>) -> OpenNamespaces {
        let paths = paths(&self.state());
        timed(Stage::Netlink, || OpenNamespaces::open(paths))
    }

    /// Whether commands make progress: none has held the lock for that long.
    pub(crate) fn takes_turns(&self, time_limit: Duration) -> bool {
        self.backends.take_within(time_limit).is_some()
    }

    /// A command that panicked did not change the state.
    fn backends(&self) -> Held<'_, Backends> {
        self.backends.take()
    }

    /// Only the holder of the kernel lock may write.
    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path of an endpoint's namespace, if there is one.
fn path_of(endpoint: &Endpoint) -> Option<PathBuf> {
    endpoint.place.path().map(Path::to_owned)
}

/// A network as the API shows it.
fn view(state: &State, network: &Network) -> NetworkView {
    view_among(state, network, state.networks.values())
}

/// The list of the configuration, where it applies.
fn default_allow(state: &State, network: &Network) -> AllowList {
    match network.allow.is_empty() {
        true => state.allow.clone(),
        false => AllowList::default(),
    }
}

/// The first of two changed networks as the API shows it.
fn viewed(state: &State, plan: Plan<[Network; 2]>) -> Plan<NetworkView> {
    let [one, other] = &plan.outcome;
    let others = state.networks.values().filter(|it| it.name != other.name);
    let view = view_among(state, one, others.chain([other]));
    plan.with_outcome(view)
}

/// A network among all networks, as the API shows it.
fn view_among<'a>(
    state: &State,
    network: &Network,
    networks: impl Iterator<Item = &'a Network>,
) -> NetworkView {
    let name = &network.name;
    let (mut one_way_to, mut one_way_from) = (Vec::new(), Vec::new());
    for other in networks {
        match (
            network.peers.contains(&other.name),
            other.peers.contains(name),
        ) {
            (true, false) => one_way_to.push(other.name.clone()),
            (false, true) => one_way_from.push(other.name.clone()),
            (true, true) | (false, false) => {}
        }
    }
    NetworkView {
        default_allow: default_allow(state, network),
        network: network.clone().into(),
        endpoints: state.endpoints_of(name).map(|e| e.name.clone()).collect(),
        one_way_to,
        one_way_from,
        degraded: state.degraded.networks.get(name).cloned().map(Into::into),
        notes: Vec::new(),
        warnings: Vec::new(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
