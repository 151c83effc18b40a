//! The planned ruleset, the kernel's, and their differences.

use std::sync::atomic::Ordering;

use tidegate_model::State;
use tidegate_nft::{Difference, Driver, Kind};
use tidegate_plan::{planned, table};

use super::{Engine, EngineError};

/// How often the comparison is repeated because commands ran in between.
const TRIES: usize = 3;

impl Engine {
    /// The planned ruleset as nft text.
    pub fn planned_ruleset(&self) -> String {
        planned(&self.state()).to_text()
    }

    /// The kernel's ruleset as nft text.
    ///
    /// # Errors
    /// If the kernel cannot be queried, or has no table of ours.
    pub fn live_ruleset(&self) -> Result<String, EngineError> {
        Ok(self.driver.list(&table())?.text)
    }

    /// The differences, one a line: `-` is planned but missing, `+` exists but is not planned, `~` exists but
    /// differs. Commands do not wait for it.
    ///
    /// # Errors
    /// If the kernel cannot be queried, or its answer cannot be parsed.
    pub fn ruleset_differences(&self) -> Result<Vec<String>, EngineError> {
        let found = self.table_differences()?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    /// The same, as values.
    pub(super) fn table_differences(&self) -> Result<Vec<Difference>, EngineError> {
        for _ in 0..TRIES {
            let (state, passed) = self.snapshot();
            let found = differences(&*self.driver, &state)?;
            // A command in between would be in only one of the two.
            if found.is_empty() || self.snapshot().1 == passed {
                return Ok(found);
            }
        }
        // With that many commands, it compares while none runs.
        let _backends = self.backends();
        differences(&*self.driver, &self.state())
    }

    /// The state between two commands, and the number of commands so far.
    pub(super) fn snapshot(&self) -> (State, u64) {
        let _backends = self.backends();
        let state = self.state().clone();
        (state, self.commands.load(Ordering::SeqCst))
    }
}

/// The differences between the kernel's table and that of a state.
pub(super) fn differences(
    driver: &dyn Driver,
    state: &State,
) -> Result<Vec<Difference>, EngineError> {
    let id = table();
    let live = match driver.list(&id) {
        Err(error) if error.kind == Kind::NotFound => {
            let object = format!("table {id}");
            return Ok(vec![Difference::Missing { object }]);
        }
        listed => listed?,
    };
    let planned = planned(state).table(&id).cloned().unwrap_or_default();
    live.diff(&id, &planned).map_err(EngineError::Listing)
}
