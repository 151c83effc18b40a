//! Requests of an engine that cannot be served.

use std::borrow::Cow;

use error_hint::Hint;
use tidegate_model::Invalid;

/// A request of an engine that cannot be served, for a reason that lies in the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What kind of reason.
    pub why: Why,
    /// What was refused, and why.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Why a request of an engine cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is written in a version of the protocol that is not known here.
    Version,
    /// It has a key, or a value of one, that is not acted on.
    Unsupported,
    /// Something that it must have beside its text is missing or wrong: a variable or an argument.
    Environment,
    /// Its text cannot be parsed.
    Unreadable,
    /// A value is wrong.
    Invalid,
}

impl Refused {
    /// Refuses with a message.
    pub(crate) fn new(why: Why, message: impl Into<String>) -> Self {
        Self {
            why,
            message: message.into(),
            hint: None,
        }
    }

    /// The same with what to do about it.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same for an invalid value at a place of the request.
    pub(crate) fn at(place: &str) -> impl FnOnce(Invalid) -> Self {
        move |invalid| {
            Self::new(Why::Invalid, format!("{place}: {invalid}")).with_hint(invalid.hint)
        }
    }
}

impl Hint for Refused {
    fn hint(&self) -> Option<Cow<'_, str>> {
        self.hint.as_deref().map(Cow::from)
    }
}
