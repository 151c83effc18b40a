//! A look at the host's servers, before a query is forwarded: the daemon is asked whether they changed.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// How long a query waits. The daemon answers at once, unless the file system with the host's settings hangs.
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// The looks, one at a time. Those who come while the daemon answers one share the next.
#[derive(Debug)]
pub(super) struct Looks {
    sent: Cell<u64>,
    answered: Cell<u64>,
    /// When the last one was sent.
    since: Cell<Instant>,
    news: Notify,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            sent: Cell::new(0),
            answered: Cell::new(0),
            since: Cell::new(Instant::now()),
            news: Notify::new(),
        }
    }
}

impl Looks {
    /// Waits for the answer to a look that begins after this call, but not for a daemon that hangs. `send` sends one,
    /// and returns whether it could.
    pub(super) async fn settle(&self, send: impl Fn() -> bool) {
        if self.is_under_way() && self.since.get().elapsed() >= TIME_LIMIT {
            return;
        }
        // After the time limit, the servers are those that were told last.
        let _ = timeout(TIME_LIMIT, self.reach(self.sent.get() + 1, send)).await;
    }

    async fn reach(&self, wanted: u64, send: impl Fn() -> bool) {
        while self.answered.get() < wanted {
            if !self.is_under_way() {
                if !send() {
                    return;
                }
                self.since.set(Instant::now());
                self.sent.set(self.sent.get() + 1);
            }
            self.news.notified().await;
        }
    }

    fn is_under_way(&self) -> bool {
        self.sent.get() > self.answered.get()
    }

    /// The daemon answered the look that is under way.
    pub(super) fn answered(&self) {
        self.answered.set(self.sent.get());
        self.news.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

    use super::*;

    /// Looks whose sendings are counted.
    #[derive(Clone, Default)]
    struct Scene(Rc<(Looks, Cell<usize>)>);

    impl Scene {
        fn settle(&self) -> JoinHandle<()> {
            let Self(inner) = self.clone();
            spawn_local(async move {
                let send = || {
                    inner.1.set(inner.1.get() + 1);
                    true
                };
                inner.0.settle(send).await;
            })
        }

        async fn answer(&self) {
            self.0.0.answered();
            for _ in 0..4 {
                yield_now().await;
            }
        }

        fn sent(&self) -> usize {
            self.0.1.get()
        }
    }

    fn run(work: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, work);
    }

    #[test]
    fn a_query_waits_for_a_look_that_begins_after_it_and_shares_it() {
        run(async {
            let scene = Scene::default();
            let first = scene.settle();
            yield_now().await;
            assert_eq!(scene.sent(), 1);
            let later = [scene.settle(), scene.settle()];
            yield_now().await;
            assert_eq!(scene.sent(), 1, "one at a time");
            scene.answer().await;
            assert!(first.is_finished());
            assert!(!later.iter().any(JoinHandle::is_finished));
            assert_eq!(scene.sent(), 2);
            scene.answer().await;
            assert!(later.iter().all(JoinHandle::is_finished));
            assert_eq!(scene.sent(), 2);
        });
    }

    #[test]
    fn a_daemon_that_hangs_costs_time_once() {
        run(async {
            tokio::time::timeout(TIME_LIMIT * 20, async {
                let scene = Scene::default();
                scene.settle().await.unwrap();
                let start = Instant::now();
                for _ in 0..100 {
                    scene.settle().await.unwrap();
                }
                assert!(start.elapsed() < TIME_LIMIT * 50);
                assert_eq!(scene.sent(), 1);
                scene.answer().await;
                let next = scene.settle();
                yield_now().await;
                assert_eq!(scene.sent(), 2);
                scene.answer().await;
                assert!(next.is_finished());
            })
            .await
            .unwrap();
        });
    }
}
