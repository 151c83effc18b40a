//! The driver that calls libnftables, in a process of its own.
//!
//! The library can end the process that calls it. Some releases crash on sets that a newer `nft` wrote anywhere in
//! the namespace. The library calls `exit` when memory is short, and its `select` aborts on a descriptor above 1023.
//! The driver replaces a process that ended; the caller continues.

mod backend;
mod frame;
mod serve;

use std::path::PathBuf;
use std::time::Duration;

use super::description::Description;
use super::entry::Entry;
use super::error::Error;
use super::listing::Listing;
use super::process::Launcher;
use super::shared::{Run, Shared};
use super::{BaseChain, Driver, location, validated};
use crate::model::TableId;
use crate::transaction::Transaction;
use tidegate_sys::Location;

use backend::LibraryBackend;
pub use serve::serve_library;

/// The argument with which the driver starts the program of [`LibraryOptions`]. The program must then call
/// [`serve_library`].
pub const LIBRARY_PROCESS: &str = "libnftables-process";

/// How a [`LibraryDriver`] is opened.
#[derive(Clone, Debug)]
pub struct LibraryOptions {
    /// The program that calls libnftables when its argument is [`LIBRARY_PROCESS`].
    pub program: PathBuf,
    /// How long one transaction or listing may take before the process is killed.
    pub deadline: Duration,
}

/// How settings choose this driver.
pub(super) const ENTRY: Entry = Entry {
    name: "library",
    is_built: true,
    open: |location, programs| {
        let options = LibraryOptions {
            program: programs.library.clone(),
            deadline: DEADLINE,
        };
        Ok(Box::new(LibraryDriver::open(location, options)?))
    },
};

/// The default time limit of a transaction.
const DEADLINE: Duration = Duration::from_secs(30);

/// Sends transactions to libnftables, with one long-lived context.
pub struct LibraryDriver(Shared<LibraryBackend<Launcher>>);

impl LibraryDriver {
    /// Starts the process, which opens a context in a network namespace.
    ///
    /// # Errors
    /// If the namespace cannot be entered, or the library cannot be used there.
    pub fn open(location: Location, options: LibraryOptions) -> Result<Self, Error> {
        let LibraryOptions { program, deadline } = options;
        let system = Launcher::library(program, location::open(&location)?);
        Ok(Self(Shared::new(LibraryBackend::open(system, deadline)?)))
    }
}

impl Driver for LibraryDriver {
    fn apply(&self, transaction: &Transaction) -> Result<(), Error> {
        self.0.run(&validated(transaction)?, Run::Apply)
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Error> {
        self.0.run(&validated(transaction)?, Run::Check)
    }

    fn list(&self, table: &TableId) -> Result<Listing, Error> {
        self.0.list(table)
    }

    fn base_chains(&self) -> Result<Vec<BaseChain>, Error> {
        self.0.base_chains()
    }

    fn describe(&self) -> &Description {
        self.0.describe()
    }

    fn close(&self) -> Result<(), Error> {
        self.0.close()
    }
}
