//! The comparable form of a table.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use crate::model::{Base, Counter, Element, Name, Rule, Set, Values};
use crate::render::Declaration;
use crate::ruleset::{ChainState, SetState, TableState};

/// The comparable form of a table, whether planned or read back from the kernel.
///
/// Sets, maps and elements are compared exactly, apart from counted values and remaining times.
/// Rules are compared by their comments and number ([`Rule::tagged`] says why), or by their text
/// where both sides were planned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    pub(crate) chains: BTreeMap<Name, ChainShape>,
    pub(crate) sets: BTreeMap<Name, SetShape>,
    /// Objects that the model cannot express.
    pub(crate) foreign: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChainShape {
    pub(crate) base: Option<Base>,
    pub(crate) rules: Vec<RuleShape>,
}

/// A rule: its comment, and its text where that is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleShape {
    pub(crate) comment: Option<String>,
    pub(crate) text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetShape {
    pub(crate) declaration: String,
    pub(crate) elements: BTreeMap<Values, Element>,
}

impl Shape {
    /// The shape of a planned table.
    #[must_use]
    pub fn of(table: &TableState) -> Self {
        let chain = |state: &ChainState| {
            let rules = state.rules.iter().map(RuleShape::of).collect();
            (
                state.chain.id.name.clone(),
                ChainShape {
                    base: state.chain.base.clone(),
                    rules,
                },
            )
        };
        let chains = table.chains().map(chain).collect();
        Self {
            chains,
            sets: Self::sets(table.sets()),
            foreign: Vec::new(),
        }
    }

    pub(crate) fn sets<'a>(sets: impl Iterator<Item = &'a SetState>) -> BTreeMap<Name, SetShape> {
        let shape = |state: &SetState| {
            let elements = state
                .elements()
                .map(|element| comparable(element, &state.set));
            let elements = elements
                .map(|element| (element.key.clone(), element))
                .collect();
            SetShape {
                declaration: declaration(&state.set),
                elements,
            }
        };
        sets.map(|state| (state.set.id.name.clone(), shape(state)))
            .collect()
    }
}

impl RuleShape {
    fn of(rule: &Rule) -> Self {
        let comment = rule
            .comment
            .as_ref()
            .map(|comment| comment.as_str().to_owned());
        Self {
            comment,
            text: Some(rule.to_string()),
        }
    }

    /// Whether both are of one rule, as far as can be told.
    pub(super) fn matches(&self, other: &Self) -> bool {
        match (&self.text, &other.text) {
            (Some(one), Some(other)) => one == other,
            _ => self.comment == other.comment,
        }
    }
}

impl Display for RuleShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.text, &self.comment) {
            (Some(text), _) => write!(f, "`{text}`"),
            (None, Some(comment)) => write!(f, "a rule with comment `{comment}`"),
            (None, None) => f.write_str("a rule without comment"),
        }
    }
}

/// A declaration as both sides write it; its comment is left out, as some releases leave it out.
fn declaration(set: &Set) -> String {
    Declaration(&Set {
        comment: None,
        ..set.clone()
    })
    .to_string()
}

/// An element without what changes by itself.
fn comparable(element: &Element, set: &Set) -> Element {
    let counts = element.counter.is_some() || set.counter;
    Element {
        counter: counts.then(Counter::default),
        ..element.clone()
    }
}
