//! Plans connections between networks.

use tidegate_model::{Access, Change, Name, Network, State};

use crate::lookup::find_up;
use crate::{Plan, Refused, elements};

/// Plans that the endpoints of two networks reach each other at their own addresses. The outcome is the first network.
///
/// # Errors
/// If a network does not exist, is internal or isolated, or they are connected already.
pub fn connect(state: &State, one: &Name, other: &Name) -> Result<Plan<Network>, Refused> {
    let (one, other) = two(state, one, other)?;
    if let Some(closed) = [one, other]
        .iter()
        .find(|n| n.policy.access != Access::Open)
    {
        return Err(Refused::NotConnectable(closed.name.clone()));
    }
    if one.peers.contains(&other.name) {
        return Err(Refused::ConnectedAlready(
            one.name.clone(),
            other.name.clone(),
        ));
    }
    let (one_after, other_after) = (with(one, &other.name), with(other, &one.name));
    let changes = vec![
        replacing(one, one_after.clone()),
        replacing(other, other_after),
    ];
    let elements = vec![
        elements::of_peers(one, other),
        elements::of_peers(other, one),
    ];
    let plan = Plan::adding(elements, Vec::new(), Change::All(changes));
    Ok(plan.with_outcome(one_after))
}

/// Plans that they no longer reach each other. Open connections continue. The outcome is the first network.
///
/// # Errors
/// If a network does not exist, or they are not connected.
pub fn disconnect(state: &State, one: &Name, other: &Name) -> Result<Plan<Network>, Refused> {
    let (one, other) = two(state, one, other)?;
    if !one.peers.contains(&other.name) {
        return Err(Refused::NotConnected(one.name.clone(), other.name.clone()));
    }
    let (one_after, other_after) = (without(one, &other.name), without(other, &one.name));
    let changes = vec![
        replacing(one, one_after.clone()),
        replacing(other, other_after),
    ];
    let elements = vec![
        elements::of_peers(one, other),
        elements::of_peers(other, one),
    ];
    let plan = Plan::removing(elements, Vec::new(), Change::All(changes));
    Ok(plan.with_outcome(one_after))
}

fn two<'a>(
    state: &'a State,
    one: &Name,
    other: &Name,
) -> Result<(&'a Network, &'a Network), Refused> {
    match one == other {
        true => Err(Refused::ConnectedToItself(one.clone())),
        false => Ok((find_up(state, one)?, find_up(state, other)?)),
    }
}

fn with(network: &Network, peer: &Name) -> Network {
    let mut after = network.clone();
    after.peers.insert(peer.clone());
    after
}

/// A network without one of its peers.
fn without(network: &Network, peer: &Name) -> Network {
    let mut after = network.clone();
    after.peers.remove(peer);
    after
}

/// The change of a network whose peer is removed.
pub(crate) fn lose(network: &Network, peer: &Name) -> Change {
    replacing(network, without(network, peer))
}

fn replacing(before: &Network, after: Network) -> Change {
    Change::ReplaceNetwork {
        before: Box::new(before.clone()),
        after: Box::new(after),
    }
}
