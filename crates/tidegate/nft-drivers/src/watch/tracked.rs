//! A driver whose transactions are known as ours, and that is not believed without a sign.

use std::sync::Arc;

use tidegate_nft::{Description, Driver, Error, Layer, LiveTable, TableId, Transaction};

use super::generations::{Counted, Generations};
use super::telling;

const HINT: &str = "check whether this nft is the one of the package nftables, not a wrapper";

/// Passes everything on, and notes the generation of each transaction that it applies.
///
/// A driver that says that it is done, while the kernel counted no commit, is asked for what it should
/// have done; where that is not to be seen, it counts as lost.
pub(super) struct Tracked {
    driver: Box<dyn Driver>,
    generations: Arc<Generations>,
    /// The one of which the watch hears.
    table: TableId,
}

impl Tracked {
    pub(super) fn new(
        driver: Box<dyn Driver>,
        generations: Arc<Generations>,
        table: TableId,
    ) -> Self {
        Self {
            driver,
            generations,
            table,
        }
    }

    /// What is said of a transaction after which the kernel's ruleset did not change before.
    fn look(&self, transaction: &Transaction) -> Result<(), Error> {
        if transaction.is_empty() {
            return Ok(());
        }
        // What always changes something did not; what was added may have been there.
        if !transaction.is_always_a_change() && self.is_there(transaction)? {
            return Ok(());
        }
        let Description {
            driver, program, ..
        } = self.describe();
        let program = program.as_ref();
        let program = program.map_or_else(String::new, |it| format!(" ({})", it.display()));
        let reason = format!(
            "the {driver} driver{program} reports success, but the kernel's ruleset did not change"
        );
        Err(Error::gone(reason).with_hint(HINT))
    }

    /// Whether the tables hold all that a transaction adds, and nothing of what it flushes.
    fn is_there(&self, transaction: &Transaction) -> Result<bool, Error> {
        for table in transaction.tables() {
            let listing = self.driver.list(&table)?;
            let shows = |live: &LiveTable| transaction.ops_on(&table).all(|op| live.shows(op));
            match listing.table.as_ref().map(shows) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(reason) => return Err(Error::lost(format!("cannot read the table: {reason}"))),
            }
        }
        Ok(true)
    }
}

impl Layer for Tracked {
    fn inner(&self) -> &dyn Driver {
        self.driver.as_ref()
    }

    fn carry_out(&self, transaction: &Transaction) -> Result<(), Error> {
        let is_told = transaction.ops_on(&self.table).next().is_some();
        let apply = || self.driver.apply(transaction);
        let words = || telling::words(transaction, &self.table);
        match self.generations.commit(is_told, words, apply)? {
            Counted::Nothing => self.look(transaction),
            Counted::Something | Counted::NotTold => Ok(()),
        }
    }
}
