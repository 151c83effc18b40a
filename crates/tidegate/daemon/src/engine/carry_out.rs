//! Carries out plans, completely or not at all.

use std::collections::BTreeSet;

use tidegate_model::links::LinkStep;
use tidegate_model::{IfName, State};
use tidegate_nft::{Applied, Driver, Kind, Transaction};
use tidegate_plan::Plan;

use super::{Backends, EngineError};
use crate::timing::{Stage, timed};

impl Backends {
    /// Carries out a plan for `state`: preparing steps, transaction, link steps, store. If one fails, undoes the
    /// earlier ones, last first.
    pub(super) fn carry_out<T>(
        &mut self,
        state: &State,
        plan: &Plan<T>,
    ) -> Result<(), EngineError> {
        let mut first = Vec::new();
        let done = self
            .steps(&plan.first, &mut first)
            .and_then(|()| self.rest(state, plan));
        done.map_err(|error| {
            let failures = self.undo_steps(&first);
            error.with_undo(failures)
        })
    }

    /// Carries out everything after the preparing steps, or nothing of it.
    fn rest<T>(&mut self, state: &State, plan: &Plan<T>) -> Result<(), EngineError> {
        timed(Stage::Nft, || self.apply(state, &plan.transaction))?;
        let mut done = Vec::new();
        let linked = self.steps(&plan.links, &mut done);
        let is_nothing = plan.change.is_nothing();
        let mut store = || match is_nothing {
            true => Ok(()),
            false => timed(Stage::Store, || self.store.commit(state, &plan.change)),
        };
        let stored = linked.and_then(|()| Ok(store()?));
        stored.map_err(|error| {
            let failures = self.take_back(state, plan, &done);
            error.with_undo(failures)
        })
    }

    fn steps(&mut self, steps: &[LinkStep], done: &mut Vec<LinkStep>) -> Result<(), EngineError> {
        for step in steps {
            let _span = tracing::debug_span!("step", name = step.name()).entered();
            timed(Stage::Netlink, || self.apply_step(step))?;
            done.push(step.clone());
        }
        Ok(())
    }

    /// Undoes steps, last first, and returns the failures. A pair whose namespace has ended cannot come back, and its
    /// endpoint is collected: that is no failure.
    fn undo_steps(&mut self, done: &[LinkStep]) -> Vec<EngineError> {
        let inverses = done.iter().rev().filter_map(LinkStep::inverse);
        let undone = inverses.filter_map(|step| {
            let error = self.links.apply(&step).err()?;
            let is_pair = matches!(step, LinkStep::AddVeth(_));
            (!is_pair || !error.is_netns_gone()).then(|| error.into())
        });
        undone.collect()
    }

    /// Undoes link steps and the transaction, and returns the failures.
    fn take_back<T>(
        &mut self,
        state: &State,
        plan: &Plan<T>,
        done: &[LinkStep],
    ) -> Vec<EngineError> {
        let mut failures = self.undo_steps(done);
        if let Err(error) = self.driver.apply(&plan.undo) {
            tracing::warn!(%error, "replacing the table, because a change cannot be undone");
            failures.extend(self.restore(state).err());
        }
        failures
    }

    /// Applies a transaction to the table of `state`. If the table turns out to be wrong (another program changed it,
    /// or the driver died with an unknown outcome), restores it and tries the transaction once more.
    fn apply(&mut self, state: &State, transaction: &Transaction) -> Result<(), EngineError> {
        let Err(error) = self.driver.apply(transaction) else {
            return Ok(());
        };
        if !is_unexpected(&error) {
            return Err(error.into());
        }
        tracing::warn!(%error, "the table does not match the plan: replacing it");
        self.restore(state)?;
        let Err(error) = self.driver.apply(transaction) else {
            return Ok(());
        };
        let left = match error.applied {
            Applied::Unknown => self.restore(state).err(),
            Applied::No => None,
        };
        Err(EngineError::from(error).with_undo(left.into_iter().collect()))
    }

    /// The first of these names, as long as the host has links with them. They are not ours: a number is never used
    /// twice.
    pub(super) fn taken(
        &mut self,
        names: impl Iterator<Item = IfName>,
    ) -> Result<BTreeSet<IfName>, EngineError> {
        let mut taken = BTreeSet::new();
        for name in names {
            if !timed(Stage::Netlink, || self.links.has_link(&name))? {
                break;
            }
            tracing::info!(%name, "another program's interface has this name: taking the next one");
            taken.insert(name);
        }
        Ok(taken)
    }

    /// Replaces the table with that of `state`.
    pub(super) fn restore(&mut self, state: &State) -> Result<(), EngineError> {
        restore(&*self.driver, state)
    }
}

/// Closes the networks to new connections until the table is replaced. Returns false if that fails.
pub(super) fn shut(driver: &dyn Driver, state: &State) -> bool {
    let done = tidegate_plan::shut(state).map(|shut| driver.apply(&shut));
    if let Some(Err(error)) = &done {
        tracing::debug!(%error, "cannot close the networks to new connections");
    }
    !matches!(done, Some(Err(_)))
}

/// Replaces the table with that of a state.
pub(super) fn restore(driver: &dyn Driver, state: &State) -> Result<(), EngineError> {
    let replace = tidegate_plan::replace(state);
    match driver.apply(&replace) {
        // The next process may repeat a transaction that this one may have done: it builds the whole table.
        Err(error) if error.kind == Kind::DriverGone => {
            tracing::warn!(%error, "restoring the table once more");
            Ok(driver.apply(&replace)?)
        }
        done => Ok(done?),
    }
}

/// Whether an error means that the table may have changed.
fn is_unexpected(error: &tidegate_nft::Error) -> bool {
    matches!(error.kind, Kind::NotFound | Kind::Exists) || error.applied == Applied::Unknown
}
