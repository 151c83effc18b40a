//! Events as they happen: one JSON object a line, until the client or the daemon goes.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tidegate_api::event::{Event, Happening};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Daemon;
use super::acceptor::who;
use super::answer::Denied;
use super::aside::aside;
use super::places::{Limits, Room, Slot};

/// The most listeners at once: fewer than connections, because they may stay for ever.
pub(super) const LISTENERS: Limits = Limits {
    root: room(64),
    others: room(64),
    each: room(16),
};

const fn room(places: usize) -> Room {
    Room {
        attended: places,
        open: places,
    }
}

/// What somebody hears, for as long as they have a place.
struct Subscription {
    events: Receiver<Event>,
    _place: Slot,
}

pub(super) async fn events(daemon: Daemon, (): ()) -> Response {
    let Some(place) = daemon.listeners.enter(who()) else {
        return Denied::too_many_listeners().into_response();
    };
    let engine = daemon.engine;
    let (known, events) = match aside(move || engine.events_with_degraded()).await {
        Ok(heard) => heard,
        Err(denied) => return denied.into_response(),
    };
    // Who comes later is to know of it too.
    let known: Vec<_> = known.iter().map(|event| Ok(line(event))).collect();
    let known = futures_util::stream::iter(known);
    let subscription = Subscription {
        events,
        _place: place,
    };
    let stream = known.chain(futures_util::stream::unfold(subscription, next));
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (kind, Body::from_stream(stream)).into_response()
}

/// The next line.
async fn next(mut subscription: Subscription) -> Option<(Result<Bytes, Infallible>, Subscription)> {
    let line = match subscription.events.recv().await {
        Ok(event) => line(&event),
        // It happened when what comes next did, as near as can be told.
        Err(RecvError::Lagged(missed)) => line(&Event {
            time: 0,
            what: Happening::Missed { events: missed },
        }),
        Err(RecvError::Closed) => return None,
    };
    Some((Ok(line), subscription))
}

fn line(event: &Event) -> Bytes {
    format!("{}\n", serde_json::json!(event)).into()
}
