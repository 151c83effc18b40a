//! Threads that wait for messages of the kernel while the daemon serves.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

/// A thread; it ends with this.
#[derive(Debug)]
pub(crate) struct Worker {
    /// Closed, it tells the thread to end.
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
    life: Weak<()>,
}

/// Tells whether a thread is still at work.
#[derive(Clone, Debug)]
pub(crate) struct Life(Weak<()>);

impl Life {
    pub(crate) fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl Worker {
    /// Starts a thread. `work` must return soon after the other end of its argument is closed.
    ///
    /// # Errors
    /// If there can be no thread, or no pipe to end it.
    pub(crate) fn start(
        name: &str,
        work: impl FnOnce(OwnedFd) + Send + 'static,
    ) -> io::Result<Self> {
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let thread = std::thread::Builder::new().name(name.into());
        let alive = Arc::new(());
        let life = Arc::downgrade(&alive);
        let thread = thread.spawn(move || {
            // Let go of with the thread, however it ends.
            let _alive = alive;
            work(stopped);
        })?;
        Ok(Self {
            life,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Whether it is still at work, for others to look.
    pub(crate) fn life(&self) -> Life {
        Life(Weak::clone(&self.life))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has reported it.
            let _ = thread.join();
        }
    }
}

/// Waits. Returns false if the thread is told to end meanwhile.
pub(crate) fn rest(stopped: &OwnedFd, pause: Duration) -> bool {
    let end = Instant::now() + pause;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        let mut fds = [PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
            Ok(0) => return true,
            Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return false,
        }
    }
}
