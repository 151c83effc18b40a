//! Sets, maps, verdict maps and their elements.

use std::time::Duration;

use super::family::{SetId, SetKind, TableId};
use super::label::Comment;
use super::name::Name;
use super::value::{Type, Value};

/// A named set, map or verdict map.
///
/// Plain hash sets only: interval sets cost milliseconds a change, and every key here is exact.
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
    /// A remark. nft reads it from 0.9.7, the kernel from 5.10.
    pub comment: Option<Comment>,
    /// Elements that are added with the declaration.
    ///
    /// Added to a set that exists, the declaration is a no-op and the elements are added to it.
    /// Unlike [`Op::AddElements`](crate::Op::AddElements) this makes a missing set. In exchange,
    /// libnftables does not fetch the elements of every interval set of the namespace first
    /// (milliseconds where another program keeps a block list).
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
        let shape = |set: &Self| (set.key.clone(), set.data.clone(), set.timeout, set.counter);
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

/// An element of a set or map. Its key is its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its key.
    pub key: Vec<Value>,
    /// What it leads to; `None` in sets.
    pub data: Option<Data>,
    /// What it counted. Only in sets with a counter: nft refuses it in others.
    pub counter: Option<Counter>,
    /// The time after which it ends, in whole seconds.
    pub timeout: Option<Duration>,
    /// A remark.
    pub comment: Option<Comment>,
}

/// What an element leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Values, in maps.
    Values(Vec<Value>),
    /// A verdict, in verdict maps.
    Verdict(Verdict),
}

/// Packets and bytes seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Element {
    /// An element with a key and nothing else.
    #[must_use]
    pub fn new(key: impl Into<Vec<Value>>) -> Self {
        Self {
            key: key.into(),
            data: None,
            counter: None,
            timeout: None,
            comment: None,
        }
    }

    /// The same that leads to values.
    #[must_use]
    pub fn values(self, values: impl Into<Vec<Value>>) -> Self {
        Self {
            data: Some(Data::Values(values.into())),
            ..self
        }
    }

    /// The same that leads to a verdict.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> Self {
        Self {
            data: Some(Data::Verdict(verdict)),
            ..self
        }
    }

    /// The same with a counter that begins at nought.
    #[must_use]
    pub fn counter(self) -> Self {
        Self {
            counter: Some(Counter::default()),
            ..self
        }
    }

    /// The same with a timeout in whole seconds.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self
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
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Leave this hook's chain with success.
    Accept,
    /// Throw the packet away.
    Drop,
    /// Go on with the next rule.
    Continue,
    /// Go back to the calling chain.
    Return,
    /// Go to a chain of this table and come back.
    Jump(Name),
    /// Go to a chain of this table and come back to the caller's caller.
    Goto(Name),
}

impl Verdict {
    /// The chain that it leads to.
    #[must_use]
    pub const fn target(&self) -> Option<&Name> {
        match self {
            Self::Jump(chain) | Self::Goto(chain) => Some(chain),
            Self::Accept | Self::Drop | Self::Continue | Self::Return => None,
        }
    }
}
