//! Plans connections between networks.

use tidegate_model::{Access, Change, Name, Network, State};

use crate::lookup::find_up;
use crate::{Plan, Refused, elements};

/// Plans that the endpoints of two networks reach each other at their own addresses.
///
/// # Errors
/// If a network does not exist, is internal or isolated, or they are connected already.
pub fn connect(state: &State, one: &Name, other: &Name) -> Result<Plan, Refused> {
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
    let changes = vec![with(one, &other.name), with(other, &one.name)];
    let elements = vec![
        elements::of_peers(one, other),
        elements::of_peers(other, one),
    ];
    Ok(Plan::adding(elements, Vec::new(), Change::All(changes)))
}

/// Plans that they no longer reach each other. Open connections continue.
///
/// # Errors
/// If a network does not exist, or they are not connected.
pub fn disconnect(state: &State, one: &Name, other: &Name) -> Result<Plan, Refused> {
    let (one, other) = two(state, one, other)?;
    if !one.peers.contains(&other.name) {
        return Err(Refused::NotConnected(one.name.clone(), other.name.clone()));
    }
    let changes = vec![without(one, &other.name), without(other, &one.name)];
    let elements = vec![
        elements::of_peers(one, other),
        elements::of_peers(other, one),
    ];
    Ok(Plan::removing(elements, Vec::new(), Change::All(changes)))
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

fn with(network: &Network, peer: &Name) -> Change {
    changed(network, |network| {
        network.peers.insert(peer.clone());
    })
}

/// A network without one of its peers.
pub(crate) fn without(network: &Network, peer: &Name) -> Change {
    changed(network, |network| {
        network.peers.remove(peer);
    })
}

fn changed(network: &Network, change: impl FnOnce(&mut Network)) -> Change {
    let mut after = network.clone();
    change(&mut after);
    Change::ReplaceNetwork {
        before: Box::new(network.clone()),
        after: Box::new(after),
    }
}
