//! The differences between two rulesets.

mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use crate::model::{Base, Element, Name, TableId, Value, Values};
use crate::ruleset::Ruleset;

use shape::SetShape;
pub use shape::Shape;
pub(crate) use shape::{ChainShape, RuleShape};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Only the first side has it.
    Missing {
        /// What, as in `set inet tidegate peers`, or an element of one.
        object: String,
    },
    /// Only the second side has it.
    Extra {
        /// What.
        object: String,
    },
    /// Both have it, with different content.
    Different {
        /// What.
        object: String,
        /// As the first side has it.
        planned: String,
        /// As the second side has it.
        found: String,
    },
}

/// As a line of a diff: `-` is planned but missing, `+` exists but is not planned.
impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { object } => write!(f, "- {object}"),
            Self::Extra { object } => write!(f, "+ {object}"),
            Self::Different {
                object,
                planned,
                found,
            } => {
                write!(f, "~ {object}: planned {planned}, found {found}")
            }
        }
    }
}

impl Ruleset {
    /// The differences to `other`: missing there, extra there, or different.
    #[must_use]
    pub fn diff(&self, other: &Self) -> Vec<Difference> {
        let shapes = |ruleset: &Self| -> BTreeMap<TableId, Shape> {
            ruleset
                .tables()
                .map(|(id, table)| (id.clone(), Shape::of(table)))
                .collect()
        };
        let mut differences = Vec::new();
        let object = |id: &TableId| format!("table {id}");
        pair(
            &shapes(self),
            &shapes(other),
            object,
            &mut differences,
            |id, planned, found, out| {
                out.extend(planned.diff(id, found));
            },
        );
        differences
    }
}

impl Shape {
    /// The differences between this planned table and a found one.
    #[must_use]
    pub fn diff(&self, table: &TableId, found: &Self) -> Vec<Difference> {
        let mut out = Vec::new();
        let object = |name: &Name| format!("set {table} {name}");
        pair(
            &self.sets,
            &found.sets,
            object,
            &mut out,
            |name, planned, found, out| {
                planned.diff(&object(name), found, out);
            },
        );
        let object = |name: &Name| format!("chain {table} {name}");
        pair(
            &self.chains,
            &found.chains,
            object,
            &mut out,
            |name, planned, found, out| {
                planned.diff(&object(name), found, out);
            },
        );
        let foreign = found
            .foreign
            .iter()
            .filter(|object| !self.foreign.contains(object));
        out.extend(foreign.map(|object| Difference::Extra {
            object: object.clone(),
        }));
        out
    }
}

impl ChainShape {
    fn diff(&self, object: &str, found: &Self, out: &mut Vec<Difference>) {
        if !is_same_base(self.base.as_ref(), found.base.as_ref()) {
            let text = |base: &Option<Base>| {
                base.as_ref()
                    .map_or_else(|| "a regular chain".to_owned(), |base| format!("`{base}`"))
            };
            out.push(different(object, &text(&self.base), &text(&found.base)));
        }
        for (index, (planned, found)) in self.rules.iter().zip(&found.rules).enumerate() {
            if !planned.matches(found) {
                out.push(different(
                    &format!("{object} rule {}", index + 1),
                    planned,
                    found,
                ));
            }
        }
        let common = self.rules.len().min(found.rules.len());
        let missing = self.rules[common..]
            .iter()
            .map(|rule| format!("{object}: {rule}"));
        out.extend(missing.map(|object| Difference::Missing { object }));
        let extra = found.rules[common..]
            .iter()
            .map(|rule| format!("{object}: {rule}"));
        out.extend(extra.map(|object| Difference::Extra { object }));
    }
}

impl SetShape {
    /// The found elements, with values that nft misprints ([`Value::misprinted`]) replaced by the planned ones.
    fn reprinted(&self, found: &BTreeMap<Values, Element>) -> BTreeMap<Values, Element> {
        let misprinted = |key: &Values| key.iter().map(Value::misprinted).collect::<Values>();
        let lost = self.elements.keys().filter(|key| !found.contains_key(*key));
        let meant: BTreeMap<Values, &Values> = lost.map(|key| (misprinted(key), key)).collect();
        let of_element = |(key, element): (&Values, &Element)| {
            let is_planned = self.elements.contains_key(key);
            let key = meant
                .get(key)
                .filter(|_| !is_planned)
                .map_or(key, |key| *key);
            let element = Element {
                key: key.clone(),
                ..element.clone()
            };
            (key.clone(), element)
        };
        found.iter().map(of_element).collect()
    }

    fn diff(&self, object: &str, found: &Self, out: &mut Vec<Difference>) {
        if self.declaration != found.declaration {
            out.push(different(object, &self.declaration, &found.declaration));
        }
        let found = &Self {
            declaration: found.declaration.clone(),
            elements: self.reprinted(&found.elements),
        };
        let keys: BTreeSet<_> = self.elements.keys().chain(found.elements.keys()).collect();
        for key in keys {
            match (self.elements.get(key), found.elements.get(key)) {
                (Some(element), None) => {
                    out.push(Difference::Missing {
                        object: format!("{object} {{ {element} }}"),
                    });
                }
                (None, Some(element)) => {
                    out.push(Difference::Extra {
                        object: format!("{object} {{ {element} }}"),
                    });
                }
                (Some(planned), Some(found)) if planned != found => {
                    out.push(different(object, planned, found));
                }
                _ => {}
            }
        }
    }
}

/// nft up to 1.0.6 leaves the device out of the JSON of ingress chains of the family inet.
fn is_same_base(planned: Option<&Base>, found: Option<&Base>) -> bool {
    match (planned, found) {
        (Some(planned), Some(found @ Base { device: None, .. })) => {
            Base {
                device: None,
                ..planned.clone()
            } == *found
        }
        _ => planned == found,
    }
}

fn different(object: &str, planned: &impl Display, found: &impl Display) -> Difference {
    let (planned, found) = (planned.to_string(), found.to_string());
    Difference::Different {
        object: object.to_owned(),
        planned,
        found,
    }
}

/// Compares entries with the same key, and records entries of only one side.
fn pair<K: Ord, V>(
    planned: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
    object: impl Fn(&K) -> String,
    out: &mut Vec<Difference>,
    mut compare: impl FnMut(&K, &V, &V, &mut Vec<Difference>),
) {
    for (key, planned) in planned {
        match found.get(key) {
            Some(found) => compare(key, planned, found, out),
            None => out.push(Difference::Missing {
                object: object(key),
            }),
        }
    }
    let extra = found.keys().filter(|key| !planned.contains_key(key));
    out.extend(extra.map(|key| Difference::Extra {
        object: object(key),
    }));
}
