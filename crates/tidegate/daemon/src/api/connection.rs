//! One connection, from a client that may be slow or broken.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_io_timeout::TimeoutStream;

/// How long a client may take to send the head of its next request, from the connection or from the previous answer.
const HEAD: Duration = Duration::from_secs(10);

/// How long a client may take to continue reading when its socket buffer is full.
const STALL: Duration = Duration::from_secs(30);

/// How long a client may be silent or not read after a stop.
const GRACE: Duration = Duration::from_secs(3);

/// How long a call of the engine may take after a stop, until its client is told that it did not end. With two times
/// [`GRACE`], it is less than a stop may take.
const LAST_CALL: Duration = Duration::from_secs(20);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By the client, or after its last answer.
    Complete,
    /// After a stop, before its last request was read or answered.
    CutOff,
}

/// The call of the engine that a connection waits for.
#[derive(Clone, Debug)]
struct CallState {
    stopped: watch::Receiver<()>,
    is_under_way: Arc<AtomicBool>,
}

tokio::task_local! {
    /// That of the connection that is served.
    static CALL: CallState;
}

/// Serves a connection until it ends; after a stop, until the current answer is complete.
pub(super) async fn talk(
    stream: impl AsyncRead + AsyncWrite,
    router: Router,
    stopped: watch::Receiver<()>,
) -> Ended {
    let call = CallState {
        stopped: stopped.clone(),
        is_under_way: Arc::default(),
    };
    let is_under_way = Arc::clone(&call.is_under_way);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL));
    let io = TokioIo::new(Box::pin(stream));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = http.serve_connection(io, TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = CALL.scope(call.clone(), connection.as_mut()) => ended,
        () = until(stopped) => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = CALL.scope(call, connection) => ended,
                () = silence(&is_under_way) => return Ended::CutOff,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "the connection broke");
    }
    Ended::Complete
}

/// Ends when no call was under way for as long as a client may be silent.
async fn silence(is_under_way: &AtomicBool) {
    loop {
        let was_under_way = is_under_way.load(Ordering::Relaxed);
        sleep(GRACE).await;
        if !was_under_way && !is_under_way.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// The outcome of a call of the engine; none if the daemon was told to stop and the call takes too long after that.
pub(super) async fn outcome<T>(call: impl Future<Output = T>) -> Option<T> {
    // Without a connection, in tests, nobody stops.
    let Ok(CallState {
        stopped,
        is_under_way,
    }) = CALL.try_with(Clone::clone)
    else {
        return Some(call.await);
    };
    is_under_way.store(true, Ordering::Relaxed);
    let last_call = async {
        until(stopped).await;
        sleep(LAST_CALL).await;
    };
    let outcome = tokio::select! {
        outcome = call => Some(outcome),
        () = last_call => None,
    };
    is_under_way.store(false, Ordering::Relaxed);
    outcome
}

/// Ends when the sender is dropped, which sends nothing.
pub(super) async fn until(mut stopped: watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}
