//! Planning of changes to what an endpoint publishes.

use tidegate_model::{Change, Endpoint, Name, Network, PortBinding, PortRequest, State};

use crate::endpoint::find_endpoint;
use crate::network::find;
use crate::{Plan, PortFacts, Refused, elements, holds, host_ports, steps};

/// Plans the publishing of more ports of an endpoint.
///
/// # Errors
/// Refuses an endpoint that does not exist, and ports that cannot be published.
pub fn publish(
    state: &State,
    name: &Name,
    requests: &[PortRequest],
    host: &PortFacts,
) -> Result<Plan, Refused> {
    let before = find_endpoint(state, name)?;
    let network = find(state, &before.network)?;
    let new = host_ports::bind(state, network, &before.addresses, requests, host)?;
    let ports = [before.ports.clone(), new.clone()].concat();
    let after = with_ports(before, ports);
    let hold = holds::hold_ports(network, before, &new);
    Ok(changing(network, before, after).after(hold))
}

/// Plans the withdrawal of published ports of an endpoint. Connections through them end.
///
/// # Errors
/// Refuses an endpoint that does not exist, and ports that it does not publish.
pub fn unpublish(state: &State, name: &Name, requests: &[PortRequest]) -> Result<Plan, Refused> {
    let before = find_endpoint(state, name)?;
    let network = find(state, &before.network)?;
    let named = |request: &PortRequest| before.ports.iter().any(|binding| request.names(binding));
    if let Some(ports) = requests.iter().find(|request| !named(request)) {
        return Err(Refused::NotPublished {
            endpoint: name.clone(),
            ports: *ports,
        });
    }
    let is_old = |binding: &PortBinding| requests.iter().any(|request| request.names(binding));
    let (old, kept): (Vec<_>, Vec<_>) = before.ports.iter().copied().partition(is_old);
    let after = with_ports(before, kept);
    Ok(changing(network, before, after)
        .then(steps::forget(steps::flows(network, before, &old)))
        .then(holds::release_ports(network, before, &old)))
}

fn with_ports(endpoint: &Endpoint, ports: Vec<PortBinding>) -> Endpoint {
    Endpoint {
        ports,
        ..endpoint.clone()
    }
}

fn changing(network: &Network, before: &Endpoint, after: Endpoint) -> Plan {
    let of = |endpoint| elements::of_endpoint(network, endpoint);
    let elements = (of(before), of(&after));
    let change = Change::ReplaceEndpoint {
        before: Box::new(before.clone()),
        after: Box::new(after),
    };
    Plan::replacing(&elements.0, &elements.1, change)
}
