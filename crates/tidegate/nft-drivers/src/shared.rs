//! Serializes the callers of a driver's backend.
//!
//! The caller's own thread talks to the running program: another thread between them would cost two more
//! changes of threads for each transaction, which is as much as the kernel takes for it. Only a start of a
//! program depends on the network namespace, and enters it ([`location`](super::location)).

use std::sync::{Mutex, MutexGuard, PoisonError};

use tidegate_nft::{
    BaseChain, Description, Driver, Error, Listing, TableId, Transaction, tables_with_base_chains,
};

use crate::script::Script;

/// Whether a script is carried out or only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Apply,
    Check,
}

/// What does it.
pub(crate) trait Backend: Send {
    fn run(&mut self, script: &Script, run: Run) -> Result<(), Error>;
    fn list(&mut self, table: &TableId) -> Result<Listing, Error>;
    /// `nft -j list` of something, such as `chains`.
    fn list_json(&mut self, what: &str) -> Result<String, Error>;
    /// `nft -s -a list` of something: the text with handles.
    fn list_handles(&mut self, what: &str) -> Result<String, Error>;
    fn close(self) -> Result<(), Error>;
}

/// A backend that callers take turns with.
pub(crate) struct Shared<B: Backend> {
    description: Description,
    /// None once it is closed.
    backend: Mutex<Option<B>>,
}

impl<B: Backend> Shared<B> {
    pub(crate) fn new((backend, description): (B, Description)) -> Self {
        Self {
            description,
            backend: Mutex::new(Some(backend)),
        }
    }

    fn with<T>(&self, call: impl FnOnce(&mut B) -> Result<T, Error>) -> Result<T, Error> {
        call(self.backend().as_mut().ok_or_else(closed)?)
    }

    /// A backend whose caller panicked has lost its process, and starts a new one.
    fn backend(&self) -> MutexGuard<'_, Option<B>> {
        self.backend.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: Backend> Driver for Shared<B> {
    fn apply(&self, transaction: &Transaction) -> Result<(), Error> {
        let script = validated(transaction)?;
        self.with(|backend| backend.run(&script, Run::Apply))
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Error> {
        let script = validated(transaction)?;
        self.with(|backend| backend.run(&script, Run::Check))
    }

    fn list(&self, table: &TableId) -> Result<Listing, Error> {
        self.with(|backend| backend.list(table))
    }

    fn base_chains(&self, except: &TableId) -> Result<Vec<BaseChain>, Error> {
        let chains = self.with(|backend| backend.list_json("chains"))?;
        let mut found = Vec::new();
        for table in tables_with_base_chains(&chains, except)? {
            let what = format!("table {table}");
            let json = self.with(|backend| backend.list_json(&what))?;
            // The rules are read without it; people read it.
            let text = self.with(|backend| backend.list_handles(&what));
            let chains = BaseChain::parse_all(&json)?;
            found.extend(BaseChain::with_texts(chains, &text.unwrap_or_default()));
        }
        Ok(found)
    }

    fn describe(&self) -> &Description {
        &self.description
    }

    /// Ends what runs, after the calls before this one.
    fn close(&self) -> Result<(), Error> {
        match self.backend().take() {
            Some(backend) => backend.close(),
            None => Err(closed()),
        }
    }
}

/// The transaction as nft reads it, once it has passed validation.
fn validated(transaction: &Transaction) -> Result<Script, Error> {
    match transaction.validate() {
        Ok(()) => Ok(Script::new(transaction)),
        Err(invalid) => Err(Error::invalid(transaction, &invalid)),
    }
}

impl<B: Backend> Drop for Shared<B> {
    fn drop(&mut self) {
        // Callers that want errors call `close`.
        let _ = self.close();
    }
}

fn closed() -> Error {
    Error::gone("the driver is closed")
}
