//! Events for listeners.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tidegate_api::event::{Event, Happening};
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// How many events wait for a slow listener; it misses further ones.
const WAITING: usize = 1024;

/// Milliseconds since 1970-01-01 UTC.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// A broadcast of events to all listeners.
#[derive(Debug)]
pub(super) struct Events(Mutex<Option<Sender<Event>>>);

impl Default for Events {
    fn default() -> Self {
        Self(Mutex::new(Some(channel(WAITING).0)))
    }
}

impl Events {
    /// Sends an event to the current listeners.
    pub(super) fn tell(&self, what: Happening) {
        let time = now();
        if let Some(sender) = &*self.sender() {
            // It is not an error if nobody listens.
            let _ = sender.send(Event { time, what });
        }
    }

    /// The events from now on; none after the end.
    pub(super) fn listen(&self) -> Receiver<Event> {
        match &*self.sender() {
            Some(sender) => sender.subscribe(),
            None => channel(1).1,
        }
    }

    /// Ends the streams of all listeners after their last event.
    pub(super) fn end(&self) {
        self.sender().take();
    }

    fn sender(&self) -> std::sync::MutexGuard<'_, Option<Sender<Event>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
