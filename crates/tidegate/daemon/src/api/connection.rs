//! One connection, from a client that may be slow or broken.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;

/// How long a client may take to send the head of its next request, from the connection or from the previous answer.
const HEAD: Duration = Duration::from_secs(10);

/// How long a client may take to continue reading when its socket buffer is full.
const STALL: Duration = Duration::from_secs(30);

/// Serves a connection until it ends; after a stop, until the current answer is complete.
pub(super) async fn talk(
    stream: impl AsyncRead + AsyncWrite,
    router: Router,
    stopped: watch::Receiver<()>,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL));
    let io = TokioIo::new(Box::pin(stream));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = http.serve_connection(io, TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = until(stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "the connection broke");
    }
}

/// Ends when the sender is dropped, which sends nothing.
pub(super) async fn until(mut stopped: watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}
