//! How soon to mend again what keeps breaking.
//!
//! While the table is away nothing keeps networks apart. So it is put back at once the first times, and then after half
//! of what the last mending took: a fight leaves the host a third of a processor, and commands their turn.

use std::time::{Duration, Instant};

/// Mendings in a row that need not wait.
const AT_ONCE: u32 = 3;
/// Mendings in a row that are a fight.
const FIGHT: u32 = 3;
/// The longest wait after a mending.
const LONGEST: Duration = Duration::from_secs(1);
/// The first wait after a mending that failed; each further one is twice as long.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// After this long without a mending the next is the first in a row.
pub(crate) const CALM: Duration = Duration::from_secs(60);

/// Counts mendings in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    in_a_row: u32,
    failures: u32,
    last: Option<Instant>,
}

impl Pace {
    /// How long to wait after a mending, which took so long, before the next.
    pub(crate) fn after_mending(&mut self, now: Instant, took: Duration) -> Duration {
        let is_calm = self
            .last
            .is_none_or(|last| now.saturating_duration_since(last) > CALM);
        self.in_a_row = if is_calm {
            1
        } else {
            self.in_a_row.saturating_add(1)
        };
        self.failures = 0;
        self.last = Some(now);
        match self.in_a_row <= AT_ONCE {
            true => Duration::ZERO,
            false => (took / 2).min(LONGEST),
        }
    }

    /// How long to wait after a mending that failed, which never is repeated at once.
    pub(crate) fn after_failing(&mut self) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        AFTER_FAILURE
            .saturating_mul(factor)
            .min(LONGEST_AFTER_FAILURE)
    }

    /// Mendings in a row, where there are so many that somebody changes the table again and again.
    pub(crate) fn fight(&self) -> Option<u32> {
        Some(self.in_a_row).filter(|in_a_row| *in_a_row >= FIGHT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(7);

    #[test]
    fn the_first_mendings_do_not_wait_and_the_next_half_as_long_as_they_took() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let pauses: Vec<Duration> = (0..100).map(|_| pace.after_mending(now, TOOK)).collect();
        assert_eq!(pauses[..3], [Duration::ZERO; 3]);
        assert_eq!(pauses[3..], [TOOK / 2; 97]);
        let hour = Duration::from_secs(3600);
        assert_eq!(pace.after_mending(now, hour), LONGEST);
    }

    #[test]
    fn the_third_in_a_row_is_a_fight_and_a_calm_ends_it() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let fights = [0, 60, 120].map(|seconds| {
            pace.after_mending(now + Duration::from_secs(seconds), TOOK);
            pace.fight()
        });
        assert_eq!(fights, [None, None, Some(3)]);
        let later = now + Duration::from_secs(181);
        assert_eq!(pace.after_mending(later, TOOK), Duration::ZERO);
        assert_eq!(pace.fight(), None);
    }

    #[test]
    fn a_failure_is_not_repeated_at_once_and_never_given_up() {
        let mut pace = Pace::default();
        let pauses: Vec<u128> = (0..8).map(|_| pace.after_failing().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        pace.after_mending(Instant::now(), TOOK);
        assert_eq!(pace.after_failing(), AFTER_FAILURE);
    }
}
