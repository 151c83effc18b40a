//! The one error of parsing a domain value.

use std::borrow::Cow;

use error_hint::Hint;

/// An invalid value: its kind, the given text, the reason of the refusal, and the accepted form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what} {given:?}: {reason}")]
pub struct Invalid {
    /// The kind of value, as a user would call it ("network name", "published port").
    pub what: &'static str,
    /// The text that was given, cut to a length that can be shown.
    pub given: String,
    /// Why it was refused.
    pub reason: String,
    /// What would be accepted.
    pub hint: Cow<'static, str>,
}

impl Hint for Invalid {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.hint))
    }
}

impl Invalid {
    /// Most characters of the given text that an error repeats.
    const SHOWN: usize = 80;

    /// Refuses `given` as a `what`, with a reason and the accepted form. The error repeats only its beginning.
    pub fn new(
        what: &'static str,
        given: &str,
        reason: impl Into<String>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut shown: String = given.chars().take(Self::SHOWN).collect();
        if shown.len() < given.len() {
            shown.push('…');
        }
        Self {
            what,
            given: shown,
            reason: reason.into(),
            hint: hint.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_repeats_only_the_beginning_of_a_long_text() {
        let given = |text: &str| Invalid::new("name", text, "it is long", "use a shorter one");
        let long = given(&"é".repeat(81));
        assert_eq!(long.given, format!("{}…", "é".repeat(80)));
        assert_eq!(given(&"é".repeat(80)).given, "é".repeat(80));
        assert_eq!(long.hint().as_deref(), Some("use a shorter one"));
    }
}
