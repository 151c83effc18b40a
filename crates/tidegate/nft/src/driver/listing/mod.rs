//! What the kernel holds.

mod parse;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{ChainShape, Difference, Shape};
use crate::model::{Element, Name, SetId, TableId};
use crate::op::{Object, ObjectId, Op};
use crate::ruleset::{Ruleset, SetState, TableState};

/// A table as the kernel holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// nft's own text.
    pub text: String,
    /// The parsed table, or the reason why it could not be parsed.
    pub table: Result<LiveTable, String>,
}

/// A table read back from the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveTable {
    pub(crate) chains: BTreeMap<Name, ChainShape>,
    pub(crate) sets: BTreeMap<Name, SetState>,
    /// Objects and elements that the model cannot express, so they are not ours.
    pub(crate) foreign: Vec<String>,
}

impl Listing {
    /// The differences between the planned table and the kernel's.
    ///
    /// # Errors
    /// When the listing could not be read, with the reason.
    pub fn diff(&self, id: &TableId, planned: &TableState) -> Result<Vec<Difference>, String> {
        let live = self.table.as_ref().map_err(String::clone)?;
        Ok(Shape::of(planned).diff(id, &live.shape()))
    }

    /// The listing of a planned table.
    pub(crate) fn of_planned(ruleset: &Ruleset, id: &TableId) -> Option<Self> {
        let table = ruleset.table(id)?;
        let Shape {
            chains, foreign, ..
        } = Shape::of(table);
        let live = LiveTable {
            chains,
            sets: table.sets.clone(),
            foreign,
        };
        Some(Self {
            text: ruleset.table_text(id),
            table: Ok(live),
        })
    }
}

impl LiveTable {
    /// Reads `nft -n -j list table` of a table.
    ///
    /// # Errors
    /// If the text is not the JSON that nft writes, with the reason.
    pub fn parse(id: &TableId, json: &str) -> Result<Self, String> {
        parse::parse(id, json)
    }

    /// A set or map with its elements, their counters and timeouts.
    #[must_use]
    pub fn set(&self, name: &Name) -> Option<&SetState> {
        self.sets.get(name)
    }

    /// How many rules a chain has; `None` when there is no such chain.
    #[must_use]
    pub fn rules(&self, chain: &Name) -> Option<usize> {
        self.chains.get(chain).map(|chain| chain.rules.len())
    }

    /// Whether it contains what an operation adds, or nothing of what it flushes. A table cannot show other
    /// operations.
    #[must_use]
    pub fn shows(&self, op: &Op) -> bool {
        let is_empty = |chain: &ChainShape| chain.rules.is_empty();
        match op {
            Op::Add(Object::Table(_)) => true,
            Op::Add(Object::Chain(chain)) => self.chains.contains_key(&chain.id.name),
            Op::Add(Object::Set(set)) => self.holds(&set.id, &set.elements),
            Op::AddElements { set, elements } => self.holds(set, elements),
            Op::Flush(ObjectId::Table(_)) => self.chains.values().all(is_empty),
            Op::Flush(ObjectId::Chain(chain)) => self.chains.get(&chain.name).is_some_and(is_empty),
            Op::Flush(ObjectId::Set(set)) => {
                let set = self.set(&set.name);
                set.is_some_and(|set| set.elements().next().is_none())
            }
            Op::Add(Object::Rule(_))
            | Op::Create(_)
            | Op::Insert(_)
            | Op::Delete(_)
            | Op::CreateElements { .. }
            | Op::DeleteElements { .. } => false,
        }
    }

    fn holds(&self, set: &SetId, elements: &[Element]) -> bool {
        self.set(&set.name).is_some_and(|set| {
            let keys: BTreeSet<_> = set.elements().map(|element| &element.key).collect();
            elements.iter().all(|element| keys.contains(&element.key))
        })
    }

    /// The comparable form.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let (chains, foreign) = (self.chains.clone(), self.foreign.clone());
        Shape {
            chains,
            sets: Shape::sets(self.sets.values()),
            foreign,
        }
    }
}
