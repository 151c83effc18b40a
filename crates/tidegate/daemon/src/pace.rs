//! Pace of repairs in a fight.
//!
//! While the table is missing, nothing separates networks, so the daemon acts at once each time. If another program
//! changes the table again and again, the daemon only closes the networks to new connections, which is quick. The
//! table follows after a quiet moment, or after a second. So a fight costs little, and commands can run.

use std::time::{Duration, Instant};

/// Number of repairs in a row that make a fight.
const FIGHT: u32 = 3;
/// The longest postponement of the table.
const LONGEST: Duration = Duration::from_secs(1);
/// The first wait after a failed repair; each further one is twice as long.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// After this time without a repair, the next one is the first in a row.
pub(crate) const CALM: Duration = Duration::from_secs(60);

/// Counts mendings in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    in_a_row: u32,
    failures: u32,
    /// Time of the last repair or closing.
    last: Option<Instant>,
    /// Duration of the last repair.
    took: Duration,
    /// Since when the networks are closed instead.
    closed: Option<Instant>,
}

impl Pace {
    /// Whether the table can be postponed if the networks are closed instead.
    pub(crate) fn may_be_later(&self, now: Instant) -> bool {
        let is_soon = |last: Instant| now.saturating_duration_since(last) < self.quiet();
        self.fight().is_some() && self.last.is_some_and(is_soon)
    }

    /// Records a repair and its duration.
    pub(crate) fn mended(&mut self, now: Instant, took: Duration) {
        self.count(now);
        self.took = took;
        self.closed = None;
    }

    /// Records that the networks were closed instead, and returns when the table must follow unless more happens.
    pub(crate) fn closed(&mut self, now: Instant) -> Instant {
        self.count(now);
        let since = *self.closed.get_or_insert(now);
        (now + self.quiet()).min(since + LONGEST)
    }

    /// How long to wait after a failed repair. It is never repeated at once.
    pub(crate) fn after_failing(&mut self) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        AFTER_FAILURE
            .saturating_mul(factor)
            .min(LONGEST_AFTER_FAILURE)
    }

    /// The repairs in a row, if they are enough for a fight.
    pub(crate) fn fight(&self) -> Option<u32> {
        Some(self.in_a_row).filter(|in_a_row| *in_a_row >= FIGHT)
    }

    /// How long nothing must happen before restoring the table is worthwhile.
    fn quiet(&self) -> Duration {
        self.took.saturating_mul(2).min(LONGEST)
    }

    /// Whether the next repair is the first in a row.
    pub(crate) fn is_calm(&self, now: Instant) -> bool {
        self.last
            .is_none_or(|last| now.saturating_duration_since(last) > CALM)
    }

    fn count(&mut self, now: Instant) {
        self.in_a_row = if self.is_calm(now) {
            1
        } else {
            self.in_a_row.saturating_add(1)
        };
        self.failures = 0;
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(10);

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn only_repairs_in_quick_succession_are_postponed() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        for number in 0..3 {
            assert!(!pace.may_be_later(begin + ms(number)));
            pace.mended(begin + ms(number), TOOK);
        }
        assert!(pace.may_be_later(begin + ms(21)));
        assert!(!pace.may_be_later(begin + ms(22)));
    }

    #[test]
    fn the_table_follows_when_it_is_quiet_and_after_a_second_at_the_latest() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        for _ in 0..3 {
            pace.mended(begin, TOOK);
        }
        let due: Vec<Duration> = [0, 15, 990, 999]
            .map(|at| pace.closed(begin + ms(at)) - begin)
            .into();
        assert_eq!(due, [ms(20), ms(35), ms(1000), ms(1000)]);
        pace.mended(begin + ms(1000), Duration::from_secs(3600));
        assert_eq!(pace.closed(begin + ms(1001)), begin + ms(2001));
    }

    #[test]
    fn the_third_in_a_row_is_a_fight_and_a_calm_ends_it() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let fights = [0, 60, 120].map(|seconds| {
            pace.mended(now + Duration::from_secs(seconds), TOOK);
            pace.fight()
        });
        assert_eq!(fights, [None, None, Some(3)]);
        pace.mended(now + Duration::from_secs(181), TOOK);
        assert_eq!(pace.fight(), None);
    }

    #[test]
    fn a_failure_is_not_repeated_at_once_and_never_given_up() {
        let mut pace = Pace::default();
        let pauses: Vec<u128> = (0..8).map(|_| pace.after_failing().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        pace.mended(Instant::now(), TOOK);
        assert_eq!(pace.after_failing(), AFTER_FAILURE);
    }
}
