//! Applying operations in memory, refusing what the kernel refuses.

use std::collections::BTreeMap;

use super::refer::{sets_of_rule, target_of_element, targets_of_rule};
use super::state::{Mode, Refused, missing};
use super::undo::Undo;
use super::{ChainState, Refusal, Ruleset, SetState, TableState, jumps};
use crate::kind::Kind;
use crate::model::{Base, Chain, Element, Name, Rule, Set, SetId, TableId};
use crate::op::{Object, ObjectId, Op};
use crate::transaction::{NotInvertible, Transaction};
use crate::validate;

impl Transaction {
    /// The transaction that takes the ruleset back from where this one leads to where it was.
    ///
    /// Counters begin again at nought and timeouts at their whole length. Costs a copy of `before`;
    /// [`Ruleset::apply`] gives the inverse of what it does without one.
    ///
    /// # Errors
    /// When an operation would be refused: then there is nothing to invert.
    pub fn inverse(&self, before: &Ruleset) -> Result<Self, NotInvertible> {
        let refused = |refusal: Refusal| NotInvertible {
            index: refusal.index,
            reason: refusal.reason,
        };
        before.clone().apply(self).map_err(refused)
    }
}

impl Ruleset {
    /// Applies all operations or none, and gives back the transaction that takes them back.
    ///
    /// Costs what the operations cost, not what the ruleset holds, apart from deleting chains and
    /// sets (which looks for what refers to them).
    ///
    /// # Errors
    /// The first operation that the kernel would refuse. The ruleset is as it was.
    pub fn apply(&mut self, transaction: &Transaction) -> Result<Transaction, Refusal> {
        let mut undo = Undo::default();
        for (index, op) in transaction.ops().iter().enumerate() {
            if let Err((kind, reason)) = self.step(op, &mut undo) {
                self.revert(undo);
                return Err(Refusal {
                    index,
                    kind,
                    reason,
                });
            }
        }
        if let Err(refusal) = self.check_jumps(transaction) {
            self.revert(undo);
            return Err(refusal);
        }
        Ok(undo.into_ops().collect())
    }

    /// Takes back what was applied.
    fn revert(&mut self, undo: Undo) {
        for op in undo.into_ops() {
            let reverted = self.step(&op, &mut Undo::default());
            debug_assert_eq!(reverted, Ok(()), "`{op}` takes back what was just applied");
        }
    }

    fn step(&mut self, op: &Op, undo: &mut Undo) -> Result<(), Refused> {
        let invalid = |reason| (Kind::Invalid, format!("{}: {reason}", op.target()));
        validate::check(op, self).map_err(invalid)?;
        match op {
            Op::Add(object) => self.add(object, Mode::Add, undo),
            Op::Create(object) => self.add(object, Mode::Create, undo),
            Op::Insert(rule) => self.add_rule(rule, true, undo),
            Op::Delete(id) => self.delete(id, undo),
            Op::Flush(id) => self.flush(id, undo),
            Op::AddElements { set, elements } => self.add_elements(set, elements, Mode::Add, undo),
            Op::CreateElements { set, elements } => {
                self.add_elements(set, elements, Mode::Create, undo)
            }
            Op::DeleteElements { set, elements } => self.delete_elements(set, elements, undo),
        }
    }

    fn add(&mut self, object: &Object, mode: Mode, undo: &mut Undo) -> Result<(), Refused> {
        match object {
            Object::Table(id) => self.add_table(id, mode, undo),
            Object::Chain(chain) => self.add_chain(chain, mode, undo),
            Object::Set(set) => self.add_set(set, mode, undo),
            Object::Rule(rule) => self.add_rule(rule, false, undo),
        }
    }

    fn add_table(&mut self, id: &TableId, mode: Mode, undo: &mut Undo) -> Result<(), Refused> {
        let id_of = ObjectId::Table(id.clone());
        if self.tables.contains_key(id) {
            return refuse_if_create(mode, &id_of);
        }
        self.tables.insert(id.clone(), TableState::default());
        undo.made(id_of);
        Ok(())
    }

    fn add_chain(&mut self, chain: &Chain, mode: Mode, undo: &mut Undo) -> Result<(), Refused> {
        let id = ObjectId::Chain(chain.id.clone());
        let table = self.table_mut(&chain.id.table)?;
        let Some(state) = table.chains.get_mut(&chain.id.name) else {
            let state = ChainState {
                chain: chain.clone(),
                rules: Vec::new(),
            };
            table.chains.insert(chain.id.name.clone(), state);
            undo.made(id);
            return Ok(());
        };
        refuse_if_create(mode, &id)?;
        let Some(base) = &chain.base else {
            return Ok(());
        };
        if !state
            .chain
            .base
            .as_ref()
            .is_some_and(|there| differs_in_policy_only(there, base))
        {
            let reason = format!("{id} is there already with another type, hook or priority");
            return Err((Kind::Unsupported, reason));
        }
        if state.chain.base.as_ref() != Some(base) {
            let before = Op::Add(Object::Chain(state.chain.clone()));
            undo.changed(&id, || vec![before]);
            state.chain.base = Some(base.clone());
        }
        Ok(())
    }

    fn add_set(&mut self, set: &Set, mode: Mode, undo: &mut Undo) -> Result<(), Refused> {
        let id = ObjectId::Set(set.id.clone());
        let table = self.table_mut(&set.id.table)?;
        if let Some(state) = table.sets.get(&set.id.name) {
            refuse_if_create(mode, &id)?;
            if !state.set.is_same_declaration(set) {
                return Err((
                    Kind::Exists,
                    format!("{id} is there already with another type"),
                ));
            }
        } else {
            let declared = Set {
                elements: Vec::new(),
                ..set.clone()
            };
            let state = SetState {
                set: declared,
                elements: BTreeMap::new(),
            };
            table.sets.insert(set.id.name.clone(), state);
            undo.made(id);
        }
        self.add_elements(&set.id, &set.elements, Mode::Add, undo)
    }

    fn add_rule(&mut self, rule: &Rule, first: bool, undo: &mut Undo) -> Result<(), Refused> {
        let table = self.table_mut(&rule.chain.table)?;
        table.require_chain(&rule.chain)?;
        targets_of_rule(rule).try_for_each(|name| table.require_target(&rule.chain, name))?;
        sets_of_rule(rule).try_for_each(|name| table.require_set_named(&rule.chain.table, name))?;
        let state = table.chain_mut(&rule.chain)?;
        let id = ObjectId::Chain(rule.chain.clone());
        undo.rules_change(&id, || state.build_rules().collect());
        state
            .rules
            .insert(if first { 0 } else { state.rules.len() }, rule.clone());
        Ok(())
    }

    fn delete(&mut self, id: &ObjectId, undo: &mut Undo) -> Result<(), Refused> {
        let table = self.table_mut(id.table())?;
        let rebuild = match id {
            ObjectId::Table(of) => {
                let rebuild = table.build(of);
                self.tables.remove(of);
                rebuild
            }
            ObjectId::Chain(chain) => table.delete_chain(chain)?,
            ObjectId::Set(set) => table.delete_set(set)?,
        };
        undo.removed(id, rebuild);
        Ok(())
    }

    fn flush(&mut self, id: &ObjectId, undo: &mut Undo) -> Result<(), Refused> {
        let table = self.table_mut(id.table())?;
        match id {
            ObjectId::Table(_) => {
                table
                    .chains
                    .values_mut()
                    .for_each(|state| state.flush(undo));
            }
            ObjectId::Chain(chain) => table.chain_mut(chain)?.flush(undo),
            ObjectId::Set(set) => {
                let state = table.set_mut(set)?;
                let elements = std::mem::take(&mut state.elements);
                undo.changed(id, || readd(set, elements.into_values().collect()));
            }
        }
        Ok(())
    }

    fn add_elements(
        &mut self,
        id: &SetId,
        elements: &[Element],
        mode: Mode,
        undo: &mut Undo,
    ) -> Result<(), Refused> {
        let table = self.table_mut(&id.table)?;
        table.set_mut(id)?;
        let chain = |name: &Name| id.table.chain(name.clone());
        let mut targets = elements.iter().filter_map(target_of_element);
        targets.try_for_each(|name| table.require_target(&chain(name), name))?;
        let leads_to_chains = elements
            .iter()
            .any(|element| target_of_element(element).is_some());
        let state = table.set_mut(id)?;
        let fresh = state.fresh(elements, mode)?;
        let object = ObjectId::Set(id.clone());
        if leads_to_chains {
            undo.verdicts_change(&object);
        }
        if !fresh.is_empty() {
            let keys = fresh
                .keys()
                .map(|key| Element::new((*key).clone()))
                .collect();
            let delete = Op::DeleteElements {
                set: id.clone(),
                elements: keys,
            };
            undo.changed(&object, || vec![delete]);
        }
        let added = fresh
            .into_iter()
            .map(|(key, element)| (key.clone(), element.clone()));
        state.elements.extend(added);
        Ok(())
    }

    fn delete_elements(
        &mut self,
        id: &SetId,
        elements: &[Element],
        undo: &mut Undo,
    ) -> Result<(), Refused> {
        let state = self.table_mut(&id.table)?.set_mut(id)?;
        let mut removed = Vec::with_capacity(elements.len());
        for element in elements {
            let Some(gone) = state.elements.remove(&element.key) else {
                let reason = format!("{} does not hold {}", ObjectId::Set(id.clone()), element);
                let back = removed
                    .into_iter()
                    .map(|element: Element| (element.key.clone(), element));
                state.elements.extend(back);
                return Err((Kind::NotFound, reason));
            };
            removed.push(gone);
        }
        undo.changed(&ObjectId::Set(id.clone()), || readd(id, removed));
        Ok(())
    }

    fn table_mut(&mut self, id: &TableId) -> Result<&mut TableState, Refused> {
        self.tables
            .get_mut(id)
            .ok_or_else(|| missing(ObjectId::Table(id.clone())))
    }

    /// The kernel looks at jumps when the whole batch is in.
    fn check_jumps(&self, transaction: &Transaction) -> Result<(), Refusal> {
        for (index, op) in transaction
            .ops()
            .iter()
            .enumerate()
            .filter(|(_, op)| adds_jumps(op))
        {
            let Some(table) = self.tables.get(op.target().table()) else {
                continue;
            };
            if let Some(base) = jumps::too_deep(table) {
                let reason = format!("{}: jumps from chain {base} go too deep", op.target());
                return Err(Refusal {
                    index,
                    kind: Kind::Other,
                    reason,
                });
            }
        }
        Ok(())
    }
}

fn adds_jumps(op: &Op) -> bool {
    match op {
        Op::Add(Object::Rule(rule)) | Op::Create(Object::Rule(rule)) | Op::Insert(rule) => {
            targets_of_rule(rule).next().is_some()
        }
        Op::Add(Object::Set(Set { elements, .. }))
        | Op::AddElements { elements, .. }
        | Op::CreateElements { elements, .. } => elements
            .iter()
            .any(|element| target_of_element(element).is_some()),
        _ => false,
    }
}

/// The kernel changes the policy of a base chain that is added again, and nothing else.
fn differs_in_policy_only(there: &Base, new: &Base) -> bool {
    there.clone().policy(new.policy) == *new
}

fn readd(set: &SetId, elements: Vec<Element>) -> Vec<Op> {
    if elements.is_empty() {
        return Vec::new();
    }
    vec![Op::AddElements {
        set: set.clone(),
        elements,
    }]
}

fn refuse_if_create(mode: Mode, id: &ObjectId) -> Result<(), Refused> {
    match mode {
        Mode::Add => Ok(()),
        Mode::Create => Err((Kind::Exists, format!("{id} is there already"))),
    }
}
