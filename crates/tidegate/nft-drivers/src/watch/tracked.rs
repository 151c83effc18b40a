//! A driver that notes the generations of its transactions, and checks that each reported success changed the kernel.

use std::sync::Arc;

use tidegate_nft::{Description, Driver, Error, Layer, LiveTable, TableId, Transaction};

use super::announcements;
use super::generations::{Counted, Generations};

const HINT: &str = "check whether this nft is the one of the package nftables, not a wrapper";

/// Passes every call on, and notes the generation of each transaction that it applies.
///
/// If the driver reports success but the kernel's generation is the same as before, this lists the tables. If they do not show
/// the changes of the transaction, the driver counts as lost.
pub(super) struct Tracked {
    driver: Box<dyn Driver>,
    generations: Arc<Generations>,
    /// The watched table.
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

    /// The result of a transaction that the driver reported as done, although the kernel's generation did not change.
    fn look(&self, transaction: &Transaction) -> Result<(), Error> {
        if transaction.is_empty() {
            return Ok(());
        }
        // To add what exists already changes nothing, and is not an error.
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

    /// Whether the tables have everything that the transaction adds, and nothing that it flushes.
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
        let is_announced = transaction.ops_on(&self.table).next().is_some();
        let apply = || self.driver.apply(transaction);
        let words = || announcements::words(transaction, &self.table);
        match self.generations.commit(is_announced, words, apply)? {
            Counted::Nothing => self.look(transaction),
            Counted::Something | Counted::Unknown => Ok(()),
        }
    }
}
