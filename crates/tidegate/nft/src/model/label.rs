//! Free text that nft keeps for us: comments and log prefixes.

use std::fmt;

/// Text that stands between quotes in nft's language, at most `MAX` bytes long.
///
/// nft has no escape inside quotes, line editors of `nft -i` give some bytes a meaning, and nft
/// expands `$variables` in log prefixes. So only printable ASCII is taken, without `"`, `\` and `$`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label<const MAX: usize>(String);

/// A comment on a rule, set or element. `NFTNL_UDATA_COMMENT_MAXLEN` of libnftnl bounds its length.
pub type Comment = Label<128>;

/// The text before each line that a `log` statement writes. `NF_LOG_PREFIXLEN` of
/// linux/netfilter/nf_log.h, which counts the final zero, bounds its length.
pub type LogPrefix = Label<127>;

/// Why a text is not a [`Label`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Longer than nft keeps.
    #[error("text of {length} bytes is longer than the {max} that nft allows")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The greatest length in bytes.
        max: usize,
    },
    /// Not printable ASCII, or one of `"`, `\` and `$`.
    #[error("nft cannot keep the character {0:?} in a comment or log prefix")]
    Character(char),
}

impl<const MAX: usize> Label<MAX> {
    /// Checks and wraps a text.
    ///
    /// # Errors
    /// When nft could not give it back unchanged.
    pub fn new(text: impl Into<String>) -> Result<Self, LabelError> {
        let text = text.into();
        if let Some(character) = text.chars().find(|&character| !is_plain(character)) {
            return Err(LabelError::Character(character));
        }
        if text.len() > MAX {
            return Err(LabelError::TooLong {
                length: text.len(),
                max: MAX,
            });
        }
        Ok(Self(text))
    }

    /// The nearest text that nft can keep: other characters become `_`, and it is cut at `MAX` bytes.
    #[must_use]
    pub fn sanitized(text: &str) -> Self {
        let plain = |character| if is_plain(character) { character } else { '_' };
        Self(text.chars().map(plain).take(MAX).collect())
    }

    /// The text, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~') && !matches!(character, '"' | '\\' | '$')
}

/// In quotes, as nft reads it.
impl<const MAX: usize> fmt::Display for Label<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_stays_and_quotes_go() {
        assert_eq!(
            Comment::new("web; 80 #1").expect("plain").to_string(),
            "\"web; 80 #1\""
        );
        assert_eq!(Comment::new("a\"b"), Err(LabelError::Character('"')));
        assert_eq!(Comment::new("a\nb"), Err(LabelError::Character('\n')));
        assert_eq!(Comment::sanitized("a\"b\\ü$").as_str(), "a_b___");
    }

    #[test]
    fn the_length_is_bounded() {
        assert!(Comment::new("x".repeat(128)).is_ok());
        let long = Comment::new("x".repeat(129));
        assert_eq!(
            long,
            Err(LabelError::TooLong {
                length: 129,
                max: 128
            })
        );
        assert_eq!(Comment::sanitized(&"ü".repeat(500)).as_str().len(), 128);
    }
}
