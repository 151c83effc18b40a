//! One connection to the daemon: HTTP on a unix socket.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Response, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::sleep;

use crate::ClientError;

/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a connection is kept without a call: shorter than the daemon waits for one.
const IDLE: Duration = Duration::from_secs(5);

/// How many turns the task of a connection takes to see that the daemon has closed it: one for the kernel to be asked, one
/// to read.
const TURNS: usize = 2;

pub(crate) type Request = hyper::Request<Full<Bytes>>;

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// When it was used last.
    used: Instant,
}

impl Connection {
    /// Connects to the daemon at a socket.
    pub(crate) async fn open(socket: &Path) -> Result<Self, ClientError> {
        let stream = connect(socket)
            .await
            .map_err(|source| ClientError::connecting(socket.to_owned(), source))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|source| ClientError::Broken { source })?;
        // Ends with the connection; the sender reports what goes wrong on it.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            used: Instant::now(),
        })
    }

    /// Whether the daemon still waits for a call on it.
    pub(crate) async fn is_usable(&mut self) -> bool {
        // The task of the connection has its turn first: between blocking calls it had none.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        self.used.elapsed() < IDLE && !self.sender.is_closed() && self.sender.ready().await.is_ok()
    }

    /// Sends a request, and waits for the head of its answer.
    pub(crate) async fn send(
        &mut self,
        request: Request,
    ) -> Result<Response<Incoming>, ClientError> {
        let response = self.sender.send_request(request).await;
        let response = response.map_err(|source| ClientError::Broken { source })?;
        self.used = Instant::now();
        Ok(response)
    }
}

/// Connects, once there is room among those that wait to be let in (`EAGAIN` of connect(2)).
async fn connect(socket: &Path) -> io::Result<UnixStream> {
    loop {
        match UnixStream::connect(socket).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(PAUSE).await,
            connected => return connected,
        }
    }
}

/// A request with a body of JSON.
pub(crate) fn request(method: &str, uri: &str, body: Vec<u8>) -> Result<Request, ClientError> {
    hyper::Request::builder()
        .method(method)
        .uri(uri)
        // HTTP/1.1 wants a host (RFC 9112 section 3.2); a socket has none.
        .header(header::HOST, "tidegated")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(body.into()))
        .map_err(|e| ClientError::request(uri, e))
}
