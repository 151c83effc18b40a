//! The collector: a thread that receives deletions of links. It removes endpoints whose namespaces ended, and has
//! links created again that another program removed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use error_hint::causes;
use tidegate_link::Watch;

use crate::engine::Engine;
use crate::worker::{Worker, rest};

/// Pause after links were created again, so that a program that removes them again and again does not keep the daemon
/// busy.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the collector.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start(engine: Arc<Engine>, mut watch: Watch) -> io::Result<Worker> {
    Worker::start("collector", move |stopped| {
        loop {
            match watch.wait(&stopped) {
                Ok(Some(gone)) => {
                    if let Err(error) = engine.collect(&gone) {
                        tracing::error!(causes = ?causes(&error), "cannot remove an endpoint whose namespace is gone: {error}");
                    }
                    let made = engine.make_again(&gone).unwrap_or_else(|error| {
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
