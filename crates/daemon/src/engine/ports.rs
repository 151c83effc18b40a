//! What running endpoints publish.

use tidegate_model::{Endpoint, Name, PortRequest};
use tidegate_plan::PortFacts;

use super::{Engine, EngineError, Kernel, endpoint_of};
use crate::timing::{Stage, timed};

impl Engine {
    /// Publishes more ports of an endpoint.
    ///
    /// # Errors
    /// When it cannot be planned, or the host refuses it; nothing is changed then.
    pub fn publish(&self, name: &Name, ports: &[PortRequest]) -> Result<Endpoint, EngineError> {
        let change = self.command(|kernel, state| {
            let host = self.port_facts(kernel, ports)?;
            Ok(tidegate_plan::publish(state, name, ports, &host)?)
        })?;
        tracing::info!(endpoint = %name, "published ports");
        Ok(endpoint_of(change))
    }

    /// Withdraws published ports of an endpoint, and ends the connections through them.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn unpublish(&self, name: &Name, ports: &[PortRequest]) -> Result<Endpoint, EngineError> {
        let change = self.command(|_, state| Ok(tidegate_plan::unpublish(state, name, ports)?))?;
        tracing::info!(endpoint = %name, "withdrew published ports");
        Ok(endpoint_of(change))
    }

    /// The host is asked for its ports only where a free one is to be found.
    pub(super) fn port_facts(
        &self,
        kernel: &mut Kernel,
        ports: &[PortRequest],
    ) -> Result<PortFacts, EngineError> {
        let in_use = if ports.iter().any(PortRequest::wants_free) {
            timed(Stage::Netlink, || kernel.links.used_ports())?
        } else {
            Default::default()
        };
        Ok(PortFacts {
            free: self.supplies.free_ports,
            in_use,
        })
    }
}
