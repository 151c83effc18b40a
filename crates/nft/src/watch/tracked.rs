//! A driver whose transactions are known as ours.

use std::sync::Arc;

use super::generations::Generations;
use crate::driver::{BaseChain, Description, Driver, Error, Listing};
use crate::model::TableId;
use crate::transaction::Transaction;

/// Passes everything on, and notes the generation of each transaction that it applies.
pub(super) struct Tracked {
    driver: Box<dyn Driver>,
    generations: Arc<Generations>,
}

impl Tracked {
    pub(super) fn new(driver: Box<dyn Driver>, generations: Arc<Generations>) -> Self {
        Self {
            driver,
            generations,
        }
    }
}

impl Driver for Tracked {
    fn apply(&self, transaction: &Transaction) -> Result<(), Error> {
        self.generations.commit(|| self.driver.apply(transaction))
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Error> {
        self.driver.check(transaction)
    }

    fn list(&self, table: &TableId) -> Result<Listing, Error> {
        self.driver.list(table)
    }

    fn base_chains(&self) -> Result<Vec<BaseChain>, Error> {
        self.driver.base_chains()
    }

    fn describe(&self) -> &Description {
        self.driver.describe()
    }

    fn close(&self) -> Result<(), Error> {
        self.driver.close()
    }
}
