//! The counter: a thread that adds connections that end to the counters of published ports. It runs if metrics are
//! served.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use error_hint::causes;
use tidegate_link::EndedConnections;

use crate::engine::Engine;
use crate::worker::{Worker, rest};

/// Pause after each read: a flood of connections must not keep a processor busy, and what ends meanwhile is added at once.
const PAUSE: Duration = Duration::from_millis(200);

/// Starts the counter.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start(engine: Arc<Engine>, mut ended: EndedConnections) -> io::Result<Worker> {
    Worker::start("counter", move |stopped| {
        loop {
            match ended.wait(&stopped) {
                Ok(Some(ended)) => engine.count_ended(&ended),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(
                        causes = ?causes(&error),
                        "metrics of ports count open connections only from now on: {error}"
                    );
                    return;
                }
            }
            if !rest(&stopped, PAUSE) {
                return;
            }
        }
    })
}
