//! What gives transactions to the kernel.

mod choice;
mod description;
mod entry;
mod error;
mod exec;
mod fake;
#[cfg(feature = "libnftables")]
mod library;
#[cfg(not(feature = "libnftables"))]
#[path = "no_library.rs"]
mod library;
mod listing;
mod location;
mod message;
mod process;
mod script;
mod shared;
mod survey;
mod table;

pub use choice::{DriverChoice, Opened, UnknownDriver, open};
pub use description::{Description, Mode, Support};
pub use entry::{Entry, Programs};
pub use error::{Applied, Error, FailedOp};
pub use exec::{ExecDriver, ExecMode, ExecOptions};
pub use fake::FakeDriver;
#[cfg(feature = "libnftables")]
pub use library::{LIBRARY_PROCESS, LibraryDriver, LibraryOptions, serve_library};
pub use listing::{Listing, LiveTable};
pub use survey::BaseChain;
pub use table::DRIVERS;
pub use tidegate_sys::Location;

use crate::model::TableId;
use crate::transaction::Transaction;
use script::Script;

/// Sends transactions to the nf_tables of one network namespace.
///
/// Safe to share between threads: transactions are carried out one at a time, in the order in which
/// they were handed in. Drivers of different namespaces do not wait for each other.
pub trait Driver: Send + Sync {
    /// Carries out all operations or none.
    ///
    /// # Errors
    /// With the operation that was refused. The driver stays usable. Nothing has changed, unless
    /// the error says that this is not known ([`Applied::Unknown`]).
    fn apply(&self, transaction: &Transaction) -> Result<(), Error>;

    /// Says whether [`apply`](Self::apply) would succeed now, and changes nothing.
    ///
    /// Costs more than applying: keep it out of hot paths.
    ///
    /// # Errors
    /// As `apply` would give.
    fn check(&self, transaction: &Transaction) -> Result<(), Error>;

    /// What a table holds.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::Kind::NotFound) when it is not there.
    fn list(&self, table: &TableId) -> Result<Listing, Error>;

    /// The base chains of all tables in the namespace.
    ///
    /// # Errors
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) where nft has no JSON to tell it with.
    fn base_chains(&self) -> Result<Vec<BaseChain>, Error>;

    /// What kind of driver it is.
    fn describe(&self) -> &Description;

    /// Closes the driver: ends its process and waits for it. Later calls fail.
    ///
    /// # Errors
    /// If its process did not end properly.
    fn close(&self) -> Result<(), Error>;
}

/// The transaction as nft reads it, once it has passed validation.
fn validated(transaction: &Transaction) -> Result<Script, Error> {
    if let Err(invalid) = transaction.validate() {
        let op = transaction.ops().get(invalid.index);
        let text = op.map(ToString::to_string).unwrap_or_default();
        let reason = format!("{}: {}", invalid.object, invalid.reason);
        return Err(Error::new(crate::Kind::Invalid, reason).with_op(invalid.index, &text));
    }
    Ok(Script::new(transaction))
}
