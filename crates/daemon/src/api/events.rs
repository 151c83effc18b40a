//! Events as they happen: one JSON object a line, until the client or the daemon goes.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tidegate_model::event::{Event, Happening};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Daemon;

pub(super) async fn events(State(daemon): State<Daemon>) -> Response {
    let stream = futures_util::stream::unfold(daemon.engine.events(), next);
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (kind, Body::from_stream(stream)).into_response()
}

/// The next line.
async fn next(mut events: Receiver<Event>) -> Option<(Result<Bytes, Infallible>, Receiver<Event>)> {
    let line = match events.recv().await {
        Ok(event) => line(&event),
        // It happened when what comes next did, as near as can be told.
        Err(RecvError::Lagged(missed)) => line(&Event {
            time: 0,
            what: Happening::Missed { events: missed },
        }),
        Err(RecvError::Closed) => return None,
    };
    Some((Ok(line), events))
}

fn line(event: &Event) -> Bytes {
    format!("{}\n", serde_json::json!(event)).into()
}
