//! The ruleset: as planned, as the kernel has it, and what differs.

use std::sync::atomic::Ordering;

use tidegate_model::State;
use tidegate_nft::{Driver, Kind};
use tidegate_plan::{planned, table};

use super::{Engine, EngineError};

/// How often the two are compared anew because of commands that came between.
const TRIES: usize = 3;

impl Engine {
    /// The ruleset as planned, as nft text.
    pub fn planned_ruleset(&self) -> String {
        planned(&self.state()).to_text()
    }

    /// The ruleset as the kernel has it, as nft text.
    ///
    /// # Errors
    /// When the kernel cannot be asked, or has no table of ours.
    pub fn live_ruleset(&self) -> Result<String, EngineError> {
        Ok(self.driver.list(&table())?.text)
    }

    /// What differs between the two, a line each: `-` is planned and missing, `+` is there and
    /// not planned, `~` is there and different. Commands do not wait for it.
    ///
    /// # Errors
    /// When the kernel cannot be asked, or its answer is not understood.
    pub fn ruleset_differences(&self) -> Result<Vec<String>, EngineError> {
        for _ in 0..TRIES {
            let (state, passed) = self.snapshot();
            let found = differences(&*self.driver, &state)?;
            // What a command does meanwhile is in one of the two alone.
            if found.is_empty() || self.snapshot().1 == passed {
                return Ok(found);
            }
        }
        // With so many commands it takes a moment without any.
        let _backends = self.backends();
        differences(&*self.driver, &self.state())
    }

    /// The state between two commands, and how many there have been.
    pub(super) fn snapshot(&self) -> (State, u64) {
        let _backends = self.backends();
        let state = self.state().clone();
        (state, self.commands.load(Ordering::SeqCst))
    }
}

/// What differs between the kernel's table and that of a state.
pub(super) fn differences(driver: &dyn Driver, state: &State) -> Result<Vec<String>, EngineError> {
    let id = table();
    let live = match driver.list(&id) {
        Err(error) if error.kind == Kind::NotFound => return Ok(vec![format!("- table {id}")]),
        listed => listed?,
    };
    let planned = planned(state).table(&id).cloned().unwrap_or_default();
    let differences = live.diff(&id, &planned).map_err(EngineError::Listing)?;
    Ok(differences.iter().map(ToString::to_string).collect())
}
