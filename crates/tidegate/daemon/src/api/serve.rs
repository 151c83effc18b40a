//! Serves the API on a unix socket until told to stop, to clients that may be slow, many or broken.

use std::io;
use std::os::unix::net::UnixListener;
use std::path::Path;

use axum::Router;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::acceptor::{Acceptor, Api, Metrics};
use super::connection::{Ended, until};
use super::metrics_at::MetricsAt;
use super::peer::PeerCheck;
use super::places::{Limits, Room};

/// Connections of the API.
const CLIENTS: Limits = Limits {
    root: Room {
        attended: 256,
        open: 512,
    },
    others: Room {
        attended: 256,
        open: 512,
    },
    each: Room {
        attended: 128,
        open: 256,
    },
};

/// Connections of Docker: one for each command that it carries out.
const DOCKER: Limits = Limits {
    root: Room {
        attended: 128,
        open: 512,
    },
    others: Room {
        attended: 1,
        open: 1,
    },
    each: Room {
        attended: 1,
        open: 1,
    },
};

/// Readers of the metrics.
const READERS: Limits = Limits {
    root: Room {
        attended: 4,
        open: 16,
    },
    others: Room {
        attended: 32,
        open: 64,
    },
    each: Room {
        attended: 4,
        open: 16,
    },
};

/// Serves until SIGTERM or SIGINT, and tells the service manager of both ends (sd_notify(3)).
/// The API comes with its listener's path. `docker`, if it is to be served, has a socket too; `metrics`, if there are any
/// to be served, go over TCP; `on_stop` ends answers that would go on for ever.
///
/// # Errors
/// When a listener or the signals cannot be used.
pub async fn serve(
    (listener, socket, router): (UnixListener, &Path, Router),
    docker: Option<(UnixListener, Router)>,
    metrics: Option<(MetricsAt, Router)>,
    on_stop: impl FnOnce(),
) -> io::Result<()> {
    let listener = tokio::net::UnixListener::from_std(listener)?;
    let docker = docker
        .map(|(listener, router)| {
            let listener = tokio::net::UnixListener::from_std(listener);
            listener.map(|listener| (listener, router))
        })
        .transpose()?;
    let signals = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ];
    let (stop, stopped) = watch::channel(());
    if let Some((at, router)) = metrics {
        tokio::spawn(serve_metrics(at, router, stopped.clone()));
    }
    notify(NotifyState::Ready);
    tokio::spawn(wait_for(signals, stop));
    let peer_check = PeerCheck::new(socket);
    let acceptor = Acceptor::new(
        Api {
            listener,
            peer_check,
        },
        CLIENTS,
        router,
        stopped.clone(),
    );
    let docker = async {
        match docker {
            None => JoinSet::new(),
            Some((listener, router)) => {
                let peer_check = PeerCheck::root_alone();
                let listener = Api {
                    listener,
                    peer_check,
                };
                Acceptor::new(listener, DOCKER, router, stopped)
                    .serve()
                    .await
            }
        }
    };
    let (mut api, mut docker) = tokio::join!(acceptor.serve(), docker);
    on_stop();
    // Each has limits of its own after a stop.
    let mut are_complete = true;
    while let Some(ended) = next_of(&mut api, &mut docker).await {
        are_complete &= ended.is_ok_and(|ended| ended == Ended::Complete);
    }
    if !are_complete {
        tracing::warn!("stopping: some requests were not read or answered");
    }
    Ok(())
}

/// The end of the next connection of two sets.
async fn next_of(
    one: &mut JoinSet<Ended>,
    other: &mut JoinSet<Ended>,
) -> Option<Result<Ended, JoinError>> {
    tokio::select! {
        Some(ended) = one.join_next() => Some(ended),
        Some(ended) = other.join_next() => Some(ended),
        else => None,
    }
}

/// Serves metrics until told to stop.
async fn serve_metrics(at: MetricsAt, router: Router, stopped: watch::Receiver<()>) {
    let listener = tokio::select! {
        listener = at.listener() => listener,
        () = until(stopped.clone()) => return,
    };
    match listener {
        Ok(listener) => {
            let acceptor = Acceptor::new(Metrics(listener), READERS, router, stopped);
            acceptor.serve().await;
        }
        Err(error) => tracing::error!(%error, "metrics are not served"),
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

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot notify the service manager");
    }
}
