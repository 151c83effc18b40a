//! Transactions: operations that happen together or not at all.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{Element, Rule, Set, SetId, TableId};
use crate::op::{Object, ObjectId, Op};
use crate::validate::{self, Invalid};

/// An ordered list of operations that the kernel carries out together or not at all.
///
/// Its `Display` (and [`to_text`](Self::to_text)) is nft's language, one operation a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    ops: Vec<Op>,
}

/// Why a transaction has no inverse: it would be refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {index} cannot be inverted because it would be refused: {reason}")]
pub struct NotInvertible {
    /// Its index in the transaction, from 0.
    pub index: usize,
    /// Why it would be refused.
    pub reason: String,
}

impl Transaction {
    /// One without operations.
    #[must_use]
    pub const fn new() -> Self {
        Self { ops: Vec::new() }
    }

    /// Its operations, first to last.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Whether it has no operations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// How many operations it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Appends an operation.
    pub fn push(&mut self, op: Op) -> &mut Self {
        self.ops.push(op);
        self
    }

    /// Appends all operations of another transaction.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.ops.extend(other.ops);
        self
    }

    /// Adds an object.
    pub fn add(&mut self, object: impl Into<Object>) -> &mut Self {
        self.push(Op::Add(object.into()))
    }

    /// Adds an object that must not be there yet.
    pub fn create(&mut self, object: impl Into<Object>) -> &mut Self {
        self.push(Op::Create(object.into()))
    }

    /// Adds a rule at the beginning of its chain.
    pub fn insert(&mut self, rule: Rule) -> &mut Self {
        self.push(Op::Insert(rule))
    }

    /// Removes an object that must be there.
    pub fn delete(&mut self, id: impl Into<ObjectId>) -> &mut Self {
        self.push(Op::Delete(id.into()))
    }

    /// Empties an object that must be there.
    pub fn flush(&mut self, id: impl Into<ObjectId>) -> &mut Self {
        self.push(Op::Flush(id.into()))
    }

    /// Makes sure that a table does not exist.
    ///
    /// This is what `destroy` of nftables 1.0.7 does (kernel 6.3 and later), in words that every
    /// release has: add it, which is a no-op where it is there, and delete it.
    pub fn destroy_table(&mut self, table: &TableId) -> &mut Self {
        self.add(table.clone()).delete(table.clone())
    }

    /// Whether it begins by deleting a table if it exists, and concerns only that table: then applying it twice has
    /// the same result as once.
    #[must_use]
    pub fn replaces_a_table(&self) -> bool {
        let [
            Op::Add(Object::Table(table)),
            Op::Delete(ObjectId::Table(deleted)),
            rest @ ..,
        ] = self.ops.as_slice()
        else {
            return false;
        };
        table == deleted && rest.iter().all(|op| op.target().table() == table)
    }

    /// Whether it always changes something if it succeeds: it is refused if an object that it creates exists or one
    /// that it removes is missing, or it adds a rule.
    #[must_use]
    pub fn is_always_a_change(&self) -> bool {
        self.ops.iter().any(|op| match op {
            Op::Create(_)
            | Op::Insert(_)
            | Op::Delete(_)
            | Op::CreateElements { .. }
            | Op::DeleteElements { .. }
            | Op::Add(Object::Rule(_)) => true,
            Op::Add(Object::Table(_) | Object::Chain(_) | Object::Set(_))
            | Op::Flush(_)
            | Op::AddElements { .. } => false,
        })
    }

    /// The tables that it is about, each once.
    #[must_use]
    pub fn tables(&self) -> BTreeSet<TableId> {
        let table = |op: &Op| op.target().table().clone();
        self.ops.iter().map(table).collect()
    }

    /// Its operations on one table, first to last.
    pub fn ops_on(&self, table: &TableId) -> impl Iterator<Item = &Op> {
        self.ops
            .iter()
            .filter(move |op| op.target().table() == table)
    }

    /// Adds elements to a set that must be there. Nothing is appended when there are none.
    pub fn add_elements(
        &mut self,
        set: &SetId,
        elements: impl IntoIterator<Item = Element>,
    ) -> &mut Self {
        self.elements(elements, |elements| Op::AddElements {
            set: set.clone(),
            elements,
        })
    }

    /// Adds elements by declaring their set again, which a set of that declaration takes as a no-op.
    /// Nothing is appended when there are none.
    ///
    /// For hot paths: where another program keeps a set of 10,000 intervals in the same namespace,
    /// libnftables fetches all of it for each [`add_elements`](Self::add_elements) (19 ms), and
    /// not for this (0.1 ms). The price: a set that is missing is made, where `add_elements` would be
    /// refused. A missing table is refused by both. Deleting elements always costs the fetch.
    pub fn fill(&mut self, set: &Set, elements: impl IntoIterator<Item = Element>) -> &mut Self {
        let filled = set.clone().elements(elements);
        if filled.elements.is_empty() {
            self
        } else {
            self.add(filled)
        }
    }

    /// Adds elements that must not be there yet. Nothing is appended when there are none.
    pub fn create_elements(
        &mut self,
        set: &SetId,
        elements: impl IntoIterator<Item = Element>,
    ) -> &mut Self {
        self.elements(elements, |elements| Op::CreateElements {
            set: set.clone(),
            elements,
        })
    }

    /// Removes elements that must be there. Nothing is appended when there are none.
    pub fn delete_elements(
        &mut self,
        set: &SetId,
        elements: impl IntoIterator<Item = Element>,
    ) -> &mut Self {
        self.elements(elements, |elements| Op::DeleteElements {
            set: set.clone(),
            elements,
        })
    }

    fn elements(
        &mut self,
        elements: impl IntoIterator<Item = Element>,
        op: impl FnOnce(Vec<Element>) -> Op,
    ) -> &mut Self {
        let elements: Vec<_> = elements.into_iter().collect();
        if !elements.is_empty() {
            self.ops.push(op(elements));
        }
        self
    }

    /// Checks what can be checked without knowing what is there: types, values, places.
    ///
    /// # Errors
    /// The first operation that nft or the kernel could only refuse, with the object's name.
    pub fn validate(&self) -> Result<(), Invalid> {
        validate::transaction(&self.ops)
    }

    /// nft's language, one operation a line, with a newline at the end of each.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}

impl FromIterator<Op> for Transaction {
    fn from_iter<I: IntoIterator<Item = Op>>(ops: I) -> Self {
        Self {
            ops: ops.into_iter().collect(),
        }
    }
}

impl Extend<Op> for Transaction {
    fn extend<I: IntoIterator<Item = Op>>(&mut self, ops: I) {
        self.ops.extend(ops);
    }
}

impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ops.iter().try_for_each(|op| writeln!(f, "{op}"))
    }
}
