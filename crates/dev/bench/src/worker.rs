//! Ways to change a ruleset, each on a thread of its own inside a network namespace of its own, so
//! that they can be measured in turns.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use tidegate_tests::Netns;

/// One half of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// It is put in.
    Add,
    /// It is taken out.
    Delete,
}

/// Does one half; ready to do so as often as asked.
pub(crate) type Method = Box<dyn FnMut(Half) -> anyhow::Result<()>>;

/// A way that is measured.
pub(crate) struct Worker {
    halves: Option<Sender<Half>>,
    times: Receiver<anyhow::Result<Duration>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Gets a way ready in a fresh namespace. What `ready` opens there stays open.
    ///
    /// # Errors
    /// Those of `ready`.
    pub(crate) fn start(
        ready: impl FnOnce() -> anyhow::Result<Method> + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (halves, wanted) = channel();
        let (told, times) = channel();
        let inside = move || match ready() {
            Ok(way) => {
                // If the receiver is gone, nobody needs the result.
                let _ = told.send(Ok(Duration::ZERO));
                serve(way, &wanted, &told);
            }
            Err(error) => {
                let _ = told.send(Err(error));
            }
        };
        let thread = std::thread::Builder::new().spawn(move || Netns::new().run(inside))?;
        let worker = Self {
            halves: Some(halves),
            times,
            thread: Some(thread),
        };
        worker.answer()?;
        Ok(worker)
    }

    /// Does one half, and tells how long that took.
    ///
    /// # Errors
    /// When it is refused.
    pub(crate) fn measure(&self, half: Half) -> anyhow::Result<Duration> {
        let halves = self.halves.as_ref().context("the way has ended")?;
        halves.send(half).context("the way has ended")?;
        self.answer()
    }

    fn answer(&self) -> anyhow::Result<Duration> {
        self.times.recv().context("the way ended by itself")?
    }
}

fn serve(mut way: Method, wanted: &Receiver<Half>, told: &Sender<anyhow::Result<Duration>>) {
    for half in wanted {
        let since = Instant::now();
        let done = way(half).map(|()| since.elapsed());
        if told.send(done).is_err() {
            return;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.halves = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has printed why.
            let _ = thread.join();
        }
    }
}
