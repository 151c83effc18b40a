//! The daemon as the commands see it: answers as the JSON that comes, and what each call took.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use tidegate_client::api::Given;
use tidegate_client::api::calls::{Call as ApiCall, WatchEvents};
use tidegate_client::api::event::Event;
use tidegate_client::{Client, ClientError, Lines};

use crate::timings::Call;

/// A daemon, by its socket.
#[derive(Debug)]
pub(crate) struct Daemon {
    client: Client,
    /// The calls that were answered.
    calls: RefCell<Vec<Call>>,
}

impl Daemon {
    /// `time_limit` is in seconds, 0 for as long as an answer takes.
    pub(crate) fn new(socket: PathBuf, time_limit: u32) -> Self {
        let time_limit = Duration::from_secs(time_limit.into());
        let time_limit = Some(time_limit).filter(|time_limit| !time_limit.is_zero());
        Self {
            client: Client::new(socket).with_time_limit(time_limit),
            calls: RefCell::default(),
        }
    }

    /// Makes a call.
    pub(crate) async fn ask<C: ApiCall>(&self, given: C::Given) -> Result<Value, ClientError> {
        let since = Instant::now();
        let answered = self.client.ask::<C>(&given).await?;
        let route = C::ROUTE;
        let query = Some(given.query()).filter(|query| !query.is_empty());
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        let name = format!("{} {}{query}", route.method, route.path_of(given.name()));
        let call = Call::new(name, since.elapsed(), answered.stages);
        self.calls.borrow_mut().push(call);
        Ok(answered.value)
    }

    /// Listens to events.
    pub(crate) async fn events(&self) -> Result<Lines<Event>, ClientError> {
        self.client.lines::<WatchEvents>(()).await
    }

    /// The calls that were answered so far, with where their time went.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.take()
    }
}
