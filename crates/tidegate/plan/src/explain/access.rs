//! Networks that are not open: why a packet does not get in or out.

use tidegate_api::explain::Step;
use tidegate_model::{Access, Endpoint, Name, Network, State};

use crate::sets::NftSet;

/// Which network a rule is about, if it is about networks that are internal or isolated.
pub(super) fn of_step(state: &State, step: &Step) -> Option<String> {
    let set = NftSet::Internal.id().name;
    let mut elements = step.elements.iter();
    let bridge = elements.find(|it| it.set == set.as_str())?;
    let mut networks = state.networks.values();
    let is_of =
        |network: &&Network| bridge.of.strip_prefix("network ") == Some(network.name.as_str());
    networks.find(is_of).and_then(of_network)
}

/// Whom the endpoints of an endpoint's network reach, unless it is open.
pub(super) fn of_endpoint(state: &State, endpoint: &Endpoint) -> Option<String> {
    state.networks.get(&endpoint.network).and_then(of_network)
}

fn of_network(network: &Network) -> Option<String> {
    let (access, whom) = match network.policy.access {
        Access::Open => return None,
        Access::Internal => ("internal", "each other and the host"),
        Access::Isolated => ("isolated", "each other"),
    };
    let name = &network.name;
    Some(format!(
        "network {name} is {access}: its endpoints exchange packets only with {whom}"
    ))
}

/// The first open network, or a word for it.
pub(super) fn open_network(state: &State) -> &str {
    let mut networks = state.networks.values();
    let open = networks.find(|network| network.policy.access == Access::Open);
    open.map_or("NETWORK", |network| Name::as_str(&network.name))
}
