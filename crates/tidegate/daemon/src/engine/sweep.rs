//! Deletes tracked connections that the table would now handle in another way.
//!
//! One walk over the tracked connections costs milliseconds, even if few are stale. So commands do not wait for it.
//! They record what they made stale, and a thread walks once for all of them ([`sweeper`](crate::sweeper)). Until
//! then, no endpoint gets an address with old connections.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};
use tidegate_link::Connections;
use tidegate_plan::{StaleConnections, Sweep};

use super::{Engine, EngineError};

/// How long nothing new must be recorded before a walk.
const QUIET: Duration = Duration::from_millis(50);
/// The longest wait of a record for that.
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// Recorded stale connections, and the sockets to delete them.
pub(crate) struct Sweeps {
    /// Held during a walk.
    connections: Mutex<Box<dyn Connections>>,
    waiting: Mutex<Waiting>,
    /// Fires when a walk may be due: a timer (timerfd_create(2)), so that the sweeper does not wake while the command
    /// that recorded something is still being answered. None if the kernel refuses it; then the sweeper polls.
    bell: Option<OwnedFd>,
}

#[derive(Default)]
struct Waiting {
    stale: StaleConnections,
    /// Addresses of the current walk.
    under_way: BTreeSet<IpAddr>,
    /// When the first pending record was made.
    since: Option<Instant>,
    /// When the last record was made.
    touched: Option<Instant>,
}

impl Sweeps {
    pub(super) fn new(connections: Box<dyn Connections>) -> Self {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let bell = timerfd_create(TimerfdClockId::Monotonic, flags);
        Self {
            connections: Mutex::new(connections),
            waiting: Mutex::default(),
            bell: bell.ok(),
        }
    }

    /// Records the connections that a change made stale.
    pub(super) fn note(&self, stale: StaleConnections) {
        if stale.is_empty() {
            return;
        }
        self.add(&mut self.waiting(), stale);
    }

    fn add(&self, waiting: &mut Waiting, stale: StaleConnections) {
        let now = Instant::now();
        waiting.stale.add(stale);
        waiting.touched = Some(now);
        if waiting.since.is_none() {
            waiting.since = Some(now);
            self.ring_after(QUIET);
        }
    }

    fn ring_after(&self, pause: Duration) {
        let (Some(bell), Ok(it_value)) = (&self.bell, Timespec::try_from(pause)) else {
            return;
        };
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value,
        };
        // The call fails only for invalid times, and this one is valid.
        let _ = timerfd_settime(bell, TimerfdTimerFlags::empty(), &once);
    }

    /// Addresses with possibly tracked connections of their previous holders.
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
            if let Some(left) = left {
                self.ring_after(left);
            }
            let bell = self.bell.as_ref();
            let mut fds = vec![PollFd::new(stopped, PollFlags::IN)];
            fds.extend(bell.map(|bell| PollFd::new(bell, PollFlags::IN)));
            let look = bell.is_none().then(|| left.unwrap_or(TIME_LIMIT));
            let timeout = look.and_then(|look| Timespec::try_from(look).ok());
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return false,
            }
            if !fds[0].revents().is_empty() {
                return false;
            }
            if let Some(bell) = bell {
                // It does not matter if there is nothing to read.
                let _ = rustix::io::read(bell, &mut [0; 8]);
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// When the next walk is due, if anything is pending.
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

    /// Deletes everything that is stale so far, in one walk. Waits for the walk of another thread, but for no
    /// command. The time limits of netlink bound a walk.
    ///
    /// # Errors
    /// If the kernel refuses. The records are kept, and the next call tries again.
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
                tracing::debug!(forgotten, "walked the tracked connections");
                Ok(())
            }
            Err(error) => {
                sweeps.add(&mut waiting, stale);
                Err(error.into())
            }
        }
    }
}
