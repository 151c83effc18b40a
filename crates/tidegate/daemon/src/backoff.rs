//! Backoff for replacing something that keeps failing.

use std::time::{Duration, Instant};

/// Mendings in a row that need not wait.
const AT_ONCE: u32 = 4;
/// The first wait; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// After this long without a mending, on top of the last wait, the next is the first in a row.
const CALM: Duration = Duration::from_secs(10);

/// Counts mendings in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    in_a_row: u32,
    last: Option<Instant>,
}

impl Backoff {
    /// How long to wait after a mending before the next.
    pub(crate) fn after_mending(&mut self, now: Instant) -> Duration {
        let calm = CALM + self.pause();
        let is_calm = self
            .last
            .is_none_or(|last| now.saturating_duration_since(last) > calm);
        self.in_a_row = if is_calm {
            1
        } else {
            self.in_a_row.saturating_add(1)
        };
        self.last = Some(now);
        self.pause()
    }

    fn pause(&self) -> Duration {
        let Some(doublings) = self.in_a_row.checked_sub(AT_ONCE) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        FIRST.saturating_mul(factor).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mendings_do_not_wait_and_the_next_ever_longer() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        let pauses: Vec<u128> = (0..8)
            .map(|_| backoff.after_mending(now).as_millis())
            .collect();
        assert_eq!(pauses, [0, 0, 0, 100, 200, 400, 800, 1600]);
    }

    #[test]
    fn no_wait_is_longer_than_a_minute_however_long_the_fight() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        let longest = (0..100).map(|_| backoff.after_mending(now)).max();
        assert_eq!(longest, Some(LONGEST));
    }

    #[test]
    fn a_calm_forgives() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        for _ in 0..5 {
            backoff.after_mending(now);
        }
        let later = now + CALM + Duration::from_millis(200);
        assert_eq!(backoff.clone().after_mending(later), FIRST * 4);
        let later = later + Duration::from_millis(1);
        assert_eq!(backoff.after_mending(later), Duration::ZERO);
    }
}
