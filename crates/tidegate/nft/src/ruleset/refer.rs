//! References between objects of a table.

use super::TableState;
use crate::model::{ChainId, Data, Element, Name, Nat, NatTarget, Rule, SetId, Statement};

/// The chain that an element leads to.
pub(super) fn target_of_element(element: &Element) -> Option<&Name> {
    match &element.data {
        Some(Data::Verdict(verdict)) => verdict.target(),
        _ => None,
    }
}

/// The chains that a rule jumps or goes to.
pub(super) fn targets_of_rule(rule: &Rule) -> impl Iterator<Item = &Name> {
    rule.statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Verdict(verdict) => verdict.target(),
            _ => None,
        })
}

/// The sets and maps that a rule looks up.
pub(super) fn sets_of_rule(rule: &Rule) -> impl Iterator<Item = &Name> {
    rule.statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Lookup { set, .. } => Some(set),
            Statement::VerdictMap { map, .. }
            | Statement::Nat(Nat {
                target: NatTarget::Map { map, .. },
                ..
            }) => Some(map),
            _ => None,
        })
}

impl TableState {
    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.chains.values().flat_map(|chain| &chain.rules)
    }

    /// Whether a rule of another chain, or an element, leads to the chain.
    pub(super) fn refers_to_chain(&self, id: &ChainId) -> bool {
        let others = self.rules().filter(|rule| rule.chain != *id);
        let by_rule = others
            .flat_map(targets_of_rule)
            .any(|name| *name == id.name);
        let elements = self.sets.values().flat_map(|set| set.elements.values());
        by_rule
            || elements
                .filter_map(target_of_element)
                .any(|name| *name == id.name)
    }

    /// Whether a rule looks the set up.
    pub(super) fn refers_to_set(&self, id: &SetId) -> bool {
        self.rules()
            .flat_map(sets_of_rule)
            .any(|name| *name == id.name)
    }
}
