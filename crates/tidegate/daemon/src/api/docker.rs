//! Docker's network driver: [`tidegate_engines::docker`], carried out.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use error_hint::{Failure, Hint, causes};
use tidegate_api::{OwnedEndpoints, Publish, RefusalCode};
use tidegate_engines::Refused;
use tidegate_engines::docker::{Asked, CONTENT_TYPE, DONE, failed, read};
use tidegate_model::{Name, PortRequest, in_ranges};
use tokio::time::timeout;

use super::work_of;
use crate::engine::{Engine, EngineError};

/// Longest request, in bytes: a container with a range of 65,535 published ports has one of 8 MB.
const BODY: usize = 16 << 20;

/// How long Docker may take to send a request.
const TIME: Duration = Duration::from_secs(10);

/// What Docker calls a driver with, over an engine.
pub(crate) fn docker_router(engine: Arc<Engine>) -> Router {
    Router::new().fallback(serve).with_state(engine)
}

/// Why a request is not served.
#[derive(Debug, thiserror::Error)]
enum Unserved {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Hint for Unserved {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Refused(refused) => refused.hint(),
            Self::Engine(error) => error.hint(),
        }
    }
}

async fn serve(State(engine): State<Arc<Engine>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match timeout(TIME, to_bytes(body, BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => {
            return refused(&Failure::of(&error).context("cannot read the request"));
        }
        Err(_) => {
            let message = format!("the request was not complete within {TIME:?}");
            return refused(&Failure::new(message));
        }
    };
    let asked = match read(parts.uri.path(), &body) {
        // Docker takes this as "not implemented".
        None => return StatusCode::NOT_FOUND.into_response(),
        Some(Err(why)) => return refused(&(&why).into()),
        Some(Ok(Asked::Answer(answer))) => return answered(answer),
        Some(Ok(asked)) => asked,
    };
    match work_of(engine, move |engine| carry_out(engine, asked)).await {
        Ok(Ok(answer)) => answered(answer),
        Ok(Err(why)) => {
            if let Unserved::Engine(error) = &why
                && !error.kind().is_users()
            {
                tracing::error!(causes = ?causes(error), "{error}");
            }
            refused(&why.into())
        }
        Err(denied) => refused(&denied.failure()),
    }
}

/// Does what Docker asks for, and returns the answer.
fn carry_out(engine: &Engine, asked: Asked) -> Result<String, Unserved> {
    match asked {
        Asked::Answer(answer) => return Ok(answer),
        Asked::CreateNetwork(wanted) => {
            engine.create_network(&wanted)?;
        }
        Asked::DeleteNetwork(name) => {
            // With what was left on it when dockerd was killed.
            unless_gone(
                engine.remove_network(&name, true),
                RefusalCode::NoSuchNetwork,
            )?;
        }
        Asked::CreateEndpoint(wanted) => {
            let made = engine.attach(&wanted.request)?;
            return Ok(wanted.answer(&engine.view_endpoint(made)));
        }
        Asked::Join(join) => {
            let endpoint = engine.view_endpoint(engine.endpoint(&join.endpoint)?);
            return Ok(join.answer(&endpoint, &engine.network(&join.network)?)?);
        }
        Asked::Publish { endpoint, ports } => {
            unpublish(engine, &endpoint)?;
            if !ports.is_empty() {
                engine.publish(&endpoint, &Publish::from(ports))?;
            }
        }
        Asked::Unpublish(endpoint) => {
            unless_gone(unpublish(engine, &endpoint), RefusalCode::NoSuchEndpoint)?;
        }
        Asked::DeleteEndpoint(owner) => {
            let network = None;
            engine.detach_owned(&OwnedEndpoints { owner, network })?;
        }
    }
    Ok(DONE.to_owned())
}

/// Withdraws all ports of an endpoint.
fn unpublish(engine: &Engine, name: &Name) -> Result<(), EngineError> {
    let ports = engine.endpoint(name)?.ports;
    if !ports.is_empty() {
        let ranges = in_ranges(ports.into_iter().map(|port| ((), port)));
        let ports: Vec<PortRequest> = ranges.into_iter().map(|run| run.range).collect();
        engine.unpublish(name, &ports)?;
    }
    Ok(())
}

/// Success, if the only failure is that the object is gone.
fn unless_gone<T>(done: Result<T, EngineError>, gone: RefusalCode) -> Result<(), EngineError> {
    match done {
        Err(error) if error.code() == gone => Ok(()),
        done => done.map(drop),
    }
}

fn answered(text: String) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
}

/// Docker reads why only from an answer with the status of success.
fn refused(why: &Failure) -> Response {
    answered(failed(why))
}
