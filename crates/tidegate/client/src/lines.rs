//! Answers that come line by line.

use std::fmt;
use std::marker::PhantomData;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use tidegate_api::Travels;

use crate::{ClientError, parsed, read};

/// Values that come line by line, until the daemon ends.
pub struct Lines<T> {
    body: Incoming,
    /// What came after the last whole line.
    bytes: Vec<u8>,
    values: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl<T: Travels> Lines<T> {
    pub(crate) fn new(body: Incoming) -> Self {
        Self {
            body,
            bytes: Vec::new(),
            values: PhantomData,
        }
    }

    /// The next value; none once the daemon has ended. It waits for as long as none comes.
    ///
    /// # Errors
    /// When the connection breaks, or the daemon is of another version.
    pub async fn next(&mut self) -> Result<Option<T>, ClientError> {
        self.next_json().await?.map(read).transpose()
    }

    /// The next value as the JSON that came.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn next_json(&mut self) -> Result<Option<Value>, ClientError> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return parsed(&line).map(Some);
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(source)) => return Err(ClientError::Broken { source }),
                Some(Ok(frame)) => self.bytes.extend(frame.into_data().unwrap_or_default()),
            }
        }
    }
}
