//! Learns from the kernel where interfaces are that were handed over.

use error_hint::causes;
use tidegate_link::{LinkChange, OpenNamespaces};
use tidegate_model::Name;

use super::{Engine, EngineError};

impl Engine {
    /// Notes which of these interfaces their engines have moved: endpoints of one namespace know each other's names, and
    /// may send from each other's addresses.
    pub(crate) fn note_moves(&self, heard: &LinkChange) {
        if let Err(error) = self.try_to_note_moves(heard) {
            tracing::error!(causes = ?causes(&error), "cannot tell where an engine has moved an interface: {error}");
        }
    }

    fn try_to_note_moves(&self, heard: &LinkChange) -> Result<(), EngineError> {
        let moved: Vec<(Name, Option<i32>)> = match heard {
            LinkChange::Nothing => Vec::new(),
            LinkChange::Changed(told) => tidegate_plan::moved(&self.state(), &told.links),
            LinkChange::Lost => {
                let links = self.backends().links.links()?;
                tidegate_plan::moved(&self.state(), &links)
            }
        };
        for (name, number) in moved {
            self.run(OpenNamespaces::default(), |_, state| {
                let is_there = state.endpoints.contains_key(&name);
                match is_there {
                    true => Ok(tidegate_plan::relocate(state, &name, number)?),
                    false => Ok(tidegate_plan::Plan::nothing()),
                }
            })?;
            match number {
                Some(number) => {
                    tracing::info!(endpoint = %name, number, "its engine moved its interface")
                }
                None => tracing::info!(endpoint = %name, "its interface came back"),
            }
        }
        Ok(())
    }
}
