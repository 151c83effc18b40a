//! Free text that nft keeps for us.

use std::fmt;

/// The greatest length in bytes: `NFTNL_UDATA_COMMENT_MAXLEN` of libnftnl.
const MAX: usize = 128;

/// A comment on a rule, set or element, at most 128 bytes long. It stands between quotes in nft's language.
///
/// nft has no escape inside quotes, and line editors of `nft -i` give some bytes a meaning. So only printable ASCII is
/// taken, without `"`, `\` and `$`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Comment(String);

/// Why a text is not a [`Comment`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommentError {
    /// Longer than nft keeps.
    #[error("text of {length} bytes is longer than the {max} that nft allows")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The greatest length in bytes.
        max: usize,
    },
    /// Not printable ASCII, or one of `"`, `\` and `$`.
    #[error("nft cannot keep the character {0:?} in a comment")]
    Character(char),
}

impl Comment {
    /// Checks and wraps a text.
    ///
    /// # Errors
    /// When nft could not give it back unchanged.
    pub fn new(text: impl Into<String>) -> Result<Self, CommentError> {
        let text = text.into();
        if let Some(character) = text.chars().find(|&character| !is_plain(character)) {
            return Err(CommentError::Character(character));
        }
        if text.len() > MAX {
            return Err(CommentError::TooLong {
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
impl fmt::Display for Comment {
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
        assert_eq!(Comment::new("a\"b"), Err(CommentError::Character('"')));
        assert_eq!(Comment::new("a\nb"), Err(CommentError::Character('\n')));
        assert_eq!(Comment::sanitized("a\"b\\ü$").as_str(), "a_b___");
    }

    #[test]
    fn the_length_is_bounded() {
        assert!(Comment::new("x".repeat(128)).is_ok());
        let long = Comment::new("x".repeat(129));
        assert_eq!(
            long,
            Err(CommentError::TooLong {
                length: 129,
                max: 128
            })
        );
        assert_eq!(Comment::sanitized(&"ü".repeat(500)).as_str().len(), 128);
    }
}
