//! The networks and endpoints that requests name, in any case (RFC 4343).

use tidegate_model::{Endpoint, Name, Network, State};

use crate::Refused;

/// A network that is not down.
pub(crate) fn find_up<'a>(state: &'a State, name: &Name) -> Result<&'a Network, Refused> {
    let network = find(state, name)?;
    match state.degraded.down_network(&network.name) {
        None => Ok(network),
        Some(fault) => Err(Refused::NetworkDown {
            network: network.name.clone(),
            fault: Box::new(fault.clone()),
        }),
    }
}

pub(crate) fn find<'a>(state: &'a State, name: &Name) -> Result<&'a Network, Refused> {
    state
        .network(name)
        .ok_or_else(|| Refused::NoNetwork(name.clone()))
}

/// An endpoint that is not down.
pub(crate) fn find_endpoint_up<'a>(state: &'a State, name: &Name) -> Result<&'a Endpoint, Refused> {
    let endpoint = find_endpoint(state, name)?;
    match state.degraded.down_endpoint(&endpoint.name) {
        None => Ok(endpoint),
        Some(fault) => Err(Refused::EndpointDown {
            endpoint: endpoint.name.clone(),
            fault: Box::new(fault.clone()),
        }),
    }
}

pub(crate) fn find_endpoint<'a>(state: &'a State, name: &Name) -> Result<&'a Endpoint, Refused> {
    state
        .endpoints
        .find(name)
        .ok_or_else(|| Refused::NoEndpoint(name.clone()))
}
