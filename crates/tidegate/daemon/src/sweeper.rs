//! The sweeper: a thread that has tracked connections deleted after the command was answered.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use error_hint::causes;

use crate::engine::Engine;
use crate::worker::{Worker, rest};

/// How long to wait after a failure; each further one waits twice as long.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

/// Starts the sweeper.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start(engine: Arc<Engine>) -> io::Result<Worker> {
    Worker::start("sweeper", move |stopped| {
        let mut after_failure = AFTER_FAILURE;
        while engine.sweeps().wait(&stopped) {
            let began = Instant::now();
            // Walks use at most a fifth of a processor, no matter how many connections are tracked.
            let pause = match sweep(&engine) {
                true => {
                    after_failure = AFTER_FAILURE;
                    began.elapsed().saturating_mul(4)
                }
                false => {
                    let longer = (after_failure * 2).min(LONGEST);
                    std::mem::replace(&mut after_failure, longer)
                }
            };
            if !rest(&stopped, pause) {
                break;
            }
        }
        // The records of the last commands: nothing else deletes them before the next start.
        sweep(&engine);
    })
}

fn sweep(engine: &Engine) -> bool {
    let done = engine.sweep();
    if let Err(error) = &done {
        tracing::error!(
            causes = ?causes(error),
            "cannot delete tracked connections; their addresses stay reserved: {error}"
        );
    }
    done.is_ok()
}
