//! How deep jumps go.

use std::collections::BTreeSet;

use super::TableState;
use super::refer::{target_of_element, targets_of_rule};
use crate::model::{Name, Rule, Statement};

/// The most chains that the kernel goes into (`NFT_JUMP_STACK_SIZE` of net/netfilter/nf_tables.h).
const DEPTH: usize = 16;

/// The base chain from which jumps go too deep, as they do in a loop. The kernel looks at this from
/// base chains only.
pub(super) fn too_deep(table: &TableState) -> Option<&Name> {
    let bases = table
        .chains
        .values()
        .filter(|state| state.chain.base.is_some());
    bases.map(|state| &state.chain.id.name).find(|name| {
        let mut reached: BTreeSet<&Name> = BTreeSet::from([*name]);
        for _ in 0..DEPTH {
            reached = reached
                .iter()
                .flat_map(|name| targets(table, name))
                .collect();
        }
        !reached.is_empty()
    })
}

fn targets<'a>(table: &'a TableState, chain: &Name) -> BTreeSet<&'a Name> {
    let rules = table
        .chains
        .get(chain)
        .map_or(&[][..], |state| &state.rules);
    rules
        .iter()
        .flat_map(|rule| targets_of_rule(rule).chain(through_maps(table, rule)))
        .collect()
}

fn through_maps<'a>(table: &'a TableState, rule: &'a Rule) -> impl Iterator<Item = &'a Name> {
    let maps = rule
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::VerdictMap { map, .. } => table.sets.get(map),
            _ => None,
        });
    maps.flat_map(|map| map.elements.values().filter_map(target_of_element))
}
