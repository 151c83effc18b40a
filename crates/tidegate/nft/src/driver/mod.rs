//! What gives transactions to the kernel.

mod description;
mod error;
mod fake;
mod layer;
mod listing;
mod survey;

pub use description::{Description, Mode, Support};
pub use error::{Applied, Error, FailedOp};
pub use fake::FakeDriver;
pub use layer::Layer;
pub use listing::{Listing, LiveTable};
pub use survey::{
    BaseChain, Comparison, OtherChains, OtherField, OtherRule, OtherStatement, OtherValue,
    OtherVerdict, tables_with_base_chains,
};

use crate::model::TableId;
use crate::transaction::Transaction;

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

    /// The base chains of all tables in the namespace except one. Only tables that have some are read.
    ///
    /// # Errors
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) where nft has no JSON to tell it with.
    fn base_chains(&self, except: &TableId) -> Result<Vec<BaseChain>, Error>;

    /// What kind of driver it is.
    fn describe(&self) -> &Description;

    /// Closes the driver: ends its process and waits for it. Later calls fail.
    ///
    /// # Errors
    /// If its process did not end properly.
    fn close(&self) -> Result<(), Error>;
}
