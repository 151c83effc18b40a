//! The driver that runs the `nft` program.

mod backend;
mod child;
mod frame;
mod locate;
mod probe;

use std::path::PathBuf;
use std::time::Duration;

use tidegate_nft::{Driver, Error, Layer, Mode};
use tidegate_sys::Location;

use crate::entry::Entry;
use crate::location;
use crate::process::Launcher;
use crate::shared::Shared;
use backend::ExecBackend;

/// How the driver sends transactions to `nft`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecMode {
    /// To a long-lived child if the installed `nft` supports that, else as `PerTransaction`.
    #[default]
    Auto,
    /// Each to an `nft -f -` of its own.
    PerTransaction,
    /// To a long-lived `nft -i`. An error if `nft` does not support that.
    LongLivedChild,
}

/// How an [`ExecDriver`] is opened.
#[derive(Clone, Debug)]
pub struct ExecOptions {
    /// The `nft` program; looked up in `PATH`, `/usr/sbin` and `/sbin` when not given.
    pub nft: Option<PathBuf>,
    /// How the driver sends transactions to it.
    pub mode: ExecMode,
    /// How long `nft` may take for one transaction or listing before it is killed.
    pub deadline: Duration,
}

impl Default for ExecOptions {
    /// Any `nft`, the best mode, half a minute.
    fn default() -> Self {
        Self {
            nft: None,
            mode: ExecMode::Auto,
            deadline: Duration::from_secs(30),
        }
    }
}

/// How settings choose this driver.
pub(super) const ENTRY: Entry = Entry {
    name: "exec",
    is_built: true,
    open: |location, programs| {
        let options = ExecOptions {
            nft: programs.nft.clone(),
            ..ExecOptions::default()
        };
        Ok(Box::new(ExecDriver::open(location, options)?))
    },
};

/// One `nft -f -` for each transaction.
const PER_TRANSACTION: Mode = Mode("one process per transaction");
/// One `nft -i` that is kept.
const LONG_LIVED_CHILD: Mode = Mode("one long-lived child");

/// Gives transactions to the `nft` program.
pub struct ExecDriver(Shared<ExecBackend<Launcher>>);

impl ExecDriver {
    /// Finds `nft`, queries its capabilities, and starts the long-lived child if one is used.
    ///
    /// # Errors
    /// If there is no `nft`, it does not run, it does not support `mode`, or the namespace cannot be entered.
    pub fn open(location: Location, options: ExecOptions) -> Result<Self, Error> {
        let nft = locate::nft(options.nft.as_deref())?;
        let system = Launcher::nft(nft, location::open(&location)?);
        let opened = ExecBackend::open(system, options.mode, options.deadline)?;
        Ok(Self(Shared::new(opened)))
    }
}

impl Layer for ExecDriver {
    fn inner(&self) -> &dyn Driver {
        &self.0
    }
}

#[cfg(test)]
mod tests;
