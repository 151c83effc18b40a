//! A lock with an optional time limit for waiting.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A value that one thread has at a time.
#[derive(Debug)]
pub(super) struct Turn<T> {
    /// None while a thread has it.
    place: Mutex<Option<T>>,
    is_back: Condvar,
}

/// The turn of a thread. Dropping it returns the value, also after a panic.
pub(super) struct Held<'a, T> {
    turn: &'a Turn<T>,
    /// Some until it is returned.
    held: Option<T>,
}

impl<T> Turn<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            place: Mutex::new(Some(value)),
            is_back: Condvar::new(),
        }
    }

    /// Waits for the turn.
    pub(super) fn take(&self) -> Held<'_, T> {
        let mut place = self.place();
        loop {
            match place.take() {
                Some(value) => return self.held(value),
                None => {
                    let waited = self.is_back.wait(place);
                    place = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Waits for the turn, up to a time limit.
    pub(super) fn take_within(&self, time_limit: Duration) -> Option<Held<'_, T>> {
        let end = Instant::now() + time_limit;
        let mut place = self.place();
        loop {
            if let Some(value) = place.take() {
                return Some(self.held(value));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.is_back.wait_timeout(place, left);
            place = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn held(&self, value: T) -> Held<'_, T> {
        Held {
            turn: self,
            held: Some(value),
        }
    }

    fn place(&self) -> MutexGuard<'_, Option<T>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        *self.turn.place() = self.held.take();
        self.turn.is_back.notify_one();
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held
            .as_ref()
            .unwrap_or_else(|| unreachable!("it is given back with the turn alone"))
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held
            .as_mut()
            .unwrap_or_else(|| unreachable!("it is given back with the turn alone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(10);

    #[test]
    fn a_turn_that_takes_long_is_given_up_and_one_that_ends_is_had() {
        let turn = Turn::new(1);
        let mut held = turn.take();
        assert!(turn.take_within(SOON).is_none());
        *held = 2;
        drop(held);
        assert_eq!(turn.take_within(SOON).as_deref(), Some(&2));
    }

    #[test]
    fn turns_are_had_one_after_the_other_also_after_a_panic() {
        let turn = Turn::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..1000).for_each(|_| *turn.take() += 1));
            }
            let panicked = scope.spawn(|| {
                let _held = turn.take();
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(panicked.join().is_err());
        });
        assert_eq!(*turn.take(), 8000);
    }
}
