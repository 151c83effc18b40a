//! The HTTP API of [`tidegate_api`].

mod acceptor;
mod answer;
mod aside;
mod connection;
mod docker;
mod events;
mod handlers;
mod metrics_at;
mod peer;
mod places;
mod request;
mod serve;
mod timings;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::middleware;
use rustix::process::{Signal, getpid, kill_process};
use tidegate_api::calls::{
    AddEndpoint, AddNetwork, CheckEndpoint, CheckImport, CollectEndpoints, CollectOwned,
    ConnectNetwork, DeleteEndpoint, DeleteNetwork, DetachOwned, DisconnectNetwork, ExplainPacket,
    ForgetWaiting, GetDiagnosis, GetEndpoint, GetExport, GetInfo, GetLiveRuleset, GetNetwork,
    GetPlannedRuleset, GetRemovable, GetRulesetDiff, GetTraffic, ImportAll, ListEndpoints,
    ListNetworks, ListWaiting, ProposeFreeSubnets, PublishPorts, TearDownAll, UnpublishPorts,
    WatchEvents,
};
use tidegate_api::doctor::Diagnosis;
use tidegate_api::explain::{Explanation, Question};
use tidegate_api::traffic::Traffic;
use tidegate_api::{
    Attach, Body, Build, CreateNetwork, Endpoint, EndpointCheck, EndpointView, Export, Imported,
    Info, NetworkView, OwnedEndpoints, Peer, Ports, PortsView, ProposeSubnets, ProposedSubnets,
    Publish, Query, RefusalCode, Removable, RemoveEndpoint, RemoveNetwork, RulesetDiff,
    RulesetText, SettingOrigin, SettingsInfo, TearDown, TornDown, UnusedEndpoints, WaitingEndpoint,
};
use tidegate_link::Gone;
use tidegate_model::Name;
use tidegate_plan::Pool;

use tracing::Span;

use crate::driver::InUse;
use crate::engine::{Engine, EngineError};
use crate::reload::InForce;
use crate::resolver::{RESOLV_CONF, upstreams_now};
use crate::timing::recorded;
use answer::{Answer, Denied, answer};
use aside::aside;
use connection::outcome;
use handlers::Handlers;
use places::Places;

pub(crate) use docker::docker_router;
pub use metrics_at::MetricsAt;
pub(crate) use metrics_at::metrics_router;
pub use serve::serve;

/// What the daemon is, apart from its engine.
#[derive(Clone, Debug)]
pub struct About {
    /// How it was built.
    pub build: Build,
    /// The nft driver in use.
    pub driver: InUse,
    /// The kernel's release.
    pub kernel: String,
    /// Its socket.
    pub socket: PathBuf,
    /// The socket of Docker's network driver, if there is one.
    pub docker_socket: Option<PathBuf>,
    /// Its state folder.
    pub state_dir: PathBuf,
    /// The settings in force.
    pub in_force: InForce,
}

impl About {
    /// What it is, with the counts and states of the engine.
    fn info(self, engine: &Engine) -> Info {
        let (networks, endpoints) = engine.counts();
        let sockets = (self.socket.clone(), self.docker_socket);
        Info {
            build: self.build,
            driver: self.driver.get(),
            kernel: self.kernel,
            socket: self.socket,
            state_dir: self.state_dir,
            networks,
            endpoints,
            names: Some(engine.names_info()),
            fight: engine.fight(),
            repairs: Some(engine.repairs()),
            degraded: engine.degraded().into(),
            forwarding: Some(engine.forwarding_info()),
            settings: Some(settings_info(&self.in_force, sockets, engine.pools())),
            waiting: engine.waiting(),
        }
    }
}

/// The settings in force, as text.
fn settings_info(
    in_force: &InForce,
    (socket, docker_socket): (PathBuf, Option<PathBuf>),
    pools: Vec<Pool>,
) -> SettingsInfo {
    let mut settings = in_force.settings();
    let mut handed_over = |key| {
        settings.origins.insert(key, SettingOrigin::ServiceManager);
    };
    if settings.socket != socket {
        handed_over("socket");
        settings.socket = socket;
    }
    if docker_socket.is_some() && settings.docker_socket != docker_socket {
        handed_over("docker.plugin-socket");
        settings.docker_socket = docker_socket;
    }
    let set = &settings.dns.upstreams;
    SettingsInfo {
        all: settings.shown(),
        pools: pools.iter().map(ToString::to_string).collect(),
        upstreams: upstreams_now(set),
        upstreams_of: match set.is_empty() {
            true => RESOLV_CONF.to_owned(),
            false => "dns.upstreams".to_owned(),
        },
        file: settings.file,
        pending: in_force.pending().into_iter().map(str::to_owned).collect(),
    }
}

/// What every call works with.
#[derive(Clone)]
struct Daemon {
    engine: Arc<Engine>,
    about: Arc<About>,
    listeners: Arc<Places>,
}

/// The API over an engine.
pub fn router(engine: Arc<Engine>, about: About) -> Router {
    handlers()
        .router
        .fallback(|| async { Denied::not_found() })
        .method_not_allowed_fallback(|| async { Denied::not_allowed() })
        .layer(middleware::from_fn(timings::tell))
        .with_state(Daemon {
            engine,
            about: Arc::new(about),
            listeners: Arc::new(Places::new(events::LISTENERS)),
        })
}

/// What answers each call of [`tidegate_api::calls::ROUTES`].
fn handlers() -> Handlers {
    Handlers::default()
        .json::<GetInfo, _>(info)
        .json::<ListNetworks, _>(networks)
        .json::<AddNetwork, _>(create_network)
        .json::<GetNetwork, _>(network)
        .json::<DeleteNetwork, _>(remove_network)
        .json::<ConnectNetwork, _>(connect)
        .json::<DisconnectNetwork, _>(disconnect)
        .json::<ListEndpoints, _>(endpoints)
        .json::<AddEndpoint, _>(attach)
        .json::<GetEndpoint, _>(endpoint)
        .json::<CheckEndpoint, _>(check_endpoint)
        .json::<DeleteEndpoint, _>(detach)
        .json::<PublishPorts, _>(publish)
        .json::<UnpublishPorts, _>(unpublish)
        .json::<CollectEndpoints, _>(gc)
        .json::<DetachOwned, _>(detach_owned)
        .json::<CollectOwned, _>(collect_owned)
        .json::<ProposeFreeSubnets, _>(propose_subnets)
        .json::<GetExport, _>(export)
        .json::<ImportAll, _>(import)
        .json::<CheckImport, _>(check_import)
        .json::<ListWaiting, _>(waiting)
        .json::<ForgetWaiting, _>(forget_waiting)
        .json::<GetRemovable, _>(removable)
        .json::<TearDownAll, _>(tear_down)
        .lines::<WatchEvents, _>(events::events)
        .json::<GetDiagnosis, _>(doctor)
        .json::<ExplainPacket, _>(explain)
        .json::<GetTraffic, _>(traffic)
        .json::<GetPlannedRuleset, _>(planned_ruleset)
        .json::<GetLiveRuleset, _>(live_ruleset)
        .json::<GetRulesetDiff, _>(ruleset_diff)
}

impl Daemon {
    /// Runs work of the engine, so that other calls continue. It completes even if the client disconnects. A client whose
    /// call does not end soon after a stop is told so.
    async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Answer<T> {
        answer(work_of(self.engine, work).await?)
    }
}

async fn work_of<T: Send + 'static, E: Send + 'static>(
    engine: Arc<Engine>,
    work: impl FnOnce(&Engine) -> Result<T, E> + Send + 'static,
) -> Result<Result<T, E>, Denied> {
    // What is logged meanwhile is logged with who asked for it.
    let client = Span::current();
    let work = move || client.in_scope(|| recorded(|| work(&engine)));
    let done = outcome(aside(work)).await;
    let (result, spent) = done.ok_or_else(Denied::stopping)??;
    timings::note(spent);
    Ok(result)
}

async fn info(daemon: Daemon, (): ()) -> Answer<Info> {
    let about = daemon.about.as_ref().clone();
    daemon.work(move |engine| Ok(about.info(engine))).await
}

async fn networks(daemon: Daemon, (): ()) -> Answer<Vec<NetworkView>> {
    daemon.work(|engine| Ok(engine.networks())).await
}

async fn network(daemon: Daemon, name: Name) -> Answer<NetworkView> {
    daemon.work(move |engine| engine.network(&name)).await
}

async fn create_network(daemon: Daemon, Body(wanted): Body<CreateNetwork>) -> Answer<NetworkView> {
    daemon
        .work(move |engine| engine.create_network(&wanted))
        .await
}

async fn remove_network(
    daemon: Daemon,
    (name, Query(RemoveNetwork { force })): (Name, Query<RemoveNetwork>),
) -> Answer<NetworkView> {
    daemon
        .work(move |engine| engine.remove_network(&name, force))
        .await
}

async fn connect(
    daemon: Daemon,
    (name, Body(Peer { network, one_way })): (Name, Body<Peer>),
) -> Answer<NetworkView> {
    daemon
        .work(move |engine| engine.connect(&name, &network, one_way))
        .await
}

async fn disconnect(
    daemon: Daemon,
    (name, Body(Peer { network, .. })): (Name, Body<Peer>),
) -> Answer<NetworkView> {
    daemon
        .work(move |engine| engine.disconnect(&name, &network))
        .await
}

async fn endpoints(daemon: Daemon, (): ()) -> Answer<Vec<EndpointView>> {
    daemon.work(|engine| Ok(engine.endpoints())).await
}

async fn endpoint(daemon: Daemon, name: Name) -> Answer<EndpointView> {
    daemon
        .work(move |engine| Ok(engine.view_endpoint(engine.endpoint(&name)?)))
        .await
}

async fn check_endpoint(daemon: Daemon, name: Name) -> Answer<EndpointCheck> {
    daemon
        .work(move |engine| engine.check_endpoint(&name))
        .await
}

async fn attach(daemon: Daemon, Body(wanted): Body<Attach>) -> Answer<EndpointView> {
    daemon
        .work(move |engine| Ok(engine.view_endpoint(engine.attach(&wanted)?)))
        .await
}

async fn detach(
    daemon: Daemon,
    (name, Query(RemoveEndpoint { if_exists })): (Name, Query<RemoveEndpoint>),
) -> Answer<Option<Endpoint>> {
    daemon
        .work(move |engine| match engine.detach(&name) {
            Err(error) if if_exists && error.code() == RefusalCode::NoSuchEndpoint => Ok(None),
            done => Ok(Some(done?.into())),
        })
        .await
}

async fn gc(daemon: Daemon, (): ()) -> Answer<Vec<Endpoint>> {
    daemon
        .work(|engine| Ok(told(engine.collect(&Gone::Any)?)))
        .await
}

async fn detach_owned(daemon: Daemon, Body(wanted): Body<OwnedEndpoints>) -> Answer<Vec<Endpoint>> {
    daemon
        .work(move |engine| Ok(told(engine.detach_owned(&wanted)?)))
        .await
}

async fn collect_owned(
    daemon: Daemon,
    Body(wanted): Body<UnusedEndpoints>,
) -> Answer<Vec<Endpoint>> {
    daemon
        .work(move |engine| Ok(told(engine.collect_owned(&wanted)?)))
        .await
}

/// Removed endpoints, as the API has them.
fn told(removed: Vec<tidegate_model::Endpoint>) -> Vec<Endpoint> {
    removed.into_iter().map(Endpoint::from).collect()
}

async fn propose_subnets(
    daemon: Daemon,
    Body(wanted): Body<ProposeSubnets>,
) -> Answer<ProposedSubnets> {
    daemon
        .work(move |engine| engine.propose_subnets(&wanted))
        .await
}

async fn export(daemon: Daemon, (): ()) -> Answer<Export> {
    daemon.work(|engine| Ok(engine.export())).await
}

async fn import(daemon: Daemon, Body(document): Body<Export>) -> Answer<Imported> {
    daemon.work(move |engine| engine.import(&document)).await
}

async fn check_import(daemon: Daemon, Body(document): Body<Export>) -> Answer<Imported> {
    daemon
        .work(move |engine| engine.would_import(&document))
        .await
}

async fn waiting(daemon: Daemon, (): ()) -> Answer<Vec<WaitingEndpoint>> {
    daemon.work(|engine| Ok(engine.waiting())).await
}

async fn forget_waiting(daemon: Daemon, name: Name) -> Answer<WaitingEndpoint> {
    daemon
        .work(move |engine| engine.forget_waiting(&name))
        .await
}

async fn removable(daemon: Daemon, (): ()) -> Answer<Removable> {
    daemon.work(Engine::removable).await
}

/// The daemon stops afterwards, and answers before: the connection of a call that was begun stays.
async fn tear_down(daemon: Daemon, Body(TearDown { force }): Body<TearDown>) -> Answer<TornDown> {
    let answer = daemon.work(move |engine| engine.tear_down(force)).await;
    if answer.is_ok()
        && let Err(error) = kill_process(getpid(), Signal::TERM)
    {
        tracing::error!(%error, "everything was removed, and the daemon cannot be stopped");
    }
    answer
}

async fn doctor(daemon: Daemon, (): ()) -> Answer<Diagnosis> {
    daemon.work(Engine::doctor).await
}

async fn traffic(daemon: Daemon, (): ()) -> Answer<Traffic> {
    daemon.work(Engine::traffic).await
}

async fn explain(daemon: Daemon, Body(question): Body<Question>) -> Answer<Explanation> {
    daemon.work(move |engine| engine.explain(&question)).await
}

async fn publish(daemon: Daemon, (name, Body(wanted)): (Name, Body<Publish>)) -> Answer<PortsView> {
    daemon
        .work(move |engine| Ok(engine.view_changed(engine.publish(&name, &wanted)?)))
        .await
}

async fn unpublish(
    daemon: Daemon,
    (name, Body(Ports { ports })): (Name, Body<Ports>),
) -> Answer<PortsView> {
    daemon
        .work(move |engine| Ok(engine.view_changed(engine.unpublish(&name, &ports)?)))
        .await
}

async fn planned_ruleset(daemon: Daemon, (): ()) -> Answer<RulesetText> {
    daemon
        .work(|engine| {
            Ok(RulesetText {
                text: engine.planned_ruleset(),
            })
        })
        .await
}

async fn live_ruleset(daemon: Daemon, (): ()) -> Answer<RulesetText> {
    daemon
        .work(|engine| {
            Ok(RulesetText {
                text: engine.live_ruleset()?,
            })
        })
        .await
}

async fn ruleset_diff(daemon: Daemon, (): ()) -> Answer<RulesetDiff> {
    daemon
        .work(|engine| {
            Ok(RulesetDiff {
                differences: engine.ruleset_differences()?,
            })
        })
        .await
}

#[cfg(test)]
mod tests;
