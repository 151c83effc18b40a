//! Serving the API on a unix socket until told to stop.

use std::io;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use axum::Router;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How long calls may take to be read and answered after a stop. What the engine has begun is
/// finished in any case; this is for clients that connect and then say nothing.
const GRACE: Duration = Duration::from_secs(3);

/// Serves until SIGTERM or SIGINT, and tells the service manager of both ends (sd_notify(3)).
///
/// # Errors
/// When the listener or the signals cannot be used.
pub async fn serve(listener: UnixListener, router: Router) -> io::Result<()> {
    let listener = tokio::net::UnixListener::from_std(listener)?;
    let signals = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ];
    let (stop, stopped) = watch::channel(());
    let server = axum::serve(listener, router).with_graceful_shutdown(until(stopped.clone()));
    notify(NotifyState::Ready);
    tokio::spawn(wait_for(signals, stop));
    let out_of_patience = async {
        until(stopped).await;
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

/// Ends with the first signal, and `stop` with it.
async fn wait_for([mut terminate, mut interrupt]: [Signal; 2], stop: watch::Sender<()>) {
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!("stopping: {name}");
    notify(NotifyState::Stopping);
    drop(stop);
}

/// Ends when the sender is dropped, which sends nothing.
async fn until(mut stopped: watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}
