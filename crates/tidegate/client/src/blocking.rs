//! The same for programs without tokio. It must not be used inside of a tokio runtime.

use std::path::PathBuf;
use std::time::Duration;

use tidegate_api::calls::Call;
use tokio::runtime::{Builder, Runtime};

use crate::{Answered, ClientError, read};

/// A daemon, by its socket: see [`Client`](crate::Client).
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    client: crate::Client,
}

impl Client {
    /// A client of the daemon that listens on `socket`. It connects with the first call.
    ///
    /// # Errors
    /// When the kernel has no descriptors for it.
    pub fn new(socket: impl Into<PathBuf>) -> Result<Self, ClientError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self {
            runtime: runtime.map_err(|source| ClientError::Runtime { source })?,
            client: crate::Client::new(socket),
        })
    }

    /// See [`Client::with_time_limit`](crate::Client::with_time_limit).
    #[must_use]
    pub fn with_time_limit(self, time_limit: Option<Duration>) -> Self {
        Self {
            client: self.client.with_time_limit(time_limit),
            ..self
        }
    }

    /// See [`Client::connect`](crate::Client::connect).
    ///
    /// # Errors
    /// When the daemon cannot be reached.
    pub fn connect(&self) -> Result<(), ClientError> {
        self.runtime.block_on(self.client.connect())
    }

    /// Makes a call.
    ///
    /// # Errors
    /// See [`Client::call`](crate::Client::call).
    pub fn call<C: Call>(&self, given: C::Given) -> Result<C::Answer, ClientError> {
        self.runtime.block_on(self.client.call::<C>(given))
    }

    /// Makes a call, and measures it.
    ///
    /// # Errors
    /// See [`Client::call`](crate::Client::call).
    pub fn timed<C: Call>(&self, given: &C::Given) -> Result<Answered<C::Answer>, ClientError> {
        self.runtime
            .block_on(self.client.ask::<C>(given))?
            .map(read)
    }

    /// Makes a call whose answer comes line by line. The iterator waits for as long as no value comes.
    ///
    /// # Errors
    /// See [`Client::lines`](crate::Client::lines).
    pub fn lines<C: Call>(
        &self,
        given: C::Given,
    ) -> Result<impl Iterator<Item = Result<C::Answer, ClientError>>, ClientError> {
        let mut lines = self.runtime.block_on(self.client.lines::<C>(given))?;
        Ok(std::iter::from_fn(move || {
            self.runtime.block_on(lines.next()).transpose()
        }))
    }
}
