//! The daemon as the client sees it: JSON over HTTP on a unix socket.

use std::path::PathBuf;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::error::ClientError;

/// A daemon, by its socket.
#[derive(Clone, Debug)]
pub(crate) struct Daemon {
    socket: PathBuf,
}

impl Daemon {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, path, Bytes::new()).await
    }

    /// Has something removed; the answer is what it was.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::DELETE, path, Bytes::new()).await
    }

    /// Has something made; the answer is what it became.
    pub(crate) async fn post(
        &self,
        path: &str,
        wanted: &impl Serialize,
    ) -> Result<Value, ClientError> {
        let body = serde_json::to_vec(wanted).map_err(|e| ClientError::request(path, e))?;
        self.call(Method::POST, path, body.into()).await
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Value, ClientError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            // HTTP/1.1 wants a host (RFC 9112 section 3.2); a socket has none.
            .header(header::HOST, "tidegated")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|e| ClientError::request(path, e))?;
        let broken = |source| ClientError::Broken { source };
        let response = self.send(request).await?;
        let is_success = response.status().is_success();
        let answer = response
            .into_body()
            .collect()
            .await
            .map_err(broken)?
            .to_bytes();
        understand(is_success, &answer)
    }

    async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<hyper::body::Incoming>, ClientError> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|source| ClientError::connecting(self.socket.clone(), source))?;
        let broken = |source| ClientError::Broken { source };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        // Ends with the connection; what goes wrong on it is told to the sender.
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(broken)
    }
}

fn understand(is_success: bool, answer: &[u8]) -> Result<Value, ClientError> {
    let not_understood = |source| ClientError::Answer { source };
    if is_success {
        return serde_json::from_slice(answer).map_err(not_understood);
    }
    Err(ClientError::Refused(
        serde_json::from_slice(answer).map_err(not_understood)?,
    ))
}
