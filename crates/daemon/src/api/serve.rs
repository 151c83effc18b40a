//! Serving the API on a unix socket until told to stop.

use std::io;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use axum::Router;
use tokio::signal::unix::{SignalKind, signal};

/// How long calls that are under way at a stop may take to be answered. What the engine has
/// begun is finished in any case.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT. `ready` is called once calls are taken.
///
/// # Errors
/// When the listener or the signals cannot be used.
pub async fn serve(listener: UnixListener, router: Router, ready: impl FnOnce()) -> io::Result<()> {
    let listener = tokio::net::UnixListener::from_std(listener)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let told = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
        // Nobody is left to tell is as good as told.
        let _ = stopped.wait_for(|is_told| *is_told).await;
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(told(stopped.clone()));
    ready();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("stopping: SIGTERM"),
            _ = interrupt.recv() => tracing::info!("stopping: SIGINT"),
        }
        let _ = stop.send(true);
    });
    let out_of_patience = async {
        told(stopped).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served,
        () = out_of_patience => {
            tracing::warn!("stopping with calls that were not read or answered");
            Ok(())
        }
    }
}
