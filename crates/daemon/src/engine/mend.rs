//! Putting the table right after somebody else changed it.

use tidegate_nft::{Change, Finding, Kind};
use tidegate_plan::{planned, table};

use super::{Engine, EngineError, Kernel};
use tidegate_model::State;

/// What was found and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mended {
    /// The table was as it should be.
    Nothing,
    /// Others had changed it; it was replaced in one transaction.
    Replaced(Vec<Change>),
    /// It differed, and nobody knows who it was; it was replaced in one transaction.
    ReplacedUnknown,
}

impl Engine {
    /// Has it found out what happened to the table while no command is at work, and replaces the
    /// table where somebody else touched it.
    ///
    /// # Errors
    /// When it cannot be found out, or the kernel refuses the table.
    pub fn mend(
        &self,
        find: impl FnOnce() -> Result<Finding, tidegate_nft::Error>,
    ) -> Result<Mended, EngineError> {
        let mut kernel = self.kernel();
        let state = self.state();
        match find()? {
            Finding::Nothing => Ok(Mended::Nothing),
            Finding::Changed(changes) => {
                kernel.restore(&state)?;
                Ok(Mended::Replaced(changes))
            }
            Finding::Missed if kernel.is_as_planned(&state)? => Ok(Mended::Nothing),
            Finding::Missed => {
                kernel.restore(&state)?;
                Ok(Mended::ReplacedUnknown)
            }
        }
    }
}

impl Kernel {
    /// Whether the table is as planned. One that cannot be compared counts as another one: to
    /// replace it costs less than to be wrong.
    fn is_as_planned(&self, state: &State) -> Result<bool, EngineError> {
        let id = table();
        let live = match self.driver.list(&id) {
            Err(error) if error.kind == Kind::NotFound => return Ok(false),
            listed => listed?,
        };
        let planned = planned(state).table(&id).cloned().unwrap_or_default();
        Ok(live.diff(&id, &planned).is_ok_and(|found| found.is_empty()))
    }
}
