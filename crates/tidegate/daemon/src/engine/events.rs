//! Telling whoever listens what happened.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tidegate_api::event::{Event, Happening};
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// How many events wait for a listener that is slow; it misses those beyond.
const WAITING: usize = 1024;

/// Milliseconds since 1970-01-01 UTC.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// What happened, to as many listeners as there are.
#[derive(Debug)]
pub(super) struct Events(Mutex<Option<Sender<Event>>>);

impl Default for Events {
    fn default() -> Self {
        Self(Mutex::new(Some(channel(WAITING).0)))
    }
}

impl Events {
    /// Tells it to those who listen now.
    pub(super) fn tell(&self, what: Happening) {
        let time = now();
        if let Some(sender) = &*self.sender() {
            // That nobody listens is no failure.
            let _ = sender.send(Event { time, what });
        }
    }

    /// What happens from now on; nothing once it is over.
    pub(super) fn listen(&self) -> Receiver<Event> {
        match &*self.sender() {
            Some(sender) => sender.subscribe(),
            None => channel(1).1,
        }
    }

    /// Lets every listener hear its last and go.
    pub(super) fn end(&self) {
        self.sender().take();
    }

    fn sender(&self) -> std::sync::MutexGuard<'_, Option<Sender<Event>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
