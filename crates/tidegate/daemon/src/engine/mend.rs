//! Restores the table after another program changed it.

use std::time::Duration;

use tidegate_model::State;
use tidegate_nft_drivers::{ForeignChange, TableChanges};
use tidegate_plan::StaleConnections;

use super::carry_out::{restore, shut};
use super::ruleset::differences;
use super::{Engine, EngineError};

/// How long a repair waits for a running command.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// What was found and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mended {
    /// The table was correct.
    Nothing,
    /// Another program had changed it; it was replaced in one transaction.
    Replaced(Vec<ForeignChange>),
    /// Another program changes it again faster than it can be replaced: networks are closed to new connections until
    /// it is replaced.
    Shut(Vec<ForeignChange>),
    /// It differed for an unknown reason; it was replaced in one transaction.
    ReplacedUnknown,
}

impl Engine {
    /// Checks the changes of the table while no command runs, and replaces the table if another program touched it.
    /// First closes the networks, which is quick. If the table itself is postponed, the caller must restore it later.
    /// Does not wait for a long command ([`past`](super::past)).
    ///
    /// # Errors
    /// If the changes are unknown, or the kernel refuses the table.
    pub fn mend(
        &self,
        find: impl FnOnce() -> Result<TableChanges, tidegate_nft::Error>,
        may_be_later: bool,
    ) -> Result<Mended, EngineError> {
        let turn = self.backends.take_within(TIME_LIMIT);
        let past = turn.is_none().then(|| self.past.alone());
        let put_back = |state: &State| {
            if past.is_some() {
                tracing::warn!(
                    "a command takes longer than {TIME_LIMIT:?}: the table is restored without waiting for it"
                );
                self.past.tell();
            }
            restore(&*self.driver, state)
        };
        // A repair during a command is never postponed.
        let close = |state: &State| past.is_none() && shut(&*self.driver, state);
        if self.is_torn_down() {
            return Ok(Mended::Nothing);
        }
        let state = self.state();
        match find()? {
            TableChanges::Nothing => Ok(Mended::Nothing),
            TableChanges::Changed(changes) => {
                if close(&state) && may_be_later {
                    self.note_table_changes(&changes);
                    return Ok(Mended::Shut(changes));
                }
                put_back(&state)?;
                self.sweeps.note(StaleConnections::after_mending());
                self.note_table(Some(&changes));
                Ok(Mended::Replaced(changes))
            }
            TableChanges::Missed if self.is_as_planned(&state)? => Ok(Mended::Nothing),
            TableChanges::Missed => {
                close(&state);
                put_back(&state)?;
                self.sweeps.note(StaleConnections::after_mending());
                self.note_table(None);
                Ok(Mended::ReplacedUnknown)
            }
        }
    }

    /// Whether the table is as planned. If it cannot be compared, it counts as different: replacing it costs less
    /// than a wrong table.
    fn is_as_planned(&self, state: &State) -> Result<bool, EngineError> {
        match differences(&*self.driver, state) {
            Ok(differences) => Ok(differences.is_empty()),
            Err(EngineError::Listing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
