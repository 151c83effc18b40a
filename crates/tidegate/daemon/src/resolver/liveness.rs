//! Liveness of the resolver process: the daemon checks it now and then, by a message that the process reads in the
//! same loop as DNS queries. A stopped or looping process does not answer.

use std::time::{Duration, Instant};

/// Pause after an answer.
const PAUSE: Duration = Duration::from_secs(2);
/// Time limit for an answer: far longer than needed, even on a busy host.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(4);

/// What is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Liveness {
    /// It is let be until then.
    Rests(Instant),
    /// It was asked, and has until then.
    Asked(Instant),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// It is to be asked.
    Ask,
    /// It did not answer.
    Late,
}

impl Liveness {
    /// Of a process that has just been started.
    pub(super) fn new(now: Instant) -> Self {
        Self::Rests(now + PAUSE)
    }

    /// How long there is nothing to do.
    pub(super) fn pause(self, now: Instant) -> Duration {
        let (Self::Rests(until) | Self::Asked(until)) = self;
        until.saturating_duration_since(now)
    }

    /// What is to be done now that it has said nothing.
    pub(super) fn due(&mut self, now: Instant) -> Due {
        match *self {
            Self::Rests(until) if now >= until => {
                *self = Self::Asked(now + TIME_LIMIT);
                Due::Ask
            }
            Self::Asked(until) if now >= until => Due::Late,
            Self::Rests(_) | Self::Asked(_) => Due::Nothing,
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

    #[test]
    fn a_check_follows_a_pause_and_fails_without_an_answer() {
        let start = Instant::now();
        let mut liveness = Liveness::new(start);
        assert_eq!(liveness.due(start), Due::Nothing);
        let asked = start + PAUSE;
        assert_eq!(liveness.pause(start), PAUSE);
        assert_eq!(liveness.due(asked), Due::Ask);
        assert_eq!(
            (liveness.due(asked), liveness.pause(asked)),
            (Due::Nothing, TIME_LIMIT)
        );
        assert_eq!(liveness.due(asked + TIME_LIMIT), Due::Late);
        liveness.answered(asked + TIME_LIMIT);
        assert_eq!(liveness.due(asked + TIME_LIMIT), Due::Nothing);
        assert_eq!(liveness.due(asked + TIME_LIMIT + PAUSE), Due::Ask);
    }
}
