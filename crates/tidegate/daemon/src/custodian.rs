//! The custodian: a thread that has the state file written again at once when another program removes, replaces or
//! empties it, so that the confirmed state is never lost.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
use rustix::io::Errno;

use crate::engine::Engine;
use crate::worker::Worker;

/// How long it waits for an event before it checks by itself: on some file systems the kernel reports nothing.
const TIME_LIMIT: Timespec = Timespec {
    tv_sec: 30,
    tv_nsec: 0,
};
/// Pause after a check, so that neither a program that removes the file again and again nor the daemon's own writes
/// keep the daemon busy.
const PAUSE: Duration = Duration::from_millis(200);

/// Starts the custodian of the file in a state folder.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start(engine: Arc<Engine>, folder: &Path) -> io::Result<Worker> {
    let folder = folder.to_owned();
    Worker::start("custodian", move |stopped| keep(&engine, &folder, &stopped))
}

fn keep(engine: &Engine, folder: &Path, stopped: &OwnedFd) {
    let events = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
    loop {
        // Anew each time: it may be another folder by now. The same one keeps its watch.
        if let Ok(events) = &events {
            watch(events.as_fd(), folder);
        }
        engine.keep_store();
        let nothing = stopped.as_fd();
        let events = events.as_ref().map_or(nothing, AsFd::as_fd);
        let mut fds = [
            PollFd::new(stopped, PollFlags::IN),
            PollFd::from_borrowed_fd(events, PollFlags::IN),
        ];
        match poll(&mut fds, Some(&TIME_LIMIT)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => {
                tracing::error!(%errno, "only commands notice from now on when the state file is removed");
                return;
            }
        }
        if !fds[0].revents().is_empty() || !crate::worker::rest(stopped, PAUSE) {
            return;
        }
        drain(events);
    }
}

/// Names of the folder that go or are given to other files, files that somebody has written or emptied and closed, and
/// the folder itself. The daemon keeps its file open, so that its own writes tell nothing: each would cost a command some
/// microseconds. What cannot be watched, and what truncate(2) does, is seen by the next look or command.
fn watch(events: BorrowedFd<'_>, folder: &Path) {
    let flags = WatchFlags::DELETE
        | WatchFlags::CLOSE_WRITE
        | WatchFlags::MOVED_FROM
        | WatchFlags::MOVED_TO
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF
        | WatchFlags::ONLYDIR;
    let _ = add_watch(events, folder, flags);
}

/// Reads all that was told: what it is does not matter.
fn drain(events: BorrowedFd<'_>) {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = Reader::new(events, &mut buffer);
    while reader.next().is_ok() {}
}
