//! The inverse of the applied operations.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::TableId;
use crate::op::{ObjectId, Op};

/// The inverse of the operations so far, group by group.
///
/// An object that the transaction itself made is *covered*: to delete it undoes all changes to it,
/// so they are not noted. One thing is: rules and verdicts that refer to other objects
/// must go before those objects do, so a covered chain or verdict map is flushed in time.
#[derive(Debug, Default)]
pub(super) struct Undo {
    groups: Vec<Vec<Op>>,
    covered: BTreeSet<ObjectId>,
    /// Chains whose rules of before the transaction are noted.
    kept: BTreeSet<ObjectId>,
    /// Where the flush of each chain or map is noted.
    flushes: BTreeMap<ObjectId, usize>,
}

impl Undo {
    /// `id` was made.
    pub(super) fn made(&mut self, id: ObjectId) {
        if !self.is_table_covered(id.table()) {
            self.groups.push(vec![Op::Delete(id.clone())]);
        }
        self.covered.insert(id);
    }

    /// `id` was removed; `rebuild` makes it again, with all that was in it.
    pub(super) fn removed(&mut self, id: &ObjectId, rebuild: Vec<Op>) {
        let is_table = matches!(id, ObjectId::Table(_));
        if is_table || !self.is_table_covered(id.table()) {
            self.groups.push(rebuild);
        }
        let stays = |other: &ObjectId| other != id && !(is_table && other.table() == id.table());
        self.covered.retain(stays);
        self.kept.retain(stays);
        self.flushes.retain(|other, _| stays(other));
    }

    /// `id` was changed, and `ops` change it back. Not noted when `id` is covered.
    pub(super) fn changed(&mut self, id: &ObjectId, ops: impl FnOnce() -> Vec<Op>) {
        if !self.is_covered(id) {
            self.groups.push(ops());
        }
    }

    /// The rules of a chain are about to change; `rules` writes those of now.
    pub(super) fn rules_change(&mut self, chain: &ObjectId, rules: impl FnOnce() -> Vec<Op>) {
        if self.is_table_covered(chain.table()) {
            return;
        }
        if self.covered.contains(chain) || !self.kept.insert(chain.clone()) {
            self.flush_in_time(chain);
        } else {
            let flush = Op::Flush(chain.clone());
            self.groups
                .push(std::iter::once(flush).chain(rules()).collect());
        }
    }

    /// A covered verdict map is about to lead to chains.
    pub(super) fn verdicts_change(&mut self, map: &ObjectId) {
        if self.covered.contains(map) && !self.is_table_covered(map.table()) {
            self.flush_in_time(map);
        }
    }

    /// Notes a flush, and forgets an earlier one of the same object: the one noted last comes first
    /// when all is taken back.
    fn flush_in_time(&mut self, id: &ObjectId) {
        if let Some(earlier) = self.flushes.insert(id.clone(), self.groups.len()) {
            self.groups[earlier].clear();
        }
        self.groups.push(vec![Op::Flush(id.clone())]);
    }

    fn is_covered(&self, id: &ObjectId) -> bool {
        self.covered.contains(id) || self.is_table_covered(id.table())
    }

    fn is_table_covered(&self, table: &TableId) -> bool {
        self.covered.contains(&ObjectId::Table(table.clone()))
    }

    /// The operations that take everything back, in order.
    pub(super) fn into_ops(self) -> impl Iterator<Item = Op> {
        self.groups.into_iter().rev().flatten()
    }
}
