//! Plans connections between networks.

use tidegate_model::{Access, Change, Name, Network, State};

use crate::lookup::find_up;
use crate::{Plan, Refused, elements, sets};

/// Plans that the endpoints of the first network reach those of the second at their own addresses, and back unless it
/// is `one_way`. Networks that were connected in another way are connected in this one. The outcome is both networks.
///
/// # Errors
/// If a network does not exist, is internal or isolated, or they are connected in this way already.
pub fn connect(
    state: &State,
    one: &Name,
    other: &Name,
    one_way: bool,
) -> Result<Plan<[Network; 2]>, Refused> {
    let (one, other) = two(state, one, other)?;
    if let Some(closed) = [one, other]
        .iter()
        .find(|n| n.policy.access != Access::Open)
    {
        return Err(Refused::NotConnectable(closed.name.clone()));
    }
    let wanted = [true, !one_way];
    if ways(one, other) == wanted {
        return Err(Refused::ConnectedAlready {
            from: one.name.clone(),
            to: other.name.clone(),
            one_way,
        });
    }
    Ok(changing([one, other], wanted))
}

/// Plans that neither reaches the other. Open connections continue. The outcome is both networks.
///
/// # Errors
/// If a network does not exist, or they are not connected.
pub fn disconnect(state: &State, one: &Name, other: &Name) -> Result<Plan<[Network; 2]>, Refused> {
    let (one, other) = two(state, one, other)?;
    if ways(one, other) == [false; 2] {
        return Err(Refused::NotConnected(one.name.clone(), other.name.clone()));
    }
    Ok(changing([one, other], [false; 2]))
}

/// The networks whose endpoints reach those of a network.
pub(crate) fn reaching<'a>(
    state: &'a State,
    network: &'a Name,
) -> impl Iterator<Item = &'a Network> {
    let networks = state.networks.values();
    networks.filter(move |from| from.peers.contains(network))
}

fn two<'a>(
    state: &'a State,
    one: &Name,
    other: &Name,
) -> Result<(&'a Network, &'a Network), Refused> {
    let (one, other) = (find_up(state, one)?, find_up(state, other)?);
    match one.name == other.name {
        true => Err(Refused::ConnectedToItself(one.name.clone())),
        false => Ok((one, other)),
    }
}

/// Whether the first reaches the second, and the second the first.
fn ways(one: &Network, other: &Network) -> [bool; 2] {
    [(one, other), (other, one)].map(|(from, to)| from.peers.contains(&to.name))
}

/// The change from the ways of two networks to others, in one transaction.
fn changing([one, other]: [&Network; 2], wanted: [bool; 2]) -> Plan<[Network; 2]> {
    let (mut added, mut deleted, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    let mut change = |from: &Network, to: &Network, is_wanted: bool| {
        if from.peers.contains(&to.name) == is_wanted {
            return from.clone();
        }
        let element = elements::of_peers(from, to);
        let after = match is_wanted {
            true => {
                added.push(element);
                with(from, &to.name)
            }
            false => {
                deleted.push(element);
                without(from, &to.name)
            }
        };
        changes.push(replacing(from, after.clone()));
        after
    };
    let after = [change(one, other, wanted[0]), change(other, one, wanted[1])];
    let (mut transaction, mut undo) = (sets::delete(deleted.clone()), sets::delete(added.clone()));
    transaction.append(sets::add(added));
    undo.append(sets::add(deleted));
    let plan = Plan::of(transaction, undo, Vec::new(), Change::All(changes));
    plan.with_outcome(after)
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
