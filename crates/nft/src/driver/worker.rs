//! The thread that owns what a driver runs.
//!
//! It gives three things at once: it enters the driver's network namespace without touching any
//! other thread, what it owns need not be `Send`, and the queue before it keeps transactions in the
//! order in which they were handed in.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use super::description::Description;
use super::error::Error;
use super::listing::Listing;
use super::location::Location;
use super::script::Script;
use super::survey::{self, BaseChain};
use crate::kind::Kind;
use crate::model::TableId;

/// Whether a script is carried out or only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Apply,
    Check,
}

/// What runs on the thread.
pub(crate) trait Backend {
    fn run(&mut self, script: &Script, run: Run) -> Result<(), Error>;
    fn list(&mut self, table: &TableId) -> Result<Listing, Error>;
    /// `nft -j list ruleset`.
    fn survey(&mut self) -> Result<String, Error>;
    fn close(self) -> Result<(), Error>;
}

enum Request {
    Run(Script, Run, Sender<Result<(), Error>>),
    List(TableId, Sender<Result<Listing, Error>>),
    Survey(Sender<Result<String, Error>>),
    Close(Sender<Result<(), Error>>),
}

/// The other end of the thread.
pub(crate) struct Worker {
    description: Description,
    requests: Mutex<Option<Sender<Request>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts the thread, which enters `location` and opens the backend there.
    pub(crate) fn start<B: Backend>(
        name: &str,
        location: Location,
        open: impl FnOnce(Location) -> Result<(B, Description), Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let location = location.resolve()?;
        let (requests, inbox) = channel();
        let (opened, outcome) = channel();
        let work = move || {
            match location.enter().and_then(|()| open(location)) {
                Ok((backend, description)) => {
                    if opened.send(Ok(description)).is_ok() {
                        serve(backend, &inbox);
                    }
                }
                // The receiver waits for exactly this.
                Err(error) => drop(opened.send(Err(error))),
            }
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work);
        let thread = thread.map_err(|error| Error::gone(format!("starting a thread: {error}")))?;
        let description = outcome.recv().map_err(|_| gone())??;
        let (requests, thread) = (Mutex::new(Some(requests)), Mutex::new(Some(thread)));
        Ok(Self {
            description,
            requests,
            thread,
        })
    }

    pub(crate) fn describe(&self) -> &Description {
        &self.description
    }

    pub(crate) fn run(&self, script: Script, run: Run) -> Result<(), Error> {
        self.ask(|reply| Request::Run(script, run, reply))
    }

    pub(crate) fn list(&self, table: &TableId) -> Result<Listing, Error> {
        self.ask(|reply| Request::List(table.clone(), reply))
    }

    pub(crate) fn base_chains(&self) -> Result<Vec<BaseChain>, Error> {
        let text = self.ask(Request::Survey)?;
        survey::base_chains(&text).map_err(|reason| Error::new(Kind::Unsupported, reason))
    }

    /// Ends the thread after the requests before this one.
    pub(crate) fn close(&self) -> Result<(), Error> {
        let closed = self.ask(Request::Close);
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match thread.map(JoinHandle::join) {
            Some(Err(_)) => Err(Error::lost("the thread of the driver panicked")),
            _ => closed,
        }
    }

    fn ask<T>(
        &self,
        request: impl FnOnce(Sender<Result<T, Error>>) -> Request,
    ) -> Result<T, Error> {
        let (reply, answer) = channel();
        {
            let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            let requests = requests
                .as_ref()
                .ok_or_else(|| Error::gone("the driver is closed"))?;
            requests.send(request(reply)).map_err(|_| gone())?;
        }
        // The lock is released: others queue up behind this request while it is carried out.
        answer
            .recv()
            .map_err(|_| Error::lost("the thread of the driver ended"))?
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
        {
            // Whoever wants to hear of errors calls `close`.
            let _ = self.close();
        }
    }
}

fn gone() -> Error {
    Error::gone("the thread of the driver ended")
}

/// Carries requests out until it is told to close, or nobody is left to ask.
fn serve<B: Backend>(mut backend: B, inbox: &Receiver<Request>) {
    // An answer that nobody waits for any more is dropped.
    for request in inbox {
        match request {
            Request::Run(script, run, reply) => drop(reply.send(backend.run(&script, run))),
            Request::List(table, reply) => drop(reply.send(backend.list(&table))),
            Request::Survey(reply) => drop(reply.send(backend.survey())),
            Request::Close(reply) => {
                drop(reply.send(backend.close()));
                return;
            }
        }
    }
}
