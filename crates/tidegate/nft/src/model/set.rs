//! Sets, maps, verdict maps and their elements.

use std::time::Duration;

use super::comment::Comment;
use super::element::Element;
use super::family::{SetId, SetKind, TableId};
use super::name::Name;
use super::value::Type;

/// A named set, map or verdict map.
///
/// Hash sets, or sets of joined values with intervals. A set of single values has no intervals: before nft changes any
/// set, it fetches the elements of each set of single values with intervals. libnftables 1.0.6 also compares new
/// elements with what a check left in its cache, and refuses them as "conflicting intervals" where
/// they are not in the kernel. The kernel refuses elements that overlap in each of their parts; the caller keeps them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Which one.
    pub id: SetId,
    /// The type of its keys.
    pub key: Type,
    /// What its elements lead to.
    pub data: DataType,
    /// Whether its elements end by themselves.
    pub timeout: Timeout,
    /// Whether each element counts the packets that it matched. nft reads this from 0.9.5, the kernel from 5.7.
    pub counter: bool,
    /// Whether parts of its keys may be intervals ([`Value::is_interval`](crate::Value::is_interval)). Of joined
    /// values alone; nft reads this from 0.9.4, the kernel from 5.6.
    pub intervals: bool,
    /// A remark. nft reads it from 0.9.7, the kernel from 5.10.
    pub comment: Option<Comment>,
    /// Elements that are added with the declaration, whether it makes the set or finds it there
    /// ([`Transaction::fill`](crate::Transaction::fill)).
    pub elements: Vec<Element>,
}

/// What the elements of a [`Set`] lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataType {
    /// Nothing: a set.
    None,
    /// Values: a map.
    Values(Type),
    /// A verdict: a verdict map.
    Verdict,
}

/// Whether the elements of a set end by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timeout {
    /// They do not.
    #[default]
    Never,
    /// Those that have a timeout of their own.
    PerElement,
    /// All, after this time if they have none of their own. Whole seconds.
    Default(Duration),
}

impl Set {
    /// A set of keys.
    #[must_use]
    pub fn new(table: &TableId, name: Name, key: impl Into<Type>) -> Self {
        Self::with(table.set(name), key.into(), DataType::None)
    }

    /// A map from keys to values.
    #[must_use]
    pub fn map(table: &TableId, name: Name, key: impl Into<Type>, data: impl Into<Type>) -> Self {
        Self::with(table.map(name), key.into(), DataType::Values(data.into()))
    }

    /// A map from keys to verdicts.
    #[must_use]
    pub fn verdict_map(table: &TableId, name: Name, key: impl Into<Type>) -> Self {
        Self::with(table.map(name), key.into(), DataType::Verdict)
    }

    fn with(id: SetId, key: Type, data: DataType) -> Self {
        let (timeout, elements) = (Timeout::Never, Vec::new());
        Self {
            id,
            key,
            data,
            timeout,
            counter: false,
            intervals: false,
            comment: None,
            elements,
        }
    }

    /// The same with a remark.
    #[must_use]
    pub fn comment(self, comment: Comment) -> Self {
        Self {
            comment: Some(comment),
            ..self
        }
    }

    /// The same with elements that end.
    #[must_use]
    pub fn timeout(self, timeout: Timeout) -> Self {
        Self { timeout, ..self }
    }

    /// The same with a counter in each element.
    #[must_use]
    pub fn counter(self) -> Self {
        Self {
            counter: true,
            ..self
        }
    }

    /// The same with keys in which there may be intervals.
    #[must_use]
    pub fn intervals(self) -> Self {
        Self {
            intervals: true,
            ..self
        }
    }

    /// The same with these elements.
    #[must_use]
    pub fn elements(self, elements: impl IntoIterator<Item = Element>) -> Self {
        Self {
            elements: elements.into_iter().collect(),
            ..self
        }
    }

    /// Whether two declarations are of one set as far as the kernel compares them: it answers a
    /// second declaration with success when they are, and with EEXIST when not.
    #[must_use]
    pub fn is_same_declaration(&self, other: &Self) -> bool {
        let shape = |set: &Self| {
            let kind = (set.timeout, set.counter, set.intervals);
            (set.key.clone(), set.data.clone(), kind)
        };
        self.id == other.id && shape(self) == shape(other)
    }
}

impl DataType {
    /// The keyword that a set with such data has.
    #[must_use]
    pub const fn kind(&self) -> SetKind {
        match self {
            Self::None => SetKind::Set,
            Self::Values(_) | Self::Verdict => SetKind::Map,
        }
    }
}
