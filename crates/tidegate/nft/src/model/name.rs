//! Names of tables, chains, sets and maps.

use std::borrow::Cow;
use std::fmt;

use error_hint::Hint;

use super::keyword::is_keyword;

/// The name of a table, chain, set or map.
///
/// One of these can stand anywhere that nft's grammar takes an identifier, in every release from
/// 0.9.3: it begins with a letter or `_`, goes on with letters, digits, `_` or `-`, is at most
/// [`Name::MAX`] bytes long, and is not a keyword of nft's scanner. nft has no way to quote an
/// identifier, so a name that would need it is refused here instead of at apply time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Cow<'static, str>);

/// Why a text is not a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing at all.
    #[error("a name of nftables objects cannot be empty")]
    Empty,
    /// Longer than [`Name::MAX`] bytes.
    #[error("name `{0}` is longer than {max} bytes", max = Name::MAX)]
    TooLong(String),
    /// A character that nft's scanner would end the name at.
    #[error(
        "name `{}` must have only ASCII letters, digits, `_` and `-`, \
         and begin with a letter or `_`", .0.escape_debug()
    )]
    Character(String),
    /// A word of nft's grammar.
    #[error("name `{0}` is a keyword of nft")]
    Keyword(String),
}

impl Hint for NameError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            NameError::Keyword(_) => Some("add a prefix with an underscore, such as `my_`".into()),
            _ => None,
        }
    }
}

impl Name {
    /// The greatest length in bytes. The kernel takes 255 (`NFT_NAME_MAXLEN` in
    /// linux/netfilter/nf_tables.h); half of that keeps error lines readable.
    pub const MAX: usize = 127;

    /// Checks and wraps a name.
    ///
    /// # Errors
    /// When nft could not read it as one identifier.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        if text.is_empty() {
            Err(NameError::Empty)
        } else if text.len() > Self::MAX {
            Err(NameError::TooLong(text))
        } else if !has_identifier_shape(text.as_bytes()) {
            Err(NameError::Character(text))
        } else if is_keyword(&text) {
            Err(NameError::Keyword(text))
        } else {
            Ok(Self(Cow::Owned(text)))
        }
    }

    /// A name known when the program is written. Use it through [`name!`](crate::name), which makes
    /// a wrong one an error of the compiler.
    ///
    /// # Panics
    /// When it is not a valid name; in a constant context, that is a compile error.
    #[must_use]
    pub const fn literal(text: &'static str) -> Self {
        assert!(
            !text.is_empty() && text.len() <= Self::MAX,
            "the length of a name is 1 to 127"
        );
        assert!(
            has_identifier_shape(text.as_bytes()),
            "not an identifier of nft"
        );
        assert!(!is_keyword(text), "a keyword of nft");
        Self(Cow::Borrowed(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A [`Name`] that is checked when the program is compiled: `name!("publish4")`.
#[macro_export]
macro_rules! name {
    ($text:literal) => {
        const { $crate::Name::literal($text) }
    };
}

const fn has_identifier_shape(bytes: &[u8]) -> bool {
    let mut index = 0;
    while index < bytes.len() {
        let byte = bytes[index];
        let begins = byte.is_ascii_alphabetic() || byte == b'_';
        let continues = index > 0 && (byte.is_ascii_digit() || byte == b'-');
        if !(begins || continues) {
            return false;
        }
        index += 1;
    }
    !bytes.is_empty()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_taken() {
        for text in ["publish4", "_x", "to_bridge", "a-b", "TG9"] {
            assert_eq!(Name::new(text).expect(text).as_str(), text);
        }
        assert_eq!(crate::name!("peers"), Name::new("peers").expect("valid"));
    }

    #[test]
    fn text_that_nft_would_read_differently_is_refused() {
        for text in [
            "9a", "-a", "a b", "a;b", "a\"", "a.b", "a/b", "é", "a\n", "{", "@a",
        ] {
            assert_eq!(Name::new(text), Err(NameError::Character(text.into())));
        }
        for text in ["fwd", "last", "label", "reply", "th"] {
            assert_eq!(Name::new(text), Err(NameError::Keyword(text.into())));
        }
        assert_eq!(Name::new(""), Err(NameError::Empty));
        assert!(matches!(
            Name::new("a".repeat(128)),
            Err(NameError::TooLong(_))
        ));
    }
}
