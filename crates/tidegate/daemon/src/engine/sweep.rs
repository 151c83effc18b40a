//! Forgetting tracked connections that are no longer what the table would make of them.
//!
//! One walk over all that the kernel tracks costs milliseconds, however little is to be forgotten. So commands do not
//! wait for it: what they leave behind is noted, and a thread walks once for all that came together
//! ([`sweeper`](crate::sweeper)). Until then no endpoint gets an address of which old connections are tracked.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use tidegate_link::Connections;
use tidegate_plan::{StaleConnections, Sweep};

use super::{Engine, EngineError};

/// How long nothing more must have been noted before a walk.
const QUIET: Duration = Duration::from_millis(50);
/// How long what was noted waits for that.
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// What is to be swept, and what sweeps it.
pub(crate) struct Sweeps {
    /// Held for as long as a walk lasts.
    connections: Mutex<Box<dyn Connections>>,
    waiting: Mutex<Waiting>,
    /// Rung when something is noted; none where the kernel gives none, and nobody is woken before the next look.
    bell: Option<OwnedFd>,
}

#[derive(Default)]
struct Waiting {
    stale: StaleConnections,
    /// Addresses that the walk under way is about.
    under_way: BTreeSet<IpAddr>,
    /// Since when there has been something.
    since: Option<Instant>,
    /// When something was last noted.
    touched: Option<Instant>,
}

impl Sweeps {
    pub(super) fn new(connections: Box<dyn Connections>) -> Self {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        Self {
            connections: Mutex::new(connections),
            waiting: Mutex::default(),
            bell: bell.ok(),
        }
    }

    /// Notes what a change has left behind.
    pub(super) fn note(&self, stale: StaleConnections) {
        if stale.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut waiting = self.waiting();
        waiting.stale.add(stale);
        waiting.since.get_or_insert(now);
        waiting.touched = Some(now);
        drop(waiting);
        if let Some(bell) = &self.bell {
            // It fails only where it has been rung more often than anybody can count.
            let _ = rustix::io::write(bell, &1_u64.to_ne_bytes());
        }
    }

    /// Addresses whose last holder's connections may still be tracked.
    pub(super) fn unswept(&self) -> BTreeSet<IpAddr> {
        let waiting = self.waiting();
        waiting
            .stale
            .addresses
            .union(&waiting.under_way)
            .copied()
            .collect()
    }

    /// Waits until a walk is due; false if the thread is told to end.
    pub(crate) fn wait(&self, stopped: &OwnedFd) -> bool {
        loop {
            let due = self.waiting().due();
            let left = due.map(|due| due.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return true;
            }
            let bell = self.bell.as_ref();
            // Without a bell it looks again by itself.
            let left = left.or(bell.is_none().then_some(TIME_LIMIT));
            let mut fds = vec![PollFd::new(stopped, PollFlags::IN)];
            fds.extend(bell.map(|bell| PollFd::new(bell, PollFlags::IN)));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return false,
            }
            if !fds[0].revents().is_empty() {
                return false;
            }
            if let Some(bell) = bell {
                // Nothing to read is as good.
                let _ = rustix::io::read(bell, &mut [0; 8]);
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// When a walk is due, if there is anything to walk for.
    fn due(&self) -> Option<Instant> {
        let since = self.since?;
        let quiet = self.touched.unwrap_or(since) + QUIET;
        Some(quiet.min(since + TIME_LIMIT))
    }
}

impl Engine {
    /// What there is to sweep.
    pub(crate) fn sweeps(&self) -> &Sweeps {
        &self.sweeps
    }

    /// Forgets what every change so far has left behind, in one walk. Where another thread is at it, it waits for
    /// that, and for no command. How long a walk may take is bounded by what netlink may.
    ///
    /// # Errors
    /// When the kernel refuses. What was to be forgotten still is: the next call tries again.
    pub fn sweep(&self) -> Result<(), EngineError> {
        let sweeps = &self.sweeps;
        let mut connections = sweeps
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let stale = {
            let mut waiting = sweeps.waiting();
            waiting.since = None;
            let stale = std::mem::take(&mut waiting.stale);
            waiting.under_way.clone_from(&stale.addresses);
            stale
        };
        if stale.is_empty() {
            return Ok(());
        }
        let sweep = Sweep::new(&stale, &self.state());
        let done = connections.forget(&|tracked| sweep.fate(tracked));
        let mut waiting = sweeps.waiting();
        waiting.under_way.clear();
        match done {
            Ok(forgotten) => {
                tracing::debug!(forgotten, "went through the tracked connections");
                Ok(())
            }
            Err(error) => {
                waiting.stale.add(stale);
                waiting.since.get_or_insert_with(Instant::now);
                Err(error.into())
            }
        }
    }
}
