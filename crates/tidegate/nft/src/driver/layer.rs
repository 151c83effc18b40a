//! Drivers in front of other drivers.

use super::{BaseChain, Description, Driver, Error, Listing};
use crate::model::TableId;
use crate::transaction::Transaction;

/// A driver in front of another one, which does something of its own with transactions.
pub trait Layer: Send + Sync {
    /// The driver behind it.
    fn inner(&self) -> &dyn Driver;

    /// What [`Driver::apply`] does; by default, the driver behind it applies the transaction.
    ///
    /// # Errors
    /// Those of `Driver::apply`.
    fn carry_out(&self, transaction: &Transaction) -> Result<(), Error> {
        self.inner().apply(transaction)
    }
}

impl<L: Layer> Driver for L {
    fn apply(&self, transaction: &Transaction) -> Result<(), Error> {
        self.carry_out(transaction)
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Error> {
        self.inner().check(transaction)
    }

    fn list(&self, table: &TableId) -> Result<Listing, Error> {
        self.inner().list(table)
    }

    fn base_chains(&self, except: &TableId) -> Result<Vec<BaseChain>, Error> {
        self.inner().base_chains(except)
    }

    fn describe(&self) -> &Description {
        self.inner().describe()
    }

    fn close(&self) -> Result<(), Error> {
        self.inner().close()
    }
}
