//! The collector: a thread that hears of links that go, removes the endpoints whose namespaces
//! went with them, and has made anew what another program removed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use error_hint::causes;
use tidegate_link::Watch;

use crate::engine::Engine;
use crate::worker::{Worker, rest};

/// After something was made anew: who can remove it again and again does not keep the daemon busy.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the collector.
///
/// # Errors
/// When there can be no thread.
pub(crate) fn start(engine: Arc<Engine>, watch: Watch) -> io::Result<Worker> {
    Worker::start("collector", move |stopped| {
        loop {
            match watch.wait(&stopped) {
                Ok(Some(gone)) => {
                    if let Err(error) = engine.collect(&gone) {
                        tracing::error!(causes = ?causes(&error), "cannot remove an endpoint whose namespace is gone: {error}");
                    }
                    let made = engine.make_anew(&gone).unwrap_or_else(|error| {
                        tracing::error!(causes = ?causes(&error), "removed interfaces are no longer created again: {error}");
                        false
                    });
                    if made && !rest(&stopped, PAUSE) {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(causes = ?causes(&error), "the daemon no longer notices when namespaces end: {error}");
                    return;
                }
            }
        }
    })
}
