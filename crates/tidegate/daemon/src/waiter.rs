//! The waiter: a thread that has imported endpoints attached when their namespaces appear. The kernel does not tell that
//! a namespace gets a name, so it looks.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Engine;
use crate::worker::{Worker, rest};

/// Between two looks while an endpoint waits.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two looks whether one waits.
const IDLE: Duration = Duration::from_secs(5);

/// Starts the waiter.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start(engine: Arc<Engine>) -> io::Result<Worker> {
    Worker::start("waiter", move |stopped| {
        loop {
            let pause = match engine.waiting().is_empty() {
                true => IDLE,
                false => PAUSE,
            };
            if !rest(&stopped, pause) {
                return;
            }
            engine.attach_waiting();
        }
    })
}
