//! Endpoints by their owners, and commands that make or remove more than an endpoint.

use std::borrow::Cow;
use std::collections::HashSet;

use tidegate_api::{Attach, CreateNetwork};
use tidegate_model::links::{DefaultRoute, NetnsFacts};
use tidegate_model::{Endpoint, IfName, Name, Owner, OwnerId, State};

use crate::endpoint::{attach, detach, detach_alone};
use crate::together::after;
use crate::{HostFacts, Plan, Pools, PortFacts, Refused, create_network};

/// A new endpoint, and what its request implied.
#[derive(Clone, Debug, PartialEq)]
pub struct Attached {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The endpoints that it replaced.
    pub replaced: Vec<Name>,
    /// Whether its network was made.
    pub is_network_new: bool,
}

impl Attached {
    fn alone(endpoint: Endpoint) -> Self {
        let (replaced, is_network_new) = (Vec::new(), false);
        Self {
            endpoint,
            replaced,
            is_network_new,
        }
    }
}

/// Plans an endpoint with what its request implies: it replaces stale endpoints, and makes its network if there is none.
///
/// # Errors
/// As [`attach`] and [`create_network`], or if the request contradicts itself.
pub fn attach_with_network(
    state: &State,
    request: &Attach,
    netns: &NetnsFacts,
    ports: &PortFacts,
    (host, pools): (&HostFacts, &Pools),
) -> Result<Plan<Attached>, Refused> {
    let attach = |state: &State, netns: &NetnsFacts| {
        let plan = attach(state, request, netns, ports)?;
        let attached = Attached::alone(plan.outcome.clone());
        Ok::<_, Refused>(plan.with_outcome(attached))
    };
    if let Some(missing) = missing_network(state, request)? {
        let network = create_network(state, missing, host, pools)?;
        let made = after(state, &network.change);
        let mut endpoint = attach(&made, netns)?;
        endpoint.outcome.is_network_new = true;
        return Ok(network.followed_by(endpoint));
    }
    let stale: Vec<&Endpoint> = replaced(state, request)?.collect();
    if stale.is_empty() {
        return attach(state, netns);
    }
    let (mut left, mut facts) = (state.clone(), netns.clone());
    let mut removal = Plan::nothing();
    for endpoint in &stale {
        let mut plan = detach_alone(&left, &endpoint.name)?.with_outcome(());
        if state.degraded.endpoints.contains_key(&endpoint.name) {
            // Its ports may not be held.
            plan = plan.releasing_first();
        }
        left.apply(&plan.change);
        removal = removal.followed_by(plan);
        if endpoint.netns_id() == netns.id {
            forget(&mut facts, &endpoint.ifname);
        }
    }
    let mut endpoint = attach(&left, &facts)?;
    endpoint.outcome.replaced = stale.into_iter().map(|it| it.name.clone()).collect();
    Ok(removal.followed_by(endpoint))
}

/// The facts of the namespace without one of its interfaces.
fn forget(facts: &mut NetnsFacts, ifname: &IfName) {
    facts.ifnames.retain(|it| it != ifname);
    let is_other = |route: &DefaultRoute| route.ifname.as_ref() != Some(ifname);
    facts.default_routes.retain(is_other);
}

/// The network that the request has made, if there is none of that name.
///
/// # Errors
/// If that network has another name than the one to attach to.
pub fn missing_network<'a>(
    state: &State,
    request: &'a Attach,
) -> Result<Option<&'a CreateNetwork>, Refused> {
    match &request.network_if_missing {
        Some(other) if other.name != request.network => Err(Refused::OtherNetwork {
            network: request.network.clone(),
            other: other.name.clone(),
        }),
        Some(missing) if state.network(&request.network).is_none() => Ok(Some(missing)),
        _ => Ok(None),
    }
}

/// The endpoints that the request replaces: those of its owner's engine on its network that have the same owner, or an
/// address that it asks for.
///
/// # Errors
/// If the request is to replace, and names no owner.
pub fn replaced<'a>(
    state: &'a State,
    request: &'a Attach,
) -> Result<impl Iterator<Item = &'a Endpoint>, Refused> {
    if request.replace && request.owner.is_none() {
        return Err(Refused::ReplaceWithoutOwner);
    }
    let owner = request.owner.as_ref().filter(|_| request.replace);
    let is_stale = move |endpoint: &&Endpoint| {
        let (Some(asked), Some(has)) = (owner, &endpoint.owner) else {
            return false;
        };
        let mut addresses = endpoint.addresses.iter().map(|net| net.addr());
        let has_address = addresses.any(|ip| request.addresses.contains(&ip));
        asked.engine == has.engine && (asked.id == has.id || has_address)
    };
    let network = state.network(&request.network).into_iter();
    let endpoints = network.flat_map(|network| state.endpoints_of(&network.name));
    Ok(endpoints.filter(is_stale))
}

/// The endpoints of an owner, on one network or on all.
pub fn of_owner<'a>(
    state: &'a State,
    owner: &'a Owner,
    network: Option<&'a Name>,
) -> impl Iterator<Item = &'a Endpoint> {
    let endpoints = on(state, network);
    endpoints.filter(move |endpoint| endpoint.owner.as_ref() == Some(owner))
}

/// The endpoints of an engine except those with these identifiers, on one network or on all.
pub fn of_engine_but<'a>(
    state: &'a State,
    engine: &'a Name,
    network: Option<&'a Name>,
    keep: &'a [OwnerId],
) -> impl Iterator<Item = &'a Endpoint> {
    let keep: HashSet<&OwnerId> = keep.iter().collect();
    let is_unused = move |endpoint: &&Endpoint| {
        let owner = endpoint.owner.as_ref();
        owner.is_some_and(|owner| owner.engine == *engine && !keep.contains(&owner.id))
    };
    on(state, network).filter(is_unused)
}

fn on<'a>(state: &'a State, network: Option<&'a Name>) -> impl Iterator<Item = &'a Endpoint> {
    let all = network.is_none();
    let network = network.and_then(|name| state.network(name)).into_iter();
    let endpoints = network.flat_map(|network| state.endpoints_of(&network.name));
    let every = state.endpoints.values().filter(move |_| all);
    every.chain(endpoints)
}

/// Plans the removal of these endpoints: all of them, or none. The outcome is what they were.
///
/// # Errors
/// If one of them does not exist.
pub fn detach_all(state: &State, names: &[Name]) -> Result<Plan<Vec<Endpoint>>, Refused> {
    let (mut all, mut were) = (Plan::nothing(), Vec::new());
    let mut left = Cow::Borrowed(state);
    for (index, name) in names.iter().enumerate() {
        let plan = detach(&left, name)?;
        if index + 1 < names.len() {
            left.to_mut().apply(&plan.change);
        }
        were.push(plan.outcome.clone());
        all = all.followed_by(plan.with_outcome(()));
    }
    Ok(all.with_outcome(were))
}
