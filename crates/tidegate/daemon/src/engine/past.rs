//! Repairs of the table during a long command, so that the host is not without the table meanwhile.
//!
//! The restored table is that from before the command. So at its end, each command checks whether this happened, and
//! replaces the table again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often it happened.
#[derive(Debug, Default)]
pub(super) struct Past {
    count: AtomicU64,
    /// Held while a repair replaces the table during a command, and while a command changes the state.
    alone: Mutex<()>,
}

impl Past {
    /// The number of such repairs.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Prevents changes of the state while the returned guard lives.
    pub(super) fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a repair. The caller must hold [`alone`](Self::alone).
    pub(super) fn tell(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    /// Allows a change of the state, and returns whether a repair happened since the count.
    pub(super) fn change_state(&self, count: u64, change: impl FnOnce()) -> bool {
        let _alone = self.alone();
        change();
        self.count() != count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_hears_whether_it_happened_since_it_began() {
        let past = Past::default();
        let began = past.count();
        assert!(!past.change_state(began, || ()));
        drop(past.alone());
        assert!(!past.change_state(began, || ()), "nothing was replaced");
        {
            let _alone = past.alone();
            past.tell();
        }
        assert!(past.change_state(began, || ()));
        assert!(!past.change_state(past.count(), || ()));
    }
}
