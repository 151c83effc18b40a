//! The networks and endpoints that requests name, in any case (RFC 4343).

use tidegate_model::{Endpoint, Name, Network, State};

use crate::{Awaited, Refused};

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
        .ok_or_else(|| no_endpoint(state, name))
}

/// Why no endpoint of that name is attached: there is none, or it waits for its namespace.
pub fn no_endpoint(state: &State, name: &Name) -> Refused {
    match state.waiting(name) {
        Some((name, waiting)) => Refused::EndpointWaits(Awaited::of(name, waiting)),
        None => Refused::NoEndpoint(name.clone()),
    }
}
