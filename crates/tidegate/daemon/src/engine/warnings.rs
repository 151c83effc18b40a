//! Warnings about settings that name something that the host lacks.

use tidegate_api::Warning;
use tidegate_model::{Endpoint, Needs, Network};
use tidegate_plan::{needs_of_endpoint, needs_of_network};

use super::Engine;

/// Those of a network.
pub(super) fn of_network(network: &Network) -> Vec<Warning> {
    tidegate_plan::warnings_of_network(network, &lacking(&needs_of_network(network)))
}

/// Those of an endpoint of a network.
pub(super) fn of_endpoint(network: &Network, endpoint: &Endpoint) -> Vec<Warning> {
    let lacking = lacking(&needs_of_endpoint(endpoint));
    tidegate_plan::warnings_of_endpoint(network, endpoint, &lacking)
}

impl Engine {
    /// Those of an endpoint; none if its network is gone.
    pub(super) fn warnings_of(&self, endpoint: &Endpoint) -> Vec<Warning> {
        // The kernel is not asked while the state is locked.
        let network = self.state().networks.get(&endpoint.network).cloned();
        network.map_or_else(Vec::new, |network| of_endpoint(&network, endpoint))
    }
}

/// What the host lacks. If that is unknown, there is nothing to warn of: `doctor` says so.
fn lacking(needs: &Needs) -> Needs {
    tidegate_link::lacking(needs).unwrap_or_else(|error| {
        tracing::debug!(%error, "cannot tell what the host lacks");
        Needs::default()
    })
}
