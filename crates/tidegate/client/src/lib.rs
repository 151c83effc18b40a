//! A client of the daemon `tidegated`: every call of its API, with a time limit.
//!
//! ```no_run
//! use tidegate_client::blocking::Client;
//! use tidegate_client::api::calls::ListNetworks;
//!
//! let client = Client::new(tidegate_client::api::DEFAULT_SOCKET)?;
//! for network in client.call::<ListNetworks>(())? {
//!     println!("{}", network.network.name);
//! }
//! # Ok::<(), tidegate_client::ClientError>(())
//! ```
//!
//! [`Client`] is the same for programs that use tokio. `examples/plugin.rs` attaches a namespace.

pub mod blocking;
mod connection;
mod error;
mod group;
mod lines;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tidegate_api::Given;
use tidegate_api::calls::{Call, Form};

use connection::Connection;

pub use error::ClientError;
pub use group::SocketGroup;
pub use lines::Lines;
pub use tidegate_api as api;

/// A daemon, by its socket.
///
/// It keeps one connection between calls. Calls at the same time have a connection each.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
    time_limit: Option<Duration>,
    kept: Mutex<Option<Connection>>,
}

/// An answer, and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered<T> {
    /// The answer.
    pub value: T,
    /// From the request, on a connection that is open, to the end of the answer.
    pub took: Duration,
    /// What the daemon says about it (`Server-Timing`): names of stages and milliseconds.
    pub stages: Vec<(String, f64)>,
}

impl Client {
    /// How long a call may take unless something else is said.
    pub const TIME_LIMIT: Duration = Duration::from_secs(30);

    /// A client of the daemon that listens on `socket`. It connects with the first call.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            time_limit: Some(Self::TIME_LIMIT),
            kept: Mutex::default(),
        }
    }

    /// The same with another time limit of each call, connecting included; none to wait for as long as it takes.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Option<Duration>) -> Self {
        Self { time_limit, ..self }
    }

    /// Makes a call.
    ///
    /// # Errors
    /// When the daemon cannot be reached, does not answer in time, refuses, or gives an answer of another version.
    pub async fn call<C: Call>(&self, given: C::Given) -> Result<C::Answer, ClientError> {
        let answered = self.ask::<C>(&given).await?;
        read(answered.value)
    }

    /// Makes a call. The answer is the JSON as it came, with what it took.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn ask<C: Call>(&self, given: &C::Given) -> Result<Answered<Value>, ClientError> {
        debug_assert_eq!(C::ROUTE.form, Form::Json);
        self.in_time(async {
            let mut connection = self.connection().await?;
            let since = Instant::now();
            let response = connection.send(request::<C>(given)?).await?;
            let head = response.headers().get("server-timing");
            let head = head.and_then(|head| head.to_str().ok()).unwrap_or_default();
            let stages = stages(head);
            let is_success = response.status().is_success();
            let answer = whole(response).await?;
            let took = since.elapsed();
            self.keep(connection);
            if !is_success {
                return Err(refused(&answer));
            }
            Ok(Answered {
                value: parsed(&answer)?,
                took,
                stages,
            })
        })
        .await
    }

    /// Makes a call whose answer comes line by line. The time limit is for the beginning of the answer alone.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn lines<C: Call>(&self, given: C::Given) -> Result<Lines<C::Answer>, ClientError> {
        debug_assert_eq!(C::ROUTE.form, Form::Lines);
        self.in_time(async {
            let mut connection = self.connection().await?;
            let response = connection.send(request::<C>(&given)?).await?;
            match response.status().is_success() {
                true => Ok(Lines::new(response.into_body())),
                false => Err(refused(&whole(response).await?)),
            }
        })
        .await
    }

    /// Opens the connection of the next call, so that the call does not wait for it.
    ///
    /// # Errors
    /// When the daemon cannot be reached.
    pub async fn connect(&self) -> Result<(), ClientError> {
        let connection = self.in_time(self.connection()).await?;
        self.keep(connection);
        Ok(())
    }

    /// The kept connection, or a new one.
    async fn connection(&self) -> Result<Connection, ClientError> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut connection) = kept
            && connection.is_usable().await
        {
            return Ok(connection);
        }
        Connection::open(&self.socket).await
    }

    fn keep(&self, connection: Connection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(connection);
    }

    /// Waits for an answer as long as the time limit allows.
    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        match self.time_limit {
            None => answer.await,
            Some(waited) => tokio::time::timeout(waited, answer)
                .await
                .unwrap_or_else(|_| Err(ClientError::NoAnswer { waited })),
        }
    }
}

impl<T> Answered<T> {
    /// The same with another form of the answer.
    fn map<U>(
        self,
        f: impl FnOnce(T) -> Result<U, ClientError>,
    ) -> Result<Answered<U>, ClientError> {
        Ok(Answered {
            value: f(self.value)?,
            took: self.took,
            stages: self.stages,
        })
    }
}

fn request<C: Call>(given: &C::Given) -> Result<connection::Request, ClientError> {
    let path = C::ROUTE.path_of(given.name());
    let query = given.query();
    let uri = match query.as_str() {
        "" => path,
        query => format!("{path}?{query}"),
    };
    let body = given.body().map_err(|e| ClientError::request(&uri, e))?;
    connection::request(C::ROUTE.method.as_str(), &uri, body)
}

async fn whole(response: Response<Incoming>) -> Result<hyper::body::Bytes, ClientError> {
    let body = response.into_body().collect().await;
    body.map(http_body_util::Collected::to_bytes)
        .map_err(|source| ClientError::Broken { source })
}

fn parsed<T: DeserializeOwned>(answer: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(answer).map_err(|source| ClientError::Answer { source })
}

/// What a refusal says; an answer that is not understood where it is none.
fn refused(answer: &[u8]) -> ClientError {
    parsed(answer).map_or_else(|error| error, ClientError::Refused)
}

/// A JSON value as the type that it is.
///
/// # Errors
/// When it is none of that type: the daemon is of another version.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, ClientError> {
    serde_json::from_value(value).map_err(|source| ClientError::Answer { source })
}

/// The stages in a `Server-Timing` header, such as `total;dur=1.5, nft;dur=0.2`. What is not a stage is left out.
fn stages(header: &str) -> Vec<(String, f64)> {
    let stage = |part: &str| {
        let (name, duration) = part.trim().split_once(";dur=")?;
        Some((name.to_owned(), duration.parse().ok()?))
    };
    header.split(',').filter_map(stage).collect()
}
