//! Checks operations without the kernel.

mod chain;
mod rule;
mod set;

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::model::{Chain, ChainId, Name, Set, TableId};
use crate::op::{Object, ObjectId, Op};

/// An operation that nft or the kernel could only refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {index}: {object}: {reason}")]
pub struct Invalid {
    /// Its index in the transaction, from 0.
    pub index: usize,
    /// The object, as in `chain inet tidegate forward`.
    pub object: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What is known about the objects around an operation.
pub(crate) trait Scope {
    /// The declaration of a set or map, if it is known.
    fn set(&self, table: &TableId, name: &Name) -> Option<&Set>;
    /// The declaration of a chain, if it is known.
    fn chain(&self, id: &ChainId) -> Option<&Chain>;
}

/// Checks operations in order, knowing what earlier ones declared.
pub(crate) fn transaction(ops: &[Op]) -> Result<(), Invalid> {
    let mut declared = Declared::default();
    for (index, op) in ops.iter().enumerate() {
        let named = |reason| Invalid {
            index,
            object: op.target().to_string(),
            reason,
        };
        check(op, &declared).map_err(named)?;
        declared.note(op);
    }
    Ok(())
}

/// Checks one operation against what is known.
pub(crate) fn check(op: &Op, scope: &dyn Scope) -> Result<(), String> {
    match op {
        Op::Create(Object::Rule(_)) => {
            Err("rules are added or inserted: nft cannot create them".to_owned())
        }
        Op::Add(object) | Op::Create(object) => match object {
            Object::Table(_) => Ok(()),
            Object::Chain(declared) => chain::check(declared),
            Object::Set(declared) => set::check_declaration(declared),
            Object::Rule(added) => rule::check(added, scope),
        },
        Op::Insert(added) => rule::check(added, scope),
        Op::Delete(_) | Op::Flush(_) => Ok(()),
        Op::AddElements { set, elements } | Op::CreateElements { set, elements } => {
            set::check_elements(set, elements, scope)
        }
        Op::DeleteElements { set, elements } => set::check_keys(set, elements, scope),
    }
}

/// `Err` with the message unless `condition`.
fn ensure(condition: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message()) }
}

/// `Err` unless both sides are equal.
fn ensure_type<T: PartialEq + Display>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    ensure(found == wanted, || {
        format!("{what} has the type {found} where {wanted} is wanted")
    })
}

/// What the operations so far have declared.
#[derive(Default)]
struct Declared<'a> {
    sets: BTreeMap<(&'a TableId, &'a Name), &'a Set>,
    chains: BTreeMap<&'a ChainId, &'a Chain>,
}

impl<'a> Declared<'a> {
    fn note(&mut self, op: &'a Op) {
        match op {
            Op::Add(Object::Set(set)) | Op::Create(Object::Set(set)) => {
                self.sets.insert((&set.id.table, &set.id.name), set);
            }
            Op::Add(Object::Chain(chain)) | Op::Create(Object::Chain(chain)) => {
                self.chains.insert(&chain.id, chain);
            }
            Op::Delete(ObjectId::Set(id)) => {
                self.sets.remove(&(&id.table, &id.name));
            }
            Op::Delete(ObjectId::Chain(id)) => {
                self.chains.remove(id);
            }
            Op::Delete(ObjectId::Table(table)) => {
                self.sets.retain(|(of, _), _| *of != table);
                self.chains.retain(|id, _| id.table != *table);
            }
            _ => {}
        }
    }
}

impl Scope for Declared<'_> {
    fn set(&self, table: &TableId, name: &Name) -> Option<&Set> {
        self.sets.get(&(table, name)).copied()
    }

    fn chain(&self, id: &ChainId) -> Option<&Chain> {
        self.chains.get(id).copied()
    }
}
