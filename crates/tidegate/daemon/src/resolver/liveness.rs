//! Liveness of the resolver process: the daemon checks it now and then, by a message that the process reads in the
//! same loop as DNS queries. A stopped or looping process does not answer.
//!
//! On a starved host, a good process does not answer for long, either, and another one would be no faster. So the daemon
//! does not go by the clock, but looks at the process until it answers ([`Vigil`](tidegate_nft_drivers::Vigil)).

use std::time::{Duration, Instant};

use tidegate_nft_drivers::Trouble;

/// Pause after an answer.
const PAUSE: Duration = Duration::from_secs(2);
/// The time of a processor that it may use before it answers: far more than it needs.
pub(super) const WORK: Duration = Duration::from_secs(4);
/// Time limit for the answer of a process that only waits for a processor or for the kernel.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Liveness {
    /// It is let be until then.
    Rests(Instant),
    /// It was asked, and has until then.
    Asked(Instant),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// It is to be asked.
    Ask,
    /// It will not answer, for this reason.
    Lost(String),
}

impl Liveness {
    /// Of a process that has just been started.
    pub(super) fn new(now: Instant) -> Self {
        Self::Rests(now + PAUSE)
    }

    /// When something is to be done; `look` is when to look at the process next.
    pub(super) fn next(self, look: Instant) -> Instant {
        match self {
            Self::Rests(until) => until,
            Self::Asked(until) => until.min(look),
        }
    }

    /// What is to be done now that it has said nothing; `look` looks at the process.
    pub(super) fn due(&mut self, now: Instant, look: impl FnOnce() -> Option<Trouble>) -> Due {
        match *self {
            Self::Rests(until) if now >= until => {
                *self = Self::Asked(now + TIME_LIMIT);
                Due::Ask
            }
            Self::Rests(_) => Due::Nothing,
            Self::Asked(until) => match look() {
                Some(trouble) => Due::Lost(format!("it {trouble}")),
                None if now >= until => {
                    Due::Lost(format!("it did not answer within {TIME_LIMIT:?}"))
                }
                None => Due::Nothing,
            },
        }
    }

    /// It answered.
    pub(super) fn answered(&mut self, now: Instant) {
        *self = Self::new(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that is asked, and when that was.
    fn asked() -> (Liveness, Instant) {
        let start = Instant::now();
        let mut liveness = Liveness::new(start);
        assert_eq!(liveness.due(start, || None), Due::Nothing);
        let asked = start + PAUSE;
        assert_eq!(liveness.next(start), asked);
        assert_eq!(liveness.due(asked, || None), Due::Ask);
        (liveness, asked)
    }

    #[test]
    fn a_check_follows_a_pause_after_each_answer() {
        let (mut liveness, asked) = asked();
        liveness.answered(asked);
        let stuck = || Some(Trouble::Stuck("is stopped"));
        assert_eq!(liveness.due(asked, stuck), Due::Nothing);
        assert_eq!(liveness.due(asked + PAUSE, stuck), Due::Ask);
    }

    #[test]
    fn a_process_that_waits_for_a_processor_is_let_be_for_a_long_time_but_not_for_ever() {
        let (mut liveness, asked) = asked();
        for seconds in 0..TIME_LIMIT.as_secs() {
            let now = asked + Duration::from_secs(seconds);
            assert_eq!(liveness.due(now, || None), Due::Nothing);
        }
        let late = Due::Lost("it did not answer within 60s".to_owned());
        assert_eq!(liveness.due(asked + TIME_LIMIT, || None), late);
    }

    #[test]
    fn a_stuck_process_is_given_up_at_the_look_that_finds_it() {
        let (mut liveness, asked) = asked();
        let look = asked + Duration::from_millis(100);
        assert_eq!(liveness.next(look), look);
        let lost = liveness.due(look, || Some(Trouble::Stuck("is stopped")));
        assert_eq!(lost, Due::Lost("it is stopped".to_owned()));
    }
}
