//! The HTTP API of [`tidegate_model::api`].

mod acceptor;
mod answer;
mod connection;
mod events;
mod metrics_at;
mod peer;
mod places;
mod request;
mod serve;
mod timings;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware;
use axum::routing::{get, post};
use tidegate_link::Gone;
use tidegate_model::Endpoint;
use tidegate_model::api::{
    Attach, Build, CreateNetwork, EndpointView, Info, NetworkView, Peer, Ports, Publish,
    RemoveNetwork, RulesetDiff, RulesetText,
};
use tidegate_model::doctor::Diagnosis;
use tidegate_model::explain::{Explanation, Question};
use tidegate_model::traffic::Traffic;

use tracing::Span;

use crate::driver::InUse;
use crate::engine::{Engine, EngineError};
use crate::timing::recorded;
use answer::{Answer, Denied, answer};
use places::Places;
use request::{InQuery, JsonBody, NameInPath};

pub use metrics_at::MetricsAt;
pub(crate) use metrics_at::metrics_router;
pub use serve::serve;

/// Longest request body, in bytes. The longest sensible one, an attach with thousands of
/// published ports, is well below.
const BODY_LIMIT: usize = 1 << 20;

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
    /// Its state folder.
    pub state_dir: PathBuf,
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
    Router::new()
        .route("/v1/info", get(info))
        .route("/v1/networks", get(networks).post(create_network))
        .route("/v1/networks/{name}", get(network).delete(remove_network))
        .route("/v1/networks/{name}/connect", post(connect))
        .route("/v1/networks/{name}/disconnect", post(disconnect))
        .route("/v1/endpoints", get(endpoints).post(attach))
        .route("/v1/endpoints/{name}", get(endpoint).delete(detach))
        .route("/v1/gc", post(gc))
        .route("/v1/events", get(events::events))
        .route("/v1/doctor", get(doctor))
        .route("/v1/explain", post(explain))
        .route("/v1/traffic", get(traffic))
        .route("/v1/endpoints/{name}/publish", post(publish))
        .route("/v1/endpoints/{name}/unpublish", post(unpublish))
        .route("/v1/ruleset/planned", get(planned_ruleset))
        .route("/v1/ruleset/live", get(live_ruleset))
        .route("/v1/ruleset/diff", get(ruleset_diff))
        .fallback(|| async { Denied::not_found() })
        .method_not_allowed_fallback(|| async { Denied::not_allowed() })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(timings::tell))
        .with_state(Daemon {
            engine,
            about: Arc::new(about),
            listeners: Arc::new(Places::new(events::LISTENERS)),
        })
}

impl Daemon {
    /// Has the engine do something that may take its time, without holding up other calls. It is
    /// done to the end even if the client goes away.
    async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Answer<T> {
        // What is logged meanwhile is logged with who asked for it.
        let client = Span::current();
        let work = move || client.in_scope(|| recorded(|| work(&self.engine)));
        let done = tokio::task::spawn_blocking(work).await;
        match done {
            Ok((result, spent)) => {
                timings::note(spent);
                answer(result)
            }
            Err(_) => Err(Denied::panicked()),
        }
    }
}

async fn info(State(daemon): State<Daemon>) -> Answer<Info> {
    let About {
        build,
        driver,
        kernel,
        socket,
        state_dir,
    } = daemon.about.as_ref().clone();
    let (networks, endpoints) = daemon.engine.counts();
    answer(Ok(Info {
        build,
        driver: driver.get(),
        kernel,
        socket,
        state_dir,
        networks,
        endpoints,
        names: Some(daemon.engine.names_info()),
        fight: daemon.engine.fight(),
        degraded: daemon.engine.degraded(),
        forwarding: Some(daemon.engine.forwarding_info()),
    }))
}

async fn networks(State(daemon): State<Daemon>) -> Answer<Vec<NetworkView>> {
    answer(Ok(daemon.engine.networks()))
}

async fn network(
    State(daemon): State<Daemon>,
    NameInPath(name): NameInPath,
) -> Answer<NetworkView> {
    answer(daemon.engine.network(&name))
}

async fn create_network(
    State(daemon): State<Daemon>,
    JsonBody(wanted): JsonBody<CreateNetwork>,
) -> Answer<NetworkView> {
    daemon
        .work(move |engine| engine.create_network(&wanted))
        .await
}

async fn remove_network(
    State(daemon): State<Daemon>,
    NameInPath(name): NameInPath,
    InQuery(RemoveNetwork { force }): InQuery<RemoveNetwork>,
) -> Answer<NetworkView> {
    daemon
        .work(move |engine| engine.remove_network(&name, force))
        .await
}

async fn connect(
    State(daemon): State<Daemon>,
    NameInPath(name): NameInPath,
    JsonBody(Peer { network }): JsonBody<Peer>,
) -> Answer<NetworkView> {
    daemon
        .work(move |engine| engine.connect(&name, &network))
        .await
}

async fn disconnect(
    State(daemon): State<Daemon>,
    NameInPath(name): NameInPath,
    JsonBody(Peer { network }): JsonBody<Peer>,
) -> Answer<NetworkView> {
    daemon
        .work(move |engine| engine.disconnect(&name, &network))
        .await
}

async fn endpoints(State(daemon): State<Daemon>) -> Answer<Vec<EndpointView>> {
    answer(Ok(daemon.engine.endpoints()))
}

async fn endpoint(
    State(daemon): State<Daemon>,
    NameInPath(name): NameInPath,
) -> Answer<EndpointView> {
    daemon
        .work(move |engine| Ok(engine.view_endpoint(engine.endpoint(&name)?)))
        .await
}

async fn attach(
    State(daemon): State<Daemon>,
    JsonBody(wanted): JsonBody<Attach>,
) -> Answer<EndpointView> {
    daemon
        .work(move |engine| Ok(engine.view_endpoint(engine.attach(&wanted)?)))
        .await
}

async fn detach(State(daemon): State<Daemon>, NameInPath(name): NameInPath) -> Answer<Endpoint> {
    daemon.work(move |engine| engine.detach(&name)).await
}

async fn gc(State(daemon): State<Daemon>) -> Answer<Vec<Endpoint>> {
    daemon.work(|engine| engine.collect(&Gone::Any)).await
}

async fn doctor(State(daemon): State<Daemon>) -> Answer<Diagnosis> {
    daemon.work(Engine::doctor).await
}

async fn traffic(State(daemon): State<Daemon>) -> Answer<Traffic> {
    daemon.work(Engine::traffic).await
}

async fn explain(
    State(daemon): State<Daemon>,
    JsonBody(question): JsonBody<Question>,
) -> Answer<Explanation> {
    daemon.work(move |engine| engine.explain(&question)).await
}

async fn publish(
    State(daemon): State<Daemon>,
    NameInPath(name): NameInPath,
    JsonBody(wanted): JsonBody<Publish>,
) -> Answer<Endpoint> {
    daemon
        .work(move |engine| engine.publish(&name, &wanted))
        .await
}

async fn unpublish(
    State(daemon): State<Daemon>,
    NameInPath(name): NameInPath,
    JsonBody(Ports { ports }): JsonBody<Ports>,
) -> Answer<Endpoint> {
    daemon
        .work(move |engine| engine.unpublish(&name, &ports))
        .await
}

async fn planned_ruleset(State(daemon): State<Daemon>) -> Answer<RulesetText> {
    daemon
        .work(|engine| {
            Ok(RulesetText {
                text: engine.planned_ruleset(),
            })
        })
        .await
}

async fn live_ruleset(State(daemon): State<Daemon>) -> Answer<RulesetText> {
    daemon
        .work(|engine| {
            Ok(RulesetText {
                text: engine.live_ruleset()?,
            })
        })
        .await
}

async fn ruleset_diff(State(daemon): State<Daemon>) -> Answer<RulesetDiff> {
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
