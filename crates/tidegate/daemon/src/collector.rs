//! The collector: a thread that hears of links that go, and removes the endpoints whose namespaces
//! went with them.

use std::io;
use std::sync::Arc;

use tidegate_cli::causes;
use tidegate_link::Watch;

use crate::attendant::Attendant;
use crate::engine::Engine;

/// Starts the collector.
///
/// # Errors
/// When there can be no thread.
pub(crate) fn start(engine: Arc<Engine>, watch: Watch) -> io::Result<Attendant> {
    Attendant::start("collector", move |stopped| {
        loop {
            match watch.wait(&stopped) {
                Ok(Some(gone)) => {
                    if let Err(error) = engine.collect(&gone) {
                        tracing::error!(causes = ?causes(&error), "cannot remove an endpoint whose namespace is gone: {error}");
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(causes = ?causes(&error), "namespaces that end go unnoticed from here on: {error}");
                    return;
                }
            }
        }
    })
}
