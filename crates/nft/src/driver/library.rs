//! The driver that calls libnftables.

use std::fmt::Write;
use std::io;

use libnftables::{Format, Gone, OpenError, Outcome, Owner};

use super::description::{Answer, Description, DriverKind, Mode, known_fault};
use super::error::{Error, bounded};
use super::listing::{Listing, parse};
use super::location::Location;
use super::message;
use super::script::Script;
use super::{Driver, validated};
use crate::kind::Kind;
use crate::model::TableId;
use crate::transaction::Transaction;

/// Gives transactions to libnftables, in one context that is opened once and kept.
pub struct LibraryDriver {
    owner: Owner,
    description: Description,
}

impl LibraryDriver {
    /// Opens a context in a network namespace.
    ///
    /// # Errors
    /// When the namespace cannot be entered, or the library cannot be used there.
    pub fn open(location: Location) -> Result<Self, Error> {
        let namespace = match location.resolve()? {
            Location::Fd(namespace) => Some(namespace),
            Location::Current | Location::Path(_) => None,
        };
        let owner = Owner::open(namespace).map_err(|error| open_error(&error))?;
        let description = Description {
            driver: DriverKind::Library,
            mode: Mode::Context,
            why: "libnftables keeps one context".to_owned(),
            version: owner.version().map(str::to_owned),
            json: match owner.has_json() {
                Ok(true) => Answer::Yes,
                Ok(false) => Answer::No,
                Err(reason) => Answer::CouldNotTell(bounded(reason)),
            },
            program: None,
            warning: known_fault(owner.version()),
        };
        Ok(Self { owner, description })
    }

    fn run(&self, transaction: &Transaction, dry_run: bool) -> Result<(), Error> {
        let script = validated(transaction)?;
        if script.len() == 0 {
            return Ok(());
        }
        let outcome = answered(self.owner.run(script.lines(), dry_run))?;
        if outcome.success {
            Ok(())
        } else {
            Err(message::refusal(&script, &outcome.errors))
        }
    }

    fn list_as(&self, table: &TableId, format: Format) -> Result<String, Error> {
        let command = format!("list table {table}");
        let outcome = answered(self.owner.list(command.clone(), format))?;
        if outcome.success {
            return Ok(outcome.output);
        }
        Err(message::refusal(
            &Script::of_lines(vec![command]),
            &outcome.errors,
        ))
    }
}

impl Driver for LibraryDriver {
    fn apply(&self, transaction: &Transaction) -> Result<(), Error> {
        self.run(transaction, false)
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Error> {
        self.run(transaction, true)
    }

    fn list(&self, table: &TableId) -> Result<Listing, Error> {
        let text = self.list_as(table, Format::Text)?;
        let table = match self.description.json {
            Answer::No => Err("this libnftables has no JSON".to_owned()),
            Answer::Yes | Answer::CouldNotTell(_) => {
                parse(table, &self.list_as(table, Format::Json)?)
            }
        };
        Ok(Listing { text, table })
    }

    fn describe(&self) -> &Description {
        &self.description
    }

    fn close(&self) -> Result<(), Error> {
        self.owner.close().map_err(|gone| match gone {
            Gone::Before => Error::gone("the driver is closed"),
            Gone::During => Error::lost(gone.to_string()),
        })
    }
}

/// The outcome of a run that took place.
fn answered(answer: Result<io::Result<Outcome>, Gone>) -> Result<Outcome, Error> {
    match answer {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(error)) => Err(Error::gone(format!(
            "handing commands to libnftables: {error}"
        ))),
        Err(Gone::Before) => Err(Error::gone("the driver is closed")),
        Err(Gone::During) => Err(Error::lost(Gone::During.to_string())),
    }
}

/// With its sources: this is where the chain of another crate's error ends.
fn open_error(error: &OpenError) -> Error {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        // Writing to a string does not fail.
        let _ = write!(reason, ": {cause}");
        source = cause.source();
    }
    let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    match error {
        OpenError::Namespace(error) if denied(error) => Error::new(Kind::Permission, reason),
        _ => Error::new(Kind::DriverGone, reason).with_hint("choose the exec driver"),
    }
}
