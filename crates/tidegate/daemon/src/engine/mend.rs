//! Putting the table right after somebody else changed it.

use std::time::Duration;

use tidegate_api::event::Happening;
use tidegate_model::State;
use tidegate_nft::{ForeignChange, TableChanges};
use tidegate_plan::StaleConnections;

use super::carry_out::{restore, shut};
use super::ruleset::differences;
use super::{Engine, EngineError};
use crate::metrics::count;

/// How long a command may take before the table is mended past it.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// What was found and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mended {
    /// The table was as it should be.
    Nothing,
    /// Others had changed it; it was replaced in one transaction.
    Replaced(Vec<ForeignChange>),
    /// Others had changed it, and change it again sooner than it can be replaced: networks are closed to new
    /// connections until it is.
    Shut(Vec<ForeignChange>),
    /// It differed, and nobody knows who it was; it was replaced in one transaction.
    ReplacedUnknown,
}

impl Engine {
    /// Has it found out what happened to the table while no command is at work, and replaces the
    /// table where somebody else touched it. The networks are closed first, which takes a moment alone; where that is not
    /// to be followed by the table yet, it is for the caller to have it done. A command that takes
    /// long is not waited for ([`past`](super::past)).
    ///
    /// # Errors
    /// When it cannot be found out, or the kernel refuses the table.
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
        // What is put back past a command is put back at once.
        let close = |state: &State| past.is_none() && shut(&*self.driver, state);
        let state = self.state();
        match find()? {
            TableChanges::Nothing => Ok(Mended::Nothing),
            TableChanges::Changed(changes) => {
                if close(&state) && may_be_later {
                    return Ok(Mended::Shut(changes));
                }
                put_back(&state)?;
                self.sweeps.note(StaleConnections::after_mending());
                count(&self.counters.mended);
                for change in &changes {
                    self.events.tell(Happening::TableMended {
                        program: change.program.clone(),
                        process: change.process,
                        what: change.what.clone(),
                    });
                }
                Ok(Mended::Replaced(changes))
            }
            TableChanges::Missed if self.is_as_planned(&state)? => Ok(Mended::Nothing),
            TableChanges::Missed => {
                close(&state);
                put_back(&state)?;
                self.sweeps.note(StaleConnections::after_mending());
                count(&self.counters.mended);
                self.events.tell(Happening::TableMended {
                    program: None,
                    process: None,
                    what: Vec::new(),
                });
                Ok(Mended::ReplacedUnknown)
            }
        }
    }

    /// Whether the table is as planned. One that cannot be compared counts as another one: to
    /// replace it costs less than to be wrong.
    fn is_as_planned(&self, state: &State) -> Result<bool, EngineError> {
        match differences(&*self.driver, state) {
            Ok(differences) => Ok(differences.is_empty()),
            Err(EngineError::Listing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
