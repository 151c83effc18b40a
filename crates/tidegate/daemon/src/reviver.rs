//! The reviver: a thread that receives changes of the host. It has degraded objects tried again, and changed links put
//! right.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use error_hint::causes;
use tidegate_link::{Changes, LinkChange};

use crate::engine::Engine;
use crate::worker::{Worker, rest};

/// How long it waits for a change before it tries again anyway: the kernel does not report every change, for example
/// of a path.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How long it waits after a change for further ones.
const SETTLE: Duration = Duration::from_millis(100);
/// Between two tries, at least.
const PAUSE: Duration = Duration::from_secs(1);
/// Ratio of the pause to the duration of an attempt, so that commands do not wait.
const SHARE: u32 = 20;

/// Starts the reviver.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start(engine: Arc<Engine>, mut changes: Changes) -> io::Result<Worker> {
    Worker::start("reviver", move |stopped| {
        let mut meanwhile = None;
        engine.heal_all();
        loop {
            let waited = match meanwhile.take() {
                Some(heard) => Ok(Some(heard)),
                None => changes.wait(&stopped, TIME_LIMIT),
            };
            let heard = match waited {
                Ok(Some(heard)) => heard,
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(causes = ?causes(&error), "degraded networks and endpoints are no longer retried: {error}");
                    return;
                }
            };
            engine.note_moves(&heard);
            engine.keep_routers(&heard);
            if !engine.is_to_revive(&heard) {
                if heard == LinkChange::Nothing {
                    engine.look_at_routing();
                }
                continue;
            }
            if !rest(&stopped, SETTLE) {
                return;
            }
            let since = Instant::now();
            engine.revive(&heard);
            // The reviver causes changes itself. A change of a healthy object comes from another program.
            let heard = changes.read().ok();
            if let Some(heard) = &heard {
                engine.note_moves(heard);
            }
            meanwhile = heard.filter(|heard| engine.has_changed_ours(heard));
            if !rest(&stopped, (since.elapsed() * SHARE).clamp(PAUSE, TIME_LIMIT)) {
                return;
            }
        }
    })
}
