//! The ruleset: as planned, as the kernel has it, and what differs.

use tidegate_model::State;
use tidegate_nft::Kind;
use tidegate_plan::{planned, table};

use super::{Engine, EngineError, Kernel};

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
        Ok(self.kernel().driver.list(&table())?.text)
    }

    /// What differs between the two, a line each: `-` is planned and missing, `+` is there and
    /// not planned, `~` is there and different.
    ///
    /// # Errors
    /// When the kernel cannot be asked, or its answer is not understood.
    pub fn ruleset_differences(&self) -> Result<Vec<String>, EngineError> {
        // Held until the end, so that no command changes one of the two in between.
        let kernel = self.kernel();
        kernel.differences(&self.state())
    }
}

impl Kernel {
    /// What differs between the kernel's table and that of a state.
    pub(super) fn differences(&self, state: &State) -> Result<Vec<String>, EngineError> {
        let id = table();
        let live = match self.driver.list(&id) {
            Err(error) if error.kind == Kind::NotFound => return Ok(vec![format!("- table {id}")]),
            listed => listed?,
        };
        let planned = planned(state).table(&id).cloned().unwrap_or_default();
        let differences = live.diff(&id, &planned).map_err(EngineError::Listing)?;
        Ok(differences.iter().map(ToString::to_string).collect())
    }
}
