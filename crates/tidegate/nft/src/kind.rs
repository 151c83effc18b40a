//! Kinds of refusals.

use std::fmt;

/// Kinds of refusals, for programs that act on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An object that it names does not exist (`ENOENT`).
    NotFound,
    /// It exists already, or another object has that name (`EEXIST`).
    Exists,
    /// The process lacks `CAP_NET_ADMIN` (`EPERM`, `EACCES`).
    Permission,
    /// Something else still refers to it (`EBUSY`).
    Busy,
    /// This kernel, this release of nft, or this kind of chain does not have it (`EOPNOTSUPP`, …).
    Unsupported,
    /// nft could not read it.
    Syntax,
    /// It was parsed but is invalid: wrong types, wrong place (`EINVAL`).
    Invalid,
    /// nft, its library, or the connection to it is gone or did not answer in time.
    DriverGone,
    /// Anything else.
    Other,
}

impl Kind {
    /// One or two words for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::Exists => "exists",
            Self::Permission => "no permission",
            Self::Busy => "busy",
            Self::Unsupported => "unsupported",
            Self::Syntax => "syntax",
            Self::Invalid => "invalid",
            Self::DriverGone => "driver gone",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
