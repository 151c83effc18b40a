//! Elements of sets and maps.

use std::time::Duration;

use super::comment::Comment;
use super::name::Name;
use super::value::{Value, Values};

/// An element of a set or map. Its key is its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its key.
    pub key: Values,
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
    Values(Values),
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
    pub fn new(key: impl IntoIterator<Item = Value>) -> Self {
        Self {
            key: key.into_iter().collect(),
            data: None,
            counter: None,
            timeout: None,
            comment: None,
        }
    }

    /// The same that leads to values.
    #[must_use]
    pub fn values(self, values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            data: Some(Data::Values(values.into_iter().collect())),
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

/// The fate of a packet.
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
