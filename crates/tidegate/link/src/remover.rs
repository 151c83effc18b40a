//! Deletes removed links after the command was answered.
//!
//! The kernel waits for grace periods when it deletes a link: some 20 ms for any number of veth pairs in one message,
//! and some 35 ms for each bridge. During half of that time, all other changes of links wait. So a command only
//! retires a link ([`retire`](crate::retire)), and a thread deletes it when links have not changed for a moment.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tidegate_model::links::GROUP;
use tidegate_sys::netlink::Socket;

use crate::decode::LinkRecord;
use crate::error::{Cause, ErrorKind};
use crate::message;

/// The link group of retired veth pairs: one message deletes them all.
pub(crate) const RETIRED_PAIRS: u32 = GROUP + 1;
/// The link group of retired bridges. They are deleted one by one, so that commands can run in between.
pub(crate) const RETIRED_BRIDGES: u32 = GROUP + 2;

/// How long links must not have changed.
const QUIET: Duration = Duration::from_millis(50);
/// The longest wait for that.
const TIME_LIMIT: Duration = Duration::from_secs(1);
/// How long a stop of the daemon waits for the remaining deletions; the next start deletes the rest.
const LAST: Duration = Duration::from_secs(2);

/// Whether a link is a retired one.
pub(crate) fn is_retired(link: &LinkRecord) -> bool {
    [RETIRED_PAIRS, RETIRED_BRIDGES].contains(&link.group)
}

/// The thread and its tasks. Dropping this waits for the thread, with a limit.
pub(crate) struct Remover {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    /// Whether there are pairs.
    pairs: bool,
    /// Indexes of the bridges.
    bridges: VecDeque<u32>,
    /// When the first pending link was retired.
    since: Option<Instant>,
    /// When links were last changed.
    touched: Option<Instant>,
    /// The deadline of a stop, once there is one.
    end: Option<Instant>,
}

enum Task {
    Pairs,
    Bridge(u32),
}

impl Remover {
    /// Starts the thread with a socket of the host's namespace. It first deletes retired links of an earlier daemon.
    pub(crate) fn start(mut socket: Socket) -> Result<Self, Cause> {
        let found = socket.dump(&message::list_links(), LinkRecord::decode)?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("remover".into());
        let thread = thread.spawn(move || {
            while let Some(task) = theirs.next() {
                carry_out(&mut socket, &task);
            }
        })?;
        let remover = Self {
            shared,
            thread: Some(thread),
        };
        for link in found {
            match link.group {
                RETIRED_PAIRS => remover.pair(),
                RETIRED_BRIDGES => remover.bridge(link.index),
                _ => {}
            }
        }
        Ok(remover)
    }

    /// Notes that links were changed.
    pub(crate) fn touch(&self) {
        self.shared.queue().touched = Some(Instant::now());
    }

    /// Makes the thread delete the retired pairs.
    pub(crate) fn pair(&self) {
        self.shared.add(|queue| queue.pairs = true);
    }

    /// Has a bridge removed.
    pub(crate) fn bridge(&self, index: u32) {
        self.shared.add(|queue| queue.bridges.push_back(index));
    }
}

impl Drop for Remover {
    fn drop(&mut self) {
        self.shared.queue().end = Some(Instant::now() + LAST);
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has reported it.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, add: impl FnOnce(&mut Queue)) {
        let mut queue = self.queue();
        add(&mut queue);
        queue.since.get_or_insert_with(Instant::now);
        self.changed.notify_all();
    }

    /// Waits for the next task; none when the thread must end.
    fn next(&self) -> Option<Task> {
        let mut queue = self.queue();
        loop {
            let now = Instant::now();
            let waiting = match (queue.due(), queue.end) {
                (None, Some(_)) => return None,
                (Some(_), Some(end)) if now >= end => return None,
                (Some(_), Some(_)) => Duration::ZERO,
                (Some(due), None) => due.saturating_duration_since(now),
                (None, None) => Duration::MAX,
            };
            if waiting.is_zero() {
                return queue.take();
            }
            let waited = self.changed.wait_timeout(queue, waiting);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Queue {
    /// When to carry out the pending tasks, if any.
    fn due(&self) -> Option<Instant> {
        let since = self.since?;
        let quiet = self.touched.unwrap_or(since) + QUIET;
        Some(quiet.min(since + TIME_LIMIT))
    }

    fn take(&mut self) -> Option<Task> {
        let task = match std::mem::take(&mut self.pairs) {
            true => Some(Task::Pairs),
            false => self.bridges.pop_front().map(Task::Bridge),
        };
        if self.bridges.is_empty() {
            self.since = None;
        }
        task
    }
}

fn carry_out(socket: &mut Socket, task: &Task) {
    let request = match task {
        Task::Pairs => message::delete_group(RETIRED_PAIRS),
        Task::Bridge(index) => message::delete_link(*index),
    };
    match socket.ask(request).map_err(Cause::from) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, "cannot delete an unneeded interface");
        }
        _ => {}
    }
}
