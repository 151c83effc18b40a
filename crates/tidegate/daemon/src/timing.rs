//! Durations of the stages of a command. Stages do not overlap.

use std::cell::RefCell;
use std::time::{Duration, Instant};

/// What a command spends its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Commands before it.
    Wait,
    /// Deciding what to do.
    Plan,
    /// Links, namespaces and sockets.
    Netlink,
    /// The firewall.
    Nft,
    /// The disk.
    Store,
}

impl Stage {
    const ALL: [Self; 5] = [
        Self::Wait,
        Self::Plan,
        Self::Nft,
        Self::Netlink,
        Self::Store,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Plan => "plan",
            Self::Netlink => "netlink",
            Self::Nft => "nft",
            Self::Store => "store",
        }
    }
}

/// How long each stage took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timings([Duration; Stage::ALL.len()]);

impl Timings {
    /// Each stage with its time, in the order in which they follow each other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Stage, Duration)> {
        Stage::ALL.map(|stage| (stage, self.of(stage))).into_iter()
    }

    fn of(&self, stage: Stage) -> Duration {
        self.0[stage as usize]
    }

    fn add(&mut self, stage: Stage, time: Duration) {
        self.0[stage as usize] += time;
    }
}

/// What is recorded on a thread.
#[derive(Debug, Default)]
struct Record {
    timings: Timings,
    /// The stage that is under way, and since when it is that one.
    current: Option<(Stage, Instant)>,
}

impl Record {
    /// Another stage, or none, is under way from now on; gives back the one before.
    fn turn_to(&mut self, stage: Option<Stage>) -> Option<Stage> {
        let now = Instant::now();
        let before = self.current.take();
        if let Some((stage, since)) = before {
            self.timings
                .add(stage, now.saturating_duration_since(since));
        }
        self.current = stage.map(|stage| (stage, now));
        before.map(|(stage, _)| stage)
    }
}

thread_local! {
    /// What a command does it does on one thread.
    static RECORD: RefCell<Option<Record>> = const { RefCell::new(None) };
}

fn turn_to(stage: Option<Stage>) -> Option<Stage> {
    RECORD.with_borrow_mut(|record| record.as_mut()?.turn_to(stage))
}

/// Does something as a stage. What it does as another stage counts as that one alone. What is logged meanwhile
/// names the stage, and at its end it is logged how long it took, other stages within it included.
pub(crate) fn timed<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let _span = tracing::debug_span!("stage", name = stage.name()).entered();
    let since = Instant::now();
    let before = turn_to(Some(stage));
    let done = work();
    turn_to(before);
    tracing::debug!(took = ?since.elapsed(), "done");
    done
}

/// Does something, and tells how long each stage of it took.
pub(crate) fn recorded<T>(work: impl FnOnce() -> T) -> (T, Timings) {
    RECORD.set(Some(Record::default()));
    let done = work();
    let record = RECORD.take().unwrap_or_default();
    (done, record.timings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_within_a_stage_counts_once() {
        let pause = Duration::from_millis(20);
        let ((), timings) = recorded(|| {
            timed(Stage::Plan, || {
                timed(Stage::Netlink, || std::thread::sleep(pause));
            });
        });
        assert!(timings.of(Stage::Netlink) >= pause);
        assert!(timings.of(Stage::Plan) < timings.of(Stage::Netlink));
        assert_eq!(timings.of(Stage::Store), Duration::ZERO);
    }

    #[test]
    fn work_without_a_recorder_is_done_all_the_same() {
        assert_eq!(timed(Stage::Nft, || 7), 7);
        let ((), timings) = recorded(|| ());
        assert_eq!(timings, Timings::default());
    }
}
