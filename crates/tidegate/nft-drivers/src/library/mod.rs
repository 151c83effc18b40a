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

use tidegate_nft::{Driver, Error, Layer};
use tidegate_sys::Location;

use crate::entry::Entry;
use crate::location;
use crate::process::Launcher;
use crate::shared::Shared;
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

impl Layer for LibraryDriver {
    fn inner(&self) -> &dyn Driver {
        &self.0
    }
}
