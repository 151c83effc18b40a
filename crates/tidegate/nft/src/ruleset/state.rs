//! Checks of one table, chain or set, as in the kernel.

use std::collections::BTreeMap;

use super::undo::Undo;
use super::{ChainState, SetState, TableState};
use crate::kind::Kind;
use crate::model::{Chain, ChainId, Data, Element, Name, SetId, SetKind, TableId, Values};
use crate::op::{Object, ObjectId, Op};

/// Kind and reason of a refusal.
pub(super) type Refused = (Kind, String);

/// Whether an object may be there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Add,
    Create,
}

impl TableState {
    pub(super) fn chain_mut(&mut self, id: &ChainId) -> Result<&mut ChainState, Refused> {
        let found = self.chains.get_mut(&id.name);
        found.ok_or_else(|| missing(ObjectId::Chain(id.clone())))
    }

    pub(super) fn require_chain(&self, id: &ChainId) -> Result<(), Refused> {
        match self.chains.contains_key(&id.name) {
            true => Ok(()),
            false => Err(missing(ObjectId::Chain(id.clone()))),
        }
    }

    /// A chain that can be jumped to.
    pub(super) fn require_target(&self, from: &ChainId, name: &Name) -> Result<(), Refused> {
        let id = from.table.chain(name.clone());
        self.require_chain(&id)?;
        match self.chains.get(name) {
            Some(ChainState {
                chain: Chain { base: Some(_), .. },
                ..
            }) => Err((
                Kind::Unsupported,
                format!("chain {id} is a base chain: nothing jumps to it"),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn require_set_named(&self, table: &TableId, name: &Name) -> Result<(), Refused> {
        match self.sets.contains_key(name) {
            true => Ok(()),
            false => Err(missing(ObjectId::Set(table.set(name.clone())))),
        }
    }

    /// The set of that name, if it is a map where a map was asked for.
    pub(super) fn set_mut(&mut self, id: &SetId) -> Result<&mut SetState, Refused> {
        let found = self
            .sets
            .get_mut(&id.name)
            .filter(|state| state.set.id.kind == id.kind);
        found.ok_or_else(|| missing(ObjectId::Set(id.clone())))
    }

    pub(super) fn delete_chain(&mut self, id: &ChainId) -> Result<Vec<Op>, Refused> {
        self.require_chain(id)?;
        if self.refers_to_chain(id) {
            return Err(busy(ObjectId::Chain(id.clone())));
        }
        let state = self.chains.remove(&id.name);
        let declare = |state: &ChainState| Op::Add(Object::Chain(state.chain.clone()));
        let rebuild = |state: &ChainState| {
            std::iter::once(declare(state))
                .chain(state.build_rules())
                .collect()
        };
        Ok(state.as_ref().map_or_else(Vec::new, rebuild))
    }

    pub(super) fn delete_set(&mut self, id: &SetId) -> Result<Vec<Op>, Refused> {
        self.set_mut(id)?;
        if self.refers_to_set(id) {
            return Err(busy(ObjectId::Set(id.clone())));
        }
        Ok(self
            .sets
            .remove(&id.name)
            .iter()
            .map(SetState::build)
            .collect())
    }
}

impl ChainState {
    pub(super) fn flush(&mut self, undo: &mut Undo) {
        let id = ObjectId::Chain(self.chain.id.clone());
        undo.rules_change(&id, || self.build_rules().collect());
        self.rules.clear();
    }
}

impl SetState {
    /// Those of `elements` that are not in the set yet.
    pub(super) fn fresh<'a>(
        &self,
        elements: &'a [Element],
        mode: Mode,
    ) -> Result<BTreeMap<&'a Values, &'a Element>, Refused> {
        let mut fresh = BTreeMap::new();
        for element in elements {
            let there = self
                .elements
                .get(&element.key)
                .or_else(|| fresh.get(&element.key).copied());
            match there {
                None => {
                    fresh.insert(&element.key, element);
                }
                Some(there) if mode == Mode::Add && same_data(there, element) => {}
                Some(there) => {
                    let id = ObjectId::Set(self.set.id.clone());
                    return Err((Kind::Exists, format!("{id} already holds {there}")));
                }
            }
        }
        Ok(fresh)
    }
}

/// The kernel compares key and data; the rest of the element that is there stays.
fn same_data(there: &Element, new: &Element) -> bool {
    let data = |element: &Element| -> Option<Data> { element.data.clone() };
    data(there) == data(new)
}

pub(super) fn missing(id: ObjectId) -> Refused {
    let what = match &id {
        ObjectId::Set(set) if set.kind == SetKind::Set => format!("set or map {set}"),
        _ => id.to_string(),
    };
    (Kind::NotFound, format!("{what} does not exist"))
}

fn busy(id: ObjectId) -> Refused {
    (Kind::Busy, format!("{id} is still referred to"))
}
