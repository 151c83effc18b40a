//! Serving the API on a unix socket until told to stop, to clients that may be slow, many or mad.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use sd_notify::NotifyState;
use tokio::net::UnixStream;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::Instrument;

use super::answer::Denied;
use super::connection::{talk, until};
use super::peer::{Gate, Peer};

/// Connections at once. Those beyond wait in the kernel's queue until one of them ends.
const CONNECTIONS: usize = 256;

/// Readers of the metrics at once.
const READERS: usize = 8;

/// How long calls may take to be read and answered after a stop. What the engine has begun is
/// finished in any case; this is for clients that connect and then say nothing.
const GRACE: Duration = Duration::from_secs(3);

/// After a connection could not be taken, as a rule for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until SIGTERM or SIGINT, and tells the service manager of both ends (sd_notify(3)).
/// `socket` is the listener's path; `metrics`, if there are any to be served, go over TCP;
/// `on_stop` ends answers that would go on for ever.
///
/// # Errors
/// When a listener or the signals cannot be used.
pub async fn serve(
    listener: UnixListener,
    socket: &Path,
    router: Router,
    metrics: Option<(TcpListener, Router)>,
    on_stop: impl FnOnce(),
) -> io::Result<()> {
    let listener = tokio::net::UnixListener::from_std(listener)?;
    let signals = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ];
    let (stop, stopped) = watch::channel(());
    if let Some((listener, router)) = metrics {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::spawn(serve_metrics(listener, router, stopped.clone()));
    }
    notify(NotifyState::Ready);
    tokio::spawn(wait_for(signals, stop));
    let door = Door {
        gate: Gate::new(socket),
        slots: Arc::new(Semaphore::new(CONNECTIONS)),
        router,
        stopped,
    };
    let mut connections = door.serve(&listener).await;
    drop(listener);
    on_stop();
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, all_ended).await.is_err() {
        tracing::warn!("stopping with calls that were not read or answered");
    }
    Ok(())
}

/// What connections come in by.
struct Door {
    gate: Gate,
    slots: Arc<Semaphore>,
    router: Router,
    stopped: watch::Receiver<()>,
}

impl Door {
    /// Takes connections until told to stop; gives back those that have not ended.
    async fn serve(&self, listener: &tokio::net::UnixListener) -> JoinSet<()> {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = until(self.stopped.clone()) => return connections,
                Some(_) = connections.join_next() => {}
                (slot, accepted) = self.next(listener) => match accepted {
                    Ok(stream) => {
                        connections.spawn(self.talk(stream, slot));
                    }
                    Err(error) => {
                        tracing::error!(%error, "cannot take a connection");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    /// The next connection, once there is room for it.
    async fn next(
        &self,
        listener: &tokio::net::UnixListener,
    ) -> (Option<OwnedSemaphorePermit>, io::Result<UnixStream>) {
        // The semaphore is never closed.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        let accepted = listener.accept().await;
        (slot, accepted.map(|(stream, _)| stream))
    }

    /// Serves one connection to its end.
    fn talk(
        &self,
        stream: UnixStream,
        slot: Option<OwnedSemaphorePermit>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let peer = self.gate.look(&stream);
        let Peer {
            user,
            group,
            process,
            may_enter,
        } = peer;
        let span = tracing::info_span!("client", user, group, process);
        let router = match may_enter {
            true => self.router.clone(),
            false => {
                span.in_scope(|| tracing::warn!("refused: neither root nor of the socket's group"));
                shut()
            }
        };
        let stopped = self.stopped.clone();
        let connection = async move {
            talk(stream, router, stopped).await;
            drop(slot);
        };
        connection.instrument(span)
    }
}

/// Serves metrics until told to stop.
async fn serve_metrics(
    listener: tokio::net::TcpListener,
    router: Router,
    stopped: watch::Receiver<()>,
) {
    let slots = Arc::new(Semaphore::new(READERS));
    let next = || async {
        // The semaphore is never closed.
        let slot = Arc::clone(&slots).acquire_owned().await.ok();
        (slot, listener.accept().await)
    };
    loop {
        tokio::select! {
            () = until(stopped.clone()) => return,
            (slot, accepted) = next() => match accepted {
                Ok((stream, _)) => {
                    let (router, stopped) = (router.clone(), stopped.clone());
                    tokio::spawn(async move {
                        talk(stream, router, stopped).await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::error!(%error, "cannot take a connection for the metrics");
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
}

/// What those meet who may not enter.
fn shut() -> Router {
    Router::new().fallback(|| async { Denied::not_permitted() })
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

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}
