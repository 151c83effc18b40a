//! The ruleset in memory.

mod apply;
mod jumps;
mod refer;
mod state;
mod text;
mod undo;

use std::collections::BTreeMap;

use crate::kind::Kind;
use crate::model::{Chain, ChainId, Element, Name, Rule, Set, TableId, Value, Values};
use crate::op::{Object, Op};
use crate::transaction::Transaction;
use crate::validate::Scope;

/// A ruleset in memory: what the kernel holds after the same transactions.
///
/// Equal rulesets have equal text: [`to_text`](Self::to_text) is the canonical form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset {
    tables: BTreeMap<TableId, TableState>,
}

/// A table and what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableState {
    pub(crate) chains: BTreeMap<Name, ChainState>,
    pub(crate) sets: BTreeMap<Name, SetState>,
}

/// A chain and its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainState {
    pub(crate) chain: Chain,
    pub(crate) rules: Vec<Rule>,
}

/// A set and its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetState {
    /// Without elements.
    pub(crate) set: Set,
    pub(crate) elements: BTreeMap<Values, Element>,
}

/// An operation that [`Ruleset::apply`] refused, as the kernel would.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {index} was refused: {reason}")]
pub struct Refusal {
    /// Its index in the transaction, from 0.
    pub index: usize,
    /// The kind of refusal that the kernel would give.
    pub kind: Kind,
    /// What was wrong, with the object's name.
    pub reason: String,
}

impl Ruleset {
    /// One without tables.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tables: BTreeMap::new(),
        }
    }

    /// Its tables.
    pub fn tables(&self) -> impl Iterator<Item = (&TableId, &TableState)> {
        self.tables.iter()
    }

    /// One of its tables.
    #[must_use]
    pub fn table(&self, id: &TableId) -> Option<&TableState> {
        self.tables.get(id)
    }

    /// The transaction that builds it where there is nothing.
    #[must_use]
    pub fn to_transaction(&self) -> Transaction {
        self.tables
            .iter()
            .flat_map(|(id, table)| table.build(id))
            .collect()
    }
}

impl TableState {
    /// Its chains by name.
    pub fn chains(&self) -> impl Iterator<Item = &ChainState> {
        self.chains.values()
    }

    /// Its sets and maps by name.
    pub fn sets(&self) -> impl Iterator<Item = &SetState> {
        self.sets.values()
    }

    /// One of its chains.
    #[must_use]
    pub fn chain(&self, name: &Name) -> Option<&ChainState> {
        self.chains.get(name)
    }

    /// One of its sets or maps.
    #[must_use]
    pub fn set(&self, name: &Name) -> Option<&SetState> {
        self.sets.get(name)
    }

    /// The operations that make it: chains before the elements that jump to them, sets before the
    /// rules that look them up.
    fn build(&self, id: &TableId) -> Vec<Op> {
        let table = Op::Add(Object::Table(id.clone()));
        let chains = self
            .chains
            .values()
            .map(|state| Op::Add(Object::Chain(state.chain.clone())));
        let sets = self.sets.values().map(SetState::build);
        let rules = self.chains.values().flat_map(ChainState::build_rules);
        std::iter::once(table)
            .chain(chains)
            .chain(sets)
            .chain(rules)
            .collect()
    }
}

impl ChainState {
    /// Its declaration.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Its rules, first to last.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn build_rules(&self) -> impl Iterator<Item = Op> {
        self.rules
            .iter()
            .map(|rule| Op::Add(Object::Rule(rule.clone())))
    }
}

impl SetState {
    /// Its declaration, without elements.
    #[must_use]
    pub const fn set(&self) -> &Set {
        &self.set
    }

    /// Its elements by key.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.elements.values()
    }

    /// The element with this key.
    #[must_use]
    pub fn element(&self, key: &[Value]) -> Option<&Element> {
        self.elements.get(key)
    }

    /// The element that a packet with these values finds: that key, or one whose intervals hold them.
    #[must_use]
    pub fn matching(&self, key: &[Value]) -> Option<&Element> {
        let covers = |element: &&Element| {
            element.key.len() == key.len()
                && std::iter::zip(&element.key, key).all(|(part, one)| part.covers(one))
        };
        let among_intervals = || self.elements.values().find(covers);
        let exact = self.element(key);
        match self.set.intervals {
            true => exact.or_else(among_intervals),
            false => exact,
        }
    }

    /// How many elements it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether it has no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    fn build(&self) -> Op {
        let elements = self.elements.values().cloned();
        Op::Add(Object::Set(self.set.clone().elements(elements)))
    }
}

impl Scope for Ruleset {
    fn set(&self, table: &TableId, name: &Name) -> Option<&Set> {
        self.tables
            .get(table)?
            .sets
            .get(name)
            .map(|state| &state.set)
    }

    fn chain(&self, id: &ChainId) -> Option<&Chain> {
        self.tables
            .get(&id.table)?
            .chains
            .get(&id.name)
            .map(|state| &state.chain)
    }
}
