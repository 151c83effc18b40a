//! The guard of the table: a thread that receives every change of it, and has changes of other programs undone.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use error_hint::causes;
use tidegate_api::Fight;
use tidegate_nft_drivers::{Ledger, Notice, TableChanges, Watch};

use crate::engine::{Engine, Mended};
use crate::pace::Pace;
use crate::worker::{Worker, rest};

/// How many changes of one moment are logged separately.
const NAMED: usize = 3;

/// Starts the guard.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start(engine: Arc<Engine>, watch: Watch) -> io::Result<Worker> {
    let ledger = watch.ledger();
    Worker::start("guard", move |stopped| {
        let mut post = Post {
            engine,
            watch,
            ledger,
            stopped,
            pace: Pace::default(),
            due: None,
        };
        post.keep();
    })
}

/// The thread's data.
struct Post {
    engine: Arc<Engine>,
    watch: Watch,
    ledger: Ledger,
    stopped: OwnedFd,
    pace: Pace,
    /// When a postponed table must be restored.
    due: Option<Instant>,
}

impl Post {
    fn keep(&mut self) {
        loop {
            match self.watch.wait_until(&self.stopped, self.due) {
                Ok(Some(notice)) => {
                    if !self.look_into(notice) {
                        return;
                    }
                }
                Ok(None) => {
                    self.leave();
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "the daemon no longer notices when other programs change the table");
                    return;
                }
            }
        }
    }

    /// Restores a postponed table: networks must not stay closed while no daemon runs.
    fn leave(&self) {
        if self.due.is_some()
            && let Err(error) = self
                .engine
                .mend(|| Ok(TableChanges::Changed(Vec::new())), false)
        {
            tracing::error!(causes = ?causes(&error), "cannot restore the table: {error}");
        }
    }

    /// Has the table restored if needed, until that succeeds. Returns false if there is no time left.
    fn look_into(&mut self, notice: Notice) -> bool {
        // After the end of all commands.
        let mut began = Instant::now();
        let is_due = self.due.is_some_and(|due| began >= due);
        let may_be_later = !is_due && self.pace.may_be_later(began);
        let find = || {
            began = Instant::now();
            let finding = self.ledger.judge(notice)?;
            Ok(match finding {
                TableChanges::Nothing if is_due => TableChanges::Changed(Vec::new()),
                finding => finding,
            })
        };
        let mut done = self.engine.mend(find, may_be_later);
        loop {
            match done {
                Ok(Mended::Nothing) => return true,
                Ok(mended) => {
                    tell(&mended);
                    let now = Instant::now();
                    self.due = match mended {
                        Mended::Shut(_) => Some(self.pace.closed(now)),
                        _ => {
                            self.pace.mended(now, now.saturating_duration_since(began));
                            None
                        }
                    };
                    let fight = self.pace.fight().map(|times| fight(times, &mended));
                    if let Some(fight) = self.engine.note_fight(fight) {
                        tracing::warn!("the table is changed again and again: {fight}");
                    }
                    return true;
                }
                Err(error) => {
                    let pause = self.pace.after_failing();
                    tracing::error!(
                        causes = ?causes(&error),
                        "cannot restore the table, trying again after {pause:?}: {error}"
                    );
                    if !rest(&self.stopped, pause) {
                        return false;
                    }
                    let find = || {
                        began = Instant::now();
                        Ok(TableChanges::Missed)
                    };
                    done = self.engine.mend(find, false);
                }
            }
        }
    }
}

/// The program that made the last of the undone changes.
fn fight(times: u32, mended: &Mended) -> Fight {
    let last = match mended {
        Mended::Replaced(changes) | Mended::Shut(changes) => changes.last(),
        Mended::Nothing | Mended::ReplacedUnknown => None,
    };
    Fight {
        times,
        program: last.and_then(|change| change.program.clone()),
        process: last.and_then(|change| change.process),
    }
}

/// Logs who changed the table, and what the daemon did.
fn tell(mended: &Mended) {
    const PUT_BACK: &str = "the table was changed by another program: put back";
    const SHUT: &str = "the table was changed by another program: networks are closed to new connections until it is \
                        restored";
    let (changes, done) = match mended {
        Mended::Nothing => return,
        Mended::Replaced(changes) if changes.is_empty() => {
            tracing::warn!("the table is put back");
            return;
        }
        Mended::Replaced(changes) => (changes, PUT_BACK),
        Mended::Shut(changes) => (changes, SHUT),
        Mended::ReplacedUnknown => {
            tracing::warn!("{PUT_BACK}; who it was is not known");
            return;
        }
    };
    for change in changes.iter().take(NAMED) {
        let program = change.program.as_deref().unwrap_or("unknown");
        let (process, what) = (change.process.unwrap_or(0), change.what.join(", "));
        tracing::warn!(program, process, what, "{done}");
    }
    if let Some(more) = changes.len().checked_sub(NAMED).filter(|more| *more > 0) {
        tracing::warn!("{done}; {more} more changes were made meanwhile");
    }
}
