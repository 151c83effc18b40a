//! Notifies the watchdog of the service manager (sd_notify(3), `WATCHDOG=1`) while commands make progress, the
//! threads that receive the kernel's messages are alive, and the runtime of the API works. Without a notification for
//! `WatchdogSec=`, the service manager kills the daemon and starts it again, which repairs everything.

use std::sync::Arc;

use sd_notify::NotifyState;

use crate::engine::Engine;
use crate::worker::Life;

/// How many times it is told in the time in which it has to be told once.
const TIMES: u32 = 3;

/// Tells for as long as it is so, if the service manager wants to hear it.
pub(crate) async fn keep(engine: Arc<Engine>, threads: Vec<Life>) {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return;
    };
    let pause = limit / TIMES;
    loop {
        let asked = Arc::clone(&engine);
        let takes_turns = tokio::task::spawn_blocking(move || asked.takes_turns(pause)).await;
        match takes_turns.unwrap_or(false) && threads.iter().all(Life::is_alive) {
            true => {
                if let Err(error) = sd_notify::notify(&[NotifyState::Watchdog]) {
                    tracing::warn!(%error, "cannot notify the service manager");
                }
            }
            false => tracing::error!(
                "the daemon does not work properly: not notifying the service manager"
            ),
        }
        tokio::time::sleep(pause).await;
    }
}
