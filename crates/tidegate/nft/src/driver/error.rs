//! Errors of drivers.

use std::borrow::Cow;
use std::fmt;
use std::io;

use error_hint::Hint;
use rustix::io::Errno;

use crate::kind::Kind;
use crate::transaction::Transaction;
use crate::validate::Invalid;

/// Bytes of an operation or reason that a message quotes at most. nft quotes lines whole, and a line
/// of elements can be megabytes long.
const QUOTED: usize = 300;

/// Why a driver failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The kind, to act on.
    pub kind: Kind,
    /// The operation that was refused, if it is known.
    pub op: Option<FailedOp>,
    /// The message of nft or the kernel, with a limited length.
    pub reason: String,
    /// Whether something may have changed.
    pub applied: Applied,
    hint: Option<&'static str>,
}

/// An operation that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedOp {
    /// Its index in the transaction, from 0.
    pub index: usize,
    /// The operation in nft's language, bounded.
    pub text: String,
}

/// Whether a transaction that failed may have changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Nothing has changed.
    No,
    /// The driver was lost before it answered: all of the transaction may have been applied, or nothing. List the
    /// table to find out.
    Unknown,
}

impl Error {
    /// An error that changed nothing and concerns no single operation.
    #[must_use]
    pub fn new(kind: Kind, reason: impl AsRef<str>) -> Self {
        let reason = bounded(reason.as_ref());
        Self {
            kind,
            op: None,
            reason,
            applied: Applied::No,
            hint: None,
        }
    }

    /// A transaction that validation refused.
    #[must_use]
    pub fn invalid(transaction: &Transaction, invalid: &Invalid) -> Self {
        let op = transaction.ops().get(invalid.index);
        let text = op.map(ToString::to_string).unwrap_or_default();
        let reason = format!("{}: {}", invalid.object, invalid.reason);
        Self::new(Kind::Invalid, reason).with_op(invalid.index, &text)
    }

    /// The driver is lost, and nothing has changed.
    #[must_use]
    pub fn gone(reason: impl AsRef<str>) -> Self {
        Self::new(Kind::DriverGone, reason)
    }

    /// The driver is lost because the system refused something, and nothing has changed.
    #[must_use]
    pub fn refused_by_system(what: impl fmt::Display, error: &io::Error) -> Self {
        let gone = Self::gone(format!("{what}: {error}"));
        match Errno::from_io_error(error) {
            Some(Errno::MFILE | Errno::NFILE) => gone.with_hint(
                "raise the limit of open files of this program (`ulimit -Hn`, or LimitNOFILE= of a service)",
            ),
            _ => gone,
        }
    }

    /// The driver is lost, and what it was doing may have happened.
    #[must_use]
    pub fn lost(reason: impl AsRef<str>) -> Self {
        Self {
            applied: Applied::Unknown,
            ..Self::gone(reason)
        }
    }

    /// The same failure, with a hint.
    #[must_use]
    pub fn with_hint(self, hint: &'static str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// The same failure, of one operation: its index, and its text in nft's language.
    #[must_use]
    pub fn with_op(self, index: usize, text: &str) -> Self {
        Self {
            op: Some(FailedOp {
                index,
                text: bounded(text),
            }),
            ..self
        }
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<Cow<'_, str>> {
        self.hint
            .or(match self.kind {
                Kind::Permission => Some("run as root, or with the capability CAP_NET_ADMIN"),
                Kind::Unsupported => Some("check whether a newer kernel or nftables has it"),
                _ => None,
            })
            .map(Into::into)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.op {
            Some(op) => write!(f, "nftables refused `{}`: {}", op.text, self.reason)?,
            None => f.write_str(&self.reason)?,
        }
        match self.applied {
            Applied::No => Ok(()),
            Applied::Unknown => f.write_str(" (whether it was applied is unknown)"),
        }
    }
}

/// The text, shortened to the limit of a message.
pub(super) fn bounded(text: &str) -> String {
    if text.len() <= QUOTED {
        return text.to_owned();
    }
    let cut = text.floor_char_boundary(QUOTED);
    format!("{}… ({} bytes)", &text[..cut], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_bounded_even_if_they_quote_a_long_text() {
        let error = Error::new(Kind::Other, "ü".repeat(100_000)).with_op(3, &"x".repeat(1_000_000));
        assert!(
            error.to_string().len() < 1000,
            "{}",
            error.to_string().len()
        );
        assert!(error.to_string().contains("(1000000 bytes)"));
    }

    #[test]
    fn an_unknown_outcome_is_said() {
        let error = Error::lost("nft did not answer");
        assert_eq!(
            error.to_string(),
            "nft did not answer (whether it was applied is unknown)"
        );
    }
}
