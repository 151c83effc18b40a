//! Serves metrics in the text format of Prometheus (<https://prometheus.io/docs/instrumenting/exposition_formats/>),
//! at once or as soon as the port is free.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::time::sleep;

use super::answer::Denied;
use super::aside::aside;
use crate::engine::Engine;

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Pause between attempts to bind a port that is in use.
const PAUSE: Duration = Duration::from_secs(5);

/// What `/metrics` answers with.
pub(crate) fn metrics_router(engine: Arc<Engine>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(engine)
}

async fn metrics(State(engine): State<Arc<Engine>>) -> Result<impl IntoResponse, Denied> {
    let metrics = aside(move || engine.metrics()).await?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics))
}

/// An address for metrics, bound or waiting until the port is free.
#[derive(Debug)]
pub struct MetricsAt {
    address: SocketAddr,
    /// None while another program has the port.
    listener: Option<TcpListener>,
}

impl MetricsAt {
    /// Listens on the address if the port is free.
    ///
    /// # Errors
    /// If the address cannot be bound for another reason than a port in use.
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        let listener = listen(address)?;
        if listener.is_none() {
            tracing::error!(
                "metrics are not served: another program uses {address}; the daemon tries again until the port is free"
            );
        }
        Ok(Self { address, listener })
    }

    /// Waits until the port is free, if it is not.
    ///
    /// # Errors
    /// If the address can no longer be bound for another reason than a port in use.
    pub(super) async fn listener(self) -> io::Result<tokio::net::TcpListener> {
        let mut listener = self.listener;
        loop {
            if let Some(listener) = listener {
                return tokio::net::TcpListener::from_std(listener);
            }
            sleep(PAUSE).await;
            listener = listen(self.address)?;
            if listener.is_some() {
                tracing::info!("serving metrics at {}", self.address);
            }
        }
    }
}

/// Binds the address; none if the port is in use.
fn listen(address: SocketAddr) -> io::Result<Option<TcpListener>> {
    let listener = match TcpListener::bind(address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(None),
        listener => listener?,
    };
    listener.set_nonblocking(true)?;
    Ok(Some(listener))
}
