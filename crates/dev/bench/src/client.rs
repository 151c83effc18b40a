//! The daemon's API over one connection that is kept, as a container engine uses it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

/// A connection to a daemon.
pub(crate) struct Client {
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
    socket: PathBuf,
    /// When it was used last.
    used: Instant,
}

/// How long a connection is kept without a call: shorter than the daemon waits for one.
const IDLE: Duration = Duration::from_secs(5);

/// An answer, and what it took.
pub(crate) struct Answer {
    /// From the call to the end of the answer, as the client sees it.
    pub(crate) took: Duration,
    /// What the daemon says about it (`Server-Timing`): names of stages and milliseconds.
    pub(crate) stages: Vec<(String, f64)>,
}

impl Client {
    /// Connects to the daemon at a socket.
    ///
    /// # Errors
    /// When nobody listens.
    pub(crate) fn connect(socket: &Path) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let sender = runtime.block_on(async {
            let stream = UnixStream::connect(socket).await?;
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            anyhow::Ok(sender)
        });
        let sender = sender.with_context(|| format!("connecting to {}", socket.display()))?;
        Ok(Self {
            runtime,
            sender,
            socket: socket.to_owned(),
            used: Instant::now(),
        })
    }

    /// Asks for something to be made.
    ///
    /// # Errors
    /// When it is refused, with the daemon's words.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.call(Method::POST, path, body.to_string())
    }

    /// Asks for something to be removed.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub(crate) fn delete(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.call(Method::DELETE, path, String::new())
    }

    fn call(&mut self, method: Method, path: &str, body: String) -> anyhow::Result<Answer> {
        if self.used.elapsed() > IDLE {
            *self = Self::connect(&self.socket)?;
        }
        let name = format!("{method} {path}");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "tidegated")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let sender = &mut self.sender;
        let since = Instant::now();
        let answered = self.runtime.block_on(async {
            sender.ready().await?;
            let (head, body) = sender.send_request(request).await?.into_parts();
            anyhow::Ok((head, body.collect().await?.to_bytes()))
        });
        let (head, body) = answered.with_context(|| format!("{name} was not answered"))?;
        let took = since.elapsed();
        self.used = Instant::now();
        if !head.status.is_success() {
            bail!("{name} was refused: {}", String::from_utf8_lossy(&body));
        }
        let told = head.headers.get("server-timing");
        let told = told.and_then(|told| told.to_str().ok()).unwrap_or_default();
        Ok(Answer {
            took,
            stages: stages(told),
        })
    }
}

/// The stages in a `Server-Timing` header, such as `total;dur=1.5, nft;dur=0.2`.
fn stages(header: &str) -> Vec<(String, f64)> {
    let stage = |part: &str| {
        let (name, duration) = part.trim().split_once(";dur=")?;
        Some((name.to_owned(), duration.parse().ok()?))
    };
    header.split(',').filter_map(stage).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_and_what_is_no_stage_is_left_out() {
        let read = stages("total;dur=1.500, nft;dur=0.2, what");
        assert_eq!(read, [("total".into(), 1.5), ("nft".into(), 0.2)]);
    }
}
