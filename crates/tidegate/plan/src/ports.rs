//! Plans changes to the published ports of an endpoint.

use std::collections::HashSet;

use tidegate_api::Publish;
use tidegate_model::{AllowList, Change, Endpoint, Name, PortBinding, PortRequest, Source, State};

use crate::lookup::{find, find_endpoint_up};
use crate::{
    Holders, Plan, PortFacts, Refused, StaleConnections, allow, elements, holds, host_ports, limits,
};

/// An endpoint after its published ports were changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPorts {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The ports that were published or withdrawn.
    pub ports: Vec<PortBinding>,
}

/// Plans the publishing of more ports of an endpoint.
///
/// # Errors
/// If the endpoint does not exist, a port cannot be published, or the allow-list is invalid for it.
pub fn publish(
    state: &State,
    name: &Name,
    request: &Publish,
    host: &PortFacts,
) -> Result<Plan<ChangedPorts>, Refused> {
    limits::of_ports(&request.ports)?;
    let before = find_endpoint_up(state, name)?;
    let network = find(state, &before.network)?;
    let held_by = before.host_ports;
    let addresses = &before.addresses;
    let new = host_ports::bind(state, network, addresses, &request.ports, held_by, host);
    let new = new.map_err(|refused| of_itself(before, &request.allow, refused))?;
    let from = allow::of_request(state, network, &before.addresses, &request.allow, &new)?;
    allow::check(network, before, &new, &from)?;
    // Ports at the endpoint's own addresses take none of the host, so nothing else finds this.
    if let Some(again) = new.iter().find(|port| before.ports.contains(port)) {
        return Err(Refused::PublishedAlready {
            binding: *again,
            holders: Holders {
                first: (before.name.clone(), *again),
                others: Vec::new(),
            },
            for_others: asks_for_others(before, again, &request.allow),
        });
    }
    let after = Endpoint {
        ports: [&before.ports[..], &new].concat(),
        allow: allow::with(&before.allow, &new, &from),
        ..before.clone()
    };
    let elements = elements::of_some_ports(network, &after, &new, &before.ports);
    let hold = holds::hold_ports(network, before, &new);
    let stale = StaleConnections::published(network, before, &new);
    let plan = Plan::adding(elements, Vec::new(), replacing(before, after.clone()));
    let plan = plan.after(hold).leaving(stale);
    Ok(plan.with_outcome(ChangedPorts {
        endpoint: after,
        ports: new,
    }))
}

/// A port that the endpoint itself has is told as such.
fn of_itself(endpoint: &Endpoint, asked: &[Source], refused: Refused) -> Refused {
    match refused {
        Refused::PortTaken { binding, holders } if holders.first.0 == endpoint.name => {
            Refused::PublishedAlready {
                for_others: asks_for_others(endpoint, &holders.first.1, asked),
                binding,
                holders,
            }
        }
        other => other,
    }
}

/// Whether a request has a list that lets in other clients than that of a published port.
fn asks_for_others(endpoint: &Endpoint, held: &PortBinding, asked: &[Source]) -> bool {
    let lets_in = |list: &AllowList| (list.ipv4(), list.ipv6());
    let own = lets_in(endpoint.allowed(held).unwrap_or(&AllowList::default()));
    let asked = AllowList::new(asked.iter().copied());
    asked.is_ok_and(|asked| !asked.is_empty() && lets_in(&asked) != own)
}

/// Plans the withdrawal of published ports of an endpoint. Connections through them end.
///
/// # Errors
/// If the endpoint does not exist, or does not publish the ports.
pub fn unpublish(
    state: &State,
    name: &Name,
    requests: &[PortRequest],
) -> Result<Plan<ChangedPorts>, Refused> {
    limits::of_ports(requests)?;
    let before = find_endpoint_up(state, name)?;
    let network = find(state, &before.network)?;
    let mut meant = HashSet::new();
    for request in requests {
        meant.extend(selected(before, request)?);
    }
    let is_old = |binding: &PortBinding| meant.contains(binding);
    let (old, kept): (Vec<_>, Vec<_>) = before.ports.iter().copied().partition(is_old);
    let elements = elements::of_some_ports(network, before, &old, &kept);
    let after = Endpoint {
        allow: allow::kept(&before.allow, &kept),
        ports: kept,
        ..before.clone()
    };
    let plan = Plan::removing(elements, Vec::new(), replacing(before, after.clone()));
    Ok(plan
        .leaving(StaleConnections::withdrawn(network, before, &old))
        .then(holds::release_ports(network, before, &old))
        .with_outcome(ChangedPorts {
            endpoint: after,
            ports: old,
        }))
}

/// The published ports that a request selects. A single port is one of the endpoint, or else one of the host.
///
/// # Errors
/// If there are none, or if it is both.
fn selected(endpoint: &Endpoint, request: &PortRequest) -> Result<Vec<PortBinding>, Refused> {
    let ports = endpoint.ports.iter().copied();
    let (by_port, others): (Vec<_>, Vec<_>) = ports.partition(|binding| request.names(binding));
    let mut by_host_port = others;
    by_host_port.retain(|binding| request.names_host_port_of(binding));
    match (by_port.is_empty(), by_host_port.is_empty()) {
        (false, true) => Ok(by_port),
        (true, false) => Ok(by_host_port),
        (true, true) => Err(Refused::NotPublished {
            endpoint: endpoint.name.clone(),
            ports: *request,
        }),
        (false, false) => Err(Refused::AmbiguousPort {
            endpoint: endpoint.name.clone(),
            ports: *request,
            of_endpoint: in_ranges(by_port),
            of_host: in_ranges(by_host_port),
        }),
    }
}

fn in_ranges(ports: Vec<PortBinding>) -> Vec<PortRequest> {
    let runs = tidegate_model::in_ranges(ports.into_iter().map(|port| ((), port)));
    runs.into_iter().map(|run| run.range).collect()
}

fn replacing(before: &Endpoint, after: Endpoint) -> Change {
    Change::ReplaceEndpoint {
        before: Box::new(before.clone()),
        after: Box::new(after),
    }
}
