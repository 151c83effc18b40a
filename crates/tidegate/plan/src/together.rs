//! Plans of several commands as one: it is carried out completely or not at all.

use std::collections::{HashMap, HashSet};

use tidegate_model::links::{LinkStep, PortHold};
use tidegate_model::{Change, State};
use tidegate_nft::{Element, Object, Op, SetId, Transaction, Values};

use crate::Plan;

impl<T> Plan<T> {
    /// Has it release ports before its transaction.
    pub(crate) fn releasing_first(mut self) -> Self {
        let is_release = |step: &LinkStep| matches!(step, LinkStep::ReleasePorts(_));
        let (released, links) = self.links.into_iter().partition(is_release);
        self.links = links;
        let released: Vec<LinkStep> = released;
        self.after(released)
    }

    /// This plan and then another, which was made for the state [`after`] this one, as one plan with one transaction.
    ///
    /// An element that the first removes and the second adds stays. So does a held port; a port that is only relayed to
    /// another address is released before it is held again.
    pub(crate) fn followed_by<U>(self, next: Plan<U>) -> Plan<U> {
        let (mut links, mut released) = (Vec::new(), Vec::new());
        for step in self.links {
            match step {
                LinkStep::ReleasePorts(holds) => released.extend(holds),
                step => links.push(step),
            }
        }
        let mut first = self.first;
        let mut wanted = Vec::new();
        for step in next.first {
            match step {
                LinkStep::HoldPorts(holds) => wanted.extend(holds),
                step => first.push(step),
            }
        }
        let (held, freed) = (without(&wanted, &released), without(&released, &wanted));
        // Without ports to hold, nothing hurries a release.
        let (early, late) = match wanted.is_empty() {
            true => (Vec::new(), freed),
            false => (freed, Vec::new()),
        };
        first.extend((!early.is_empty()).then_some(LinkStep::ReleasePorts(early)));
        first.extend((!held.is_empty()).then_some(LinkStep::HoldPorts(held)));
        links.extend(next.links);
        links.extend((!late.is_empty()).then_some(LinkStep::ReleasePorts(late)));
        let mut stale = self.stale;
        stale.add(next.stale);
        Plan {
            first,
            transaction: joined(self.transaction, next.transaction),
            undo: joined(next.undo, self.undo),
            links,
            change: both(self.change, next.change),
            stale,
            outcome: next.outcome,
        }
    }
}

/// The state after a change, for the plan of the next command. Numbers of interfaces are counted when all is done: until
/// then, no interface may have a higher number than the next one ([`unknown`](crate::unknown)), and a bridge and a pair
/// may share one.
pub(crate) fn after(state: &State, change: &Change) -> State {
    let mut after = state.clone();
    after.apply(change);
    after.next_number = state.next_number;
    after
}

/// Changes are not nested: there may be many.
fn both(first: Change, second: Change) -> Change {
    let mut changes = match first {
        Change::All(changes) => changes,
        change => vec![change],
    };
    match second {
        Change::All(more) => changes.extend(more),
        change => changes.push(change),
    }
    Change::All(changes)
}

fn without(holds: &[PortHold], others: &[PortHold]) -> Vec<PortHold> {
    let others: HashSet<&PortHold> = others.iter().collect();
    let left = holds.iter().filter(|hold| !others.contains(hold));
    left.copied().collect()
}

/// Both transactions as one. What the first removes and the second adds again is left out.
fn joined(mut first: Transaction, second: Transaction) -> Transaction {
    let added: HashMap<Key, &Element> = second.ops().iter().flat_map(added).collect();
    if added.is_empty() {
        first.append(second);
        return first;
    }
    let removed = first.ops().iter().flat_map(removed);
    let same = removed.filter(|(key, element)| added.get(key) == Some(element));
    let same: HashSet<Key> = same.map(|(key, _)| key).collect();
    if same.is_empty() {
        first.append(second);
        return first;
    }
    let left = |set: &SetId, elements: &[Element]| -> Vec<Element> {
        let left = elements.iter();
        let left = left.filter(|element| !same.contains(&(set, &element.key)));
        left.cloned().collect()
    };
    let kept = first.ops().iter().filter_map(|op| match op {
        Op::DeleteElements { set, elements } => {
            let elements = left(set, elements);
            let set = set.clone();
            (!elements.is_empty()).then_some(Op::DeleteElements { set, elements })
        }
        op => Some(op.clone()),
    });
    let new = second.ops().iter().filter_map(|op| match op {
        Op::Add(Object::Set(set)) => {
            let elements = left(&set.id, &set.elements);
            (!elements.is_empty()).then(|| Op::Add(set.clone().elements(elements).into()))
        }
        op => Some(op.clone()),
    });
    kept.chain(new).collect()
}

/// What identifies an element: its set and its key.
type Key<'a> = (&'a SetId, &'a Values);

fn removed(op: &Op) -> impl Iterator<Item = (Key<'_>, &Element)> {
    let found = match op {
        Op::DeleteElements { set, elements } => Some((set, elements)),
        _ => None,
    };
    keyed(found)
}

fn added(op: &Op) -> impl Iterator<Item = (Key<'_>, &Element)> {
    let found = match op {
        Op::Add(Object::Set(set)) => Some((&set.id, &set.elements)),
        _ => None,
    };
    keyed(found)
}

fn keyed<'a>(
    found: Option<(&'a SetId, &'a Vec<Element>)>,
) -> impl Iterator<Item = (Key<'a>, &'a Element)> {
    let of_set = |(set, elements): (&'a SetId, &'a Vec<Element>)| {
        let elements = elements.iter();
        elements.map(move |element| ((set, &element.key), element))
    };
    found.into_iter().flat_map(of_set)
}
