//! The daemon as the client sees it: JSON over HTTP on a unix socket.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;
use tidegate_api::Refusal;
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

use crate::error::ClientError;
use crate::timings::Call;

/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(5);

/// A daemon, by its socket.
#[derive(Debug)]
pub(crate) struct Daemon {
    socket: PathBuf,
    /// How long an answer is waited for; none for as long as it takes.
    time_limit: Option<Duration>,
    /// The calls that were answered.
    calls: RefCell<Vec<Call>>,
}

impl Daemon {
    /// `time_limit` is in seconds, 0 for as long as an answer takes.
    pub(crate) fn new(socket: PathBuf, time_limit: u32) -> Self {
        let time_limit = Duration::from_secs(time_limit.into());
        Self {
            socket,
            time_limit: Some(time_limit).filter(|time_limit| !time_limit.is_zero()),
            calls: RefCell::default(),
        }
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

    /// Asks for what comes line by line, one JSON value each.
    pub(crate) async fn lines(&self, path: &str) -> Result<Lines, ClientError> {
        let request = request(Method::GET, path, Bytes::new())?;
        let body = self.in_time(async {
            let response = self.send(request).await?;
            let (is_success, body) = (response.status().is_success(), response.into_body());
            if is_success {
                return Ok(body);
            }
            let broken = |source| ClientError::Broken { source };
            let answer = body.collect().await.map_err(broken)?.to_bytes();
            Err(ClientError::Refused(refusal(&answer)?))
        });
        let body = body.await?;
        Ok(Lines {
            body,
            bytes: Vec::new(),
        })
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Value, ClientError> {
        self.in_time(self.call_patiently(method, path, body)).await
    }

    /// Waits for an answer as long as is to be waited.
    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        match self.time_limit {
            None => answer.await,
            Some(waited) => timeout(waited, answer)
                .await
                .unwrap_or_else(|_| Err(ClientError::NoAnswer { waited })),
        }
    }

    async fn call_patiently(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Value, ClientError> {
        let broken = |source| ClientError::Broken { source };
        let since = Instant::now();
        let name = format!("{method} {path}");
        let response = self.send(request(method, path, body)?).await?;
        let is_success = response.status().is_success();
        let told = response.headers().get("server-timing");
        let told = told.and_then(|told| told.to_str().ok()).unwrap_or_default();
        let told = told.to_owned();
        let answer = response.into_body().collect().await.map_err(broken)?;
        let call = Call::new(name, since.elapsed(), &told);
        self.calls.borrow_mut().push(call);
        understand(is_success, &answer.to_bytes())
    }

    /// The calls that were answered so far, with where their time went.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.take()
    }

    /// Connects, once there is room among those who wait to be let in (`EAGAIN` of connect(2)).
    async fn connect(&self) -> io::Result<UnixStream> {
        loop {
            match UnixStream::connect(&self.socket).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(PAUSE).await,
                connected => return connected,
            }
        }
    }

    async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<hyper::body::Incoming>, ClientError> {
        let stream = self
            .connect()
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

/// Values that come line by line.
pub(crate) struct Lines {
    body: hyper::body::Incoming,
    /// What came after the last whole line.
    bytes: Vec<u8>,
}

impl Lines {
    /// The next value; none once the daemon has ended.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, ClientError> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return understand(true, &line).map(Some);
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(source)) => return Err(ClientError::Broken { source }),
                Some(Ok(frame)) => self.bytes.extend(frame.into_data().unwrap_or_default()),
            }
        }
    }
}

fn request(method: Method, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, ClientError> {
    Request::builder()
        .method(method)
        .uri(path)
        // HTTP/1.1 wants a host (RFC 9112 section 3.2); a socket has none.
        .header(header::HOST, "tidegated")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(body))
        .map_err(|e| ClientError::request(path, e))
}

fn understand(is_success: bool, answer: &[u8]) -> Result<Value, ClientError> {
    if !is_success {
        return Err(ClientError::Refused(refusal(answer)?));
    }
    serde_json::from_slice(answer).map_err(|source| ClientError::Answer { source })
}

fn refusal(answer: &[u8]) -> Result<Refusal, ClientError> {
    serde_json::from_slice(answer).map_err(|source| ClientError::Answer { source })
}
