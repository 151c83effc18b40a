//! Published ports of running endpoints.

use tidegate_api::Publish;
use tidegate_link::OpenNamespaces;
use tidegate_model::{Name, PortRequest, State};
use tidegate_plan::{ChangedPorts, Plan, PortFacts};

use super::{Backends, Engine, EngineError};
use crate::timing::{Stage, timed};

impl Engine {
    /// Publishes more ports of an endpoint.
    ///
    /// # Errors
    /// If it cannot be planned, or the host refuses it. Then nothing was changed.
    pub fn publish(&self, name: &Name, wanted: &Publish) -> Result<ChangedPorts, EngineError> {
        self.revive_for(None, Some(name));
        let nobody = OpenNamespaces::default();
        let done = self.run_with_ports(&nobody, &wanted.ports, |_, state, host| {
            Ok(tidegate_plan::publish(state, name, wanted, host)?)
        });
        let changed = self.counted(done)?;
        tracing::info!(endpoint = %name, "published ports");
        Ok(changed)
    }

    /// Withdraws published ports of an endpoint, and ends the connections through them.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn unpublish(
        &self,
        name: &Name,
        ports: &[PortRequest],
    ) -> Result<ChangedPorts, EngineError> {
        self.revive_for(None, Some(name));
        let done = self.run(OpenNamespaces::default(), |_, state| {
            Ok(tidegate_plan::unpublish(state, name, ports)?)
        });
        let changed = self.counted(done)?;
        tracing::info!(endpoint = %name, "withdrew published ports");
        // Unlike connections of a removed endpoint, these still reach the endpoint until they are deleted.
        if let Err(error) = self.sweep() {
            tracing::warn!(%error, "connections through withdrawn ports continue: their tracking entries cannot be deleted yet");
        }
        Ok(changed)
    }

    /// Plans and carries out a command that publishes ports. First it guesses free ports; holding them shows whether
    /// they are free. If one is in use, it lists all used ports of the host, which takes longer with many published
    /// ports. The failed attempt is not counted.
    pub(super) fn run_with_ports<T>(
        &self,
        namespaces: &OpenNamespaces,
        ports: &[PortRequest],
        plan: impl Fn(&mut Backends, &State, &PortFacts) -> Result<Plan<T>, EngineError>,
    ) -> Result<T, EngineError> {
        let free = self.defaults().free_ports;
        // Listed while no other command runs, which could add ports.
        let unswept = || self.sweeps.unswept();
        let mut done = self.run(namespaces.clone(), |backends, state| {
            let guess = PortFacts {
                free,
                unswept: unswept(),
                ..PortFacts::default()
            };
            plan(backends, state, &guess)
        });
        let is_taken = |error: &EngineError| error.is_port_taken();
        if done.as_ref().is_err_and(is_taken) && ports.iter().any(PortRequest::wants_free) {
            done = self.run(namespaces.clone(), |backends, state| {
                let in_use = timed(Stage::Netlink, || backends.links.used_ports())?;
                let facts = PortFacts {
                    free,
                    in_use,
                    unswept: unswept(),
                    ..PortFacts::default()
                };
                plan(backends, state, &facts)
            });
        }
        done
    }
}
