//! The driver that keeps a ruleset in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::description::{Description, Mode, Support};
use super::{BaseChain, Driver, Error, Listing};
use crate::kind::Kind;
use crate::model::TableId;
use crate::op::ObjectId;
use crate::ruleset::{Refusal, Ruleset};
use crate::transaction::Transaction;

/// Applies transactions to a [`Ruleset`] in memory, and refuses what the kernel refuses.
#[derive(Debug)]
pub struct FakeDriver {
    description: Description,
    state: Mutex<Option<Ruleset>>,
}

impl FakeDriver {
    /// One with an empty ruleset.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Ruleset::new())
    }

    /// One that begins with a ruleset.
    #[must_use]
    pub fn with(ruleset: Ruleset) -> Self {
        let description = Description {
            driver: "fake",
            mode: Mode("in memory"),
            why: "it was asked for".to_owned(),
            version: None,
            json: Support::Yes,
            program: None,
            warning: None,
        };
        Self {
            description,
            state: Mutex::new(Some(ruleset)),
        }
    }

    /// What it holds now; nothing once it is closed.
    #[must_use]
    pub fn ruleset(&self) -> Ruleset {
        self.lock().clone().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ruleset>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_state<T>(
        &self,
        work: impl FnOnce(&mut Ruleset) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut state = self.lock();
        work(
            state
                .as_mut()
                .ok_or_else(|| Error::gone("the driver is closed"))?,
        )
    }
}

impl Default for FakeDriver {
    fn default() -> Self {
        Self::new()
    }
}

impl Driver for FakeDriver {
    fn apply(&self, transaction: &Transaction) -> Result<(), Error> {
        validate(transaction)?;
        self.with_state(|ruleset| {
            let applied = ruleset.apply(transaction);
            applied
                .map(drop)
                .map_err(|refusal| refused(transaction, &refusal))
        })
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Error> {
        validate(transaction)?;
        self.with_state(|ruleset| {
            let applied = ruleset.clone().apply(transaction);
            applied
                .map(drop)
                .map_err(|refusal| refused(transaction, &refusal))
        })
    }

    fn list(&self, table: &TableId) -> Result<Listing, Error> {
        self.with_state(|ruleset| {
            Listing::of_planned(ruleset, table).ok_or_else(|| {
                let id = ObjectId::Table(table.clone());
                Error::new(Kind::NotFound, format!("{id} does not exist"))
            })
        })
    }

    fn base_chains(&self, _: &TableId) -> Result<Vec<BaseChain>, Error> {
        self.with_state(|_| Ok(Vec::new()))
    }

    fn describe(&self) -> &Description {
        &self.description
    }

    fn close(&self) -> Result<(), Error> {
        self.lock()
            .take()
            .map(drop)
            .ok_or_else(|| Error::gone("the driver is closed"))
    }
}

fn validate(transaction: &Transaction) -> Result<(), Error> {
    let valid = transaction.validate();
    valid.map_err(|invalid| Error::invalid(transaction, &invalid))
}

fn refused(transaction: &Transaction, refusal: &Refusal) -> Error {
    let error = Error::new(refusal.kind, &refusal.reason);
    let op = transaction.ops().get(refusal.index);
    error.with_op(
        refusal.index,
        &op.map(ToString::to_string).unwrap_or_default(),
    )
}
