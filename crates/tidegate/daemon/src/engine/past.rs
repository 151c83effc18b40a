//! Mending the table past a command that takes long, so that the host is not without it meanwhile.
//!
//! The table is then that of before the command. So whoever ends a command looks whether that happened, and replaces
//! the table once more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often it happened.
#[derive(Debug, Default)]
pub(super) struct Past {
    count: AtomicU64,
    /// Held while the table is replaced past a command, and while a command changes the state.
    alone: Mutex<()>,
}

impl Past {
    /// How often it has happened so far.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Keeps the state as it is until the end of what is returned.
    pub(super) fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells commands that it happens, by whoever is [`alone`](Self::alone).
    pub(super) fn tell(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    /// Lets the state be changed, and says whether it happened since it was counted.
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
