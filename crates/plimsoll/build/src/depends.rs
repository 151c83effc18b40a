//! Which packages a program needs, read from the program.
//!
//! Deriving nothing is a failure: a dynamic program always needs its C library.

use std::borrow::Cow;

use error_hint::{FileError, Hint};
use plimsoll_probe::RunError;

/// Why the dependencies of a package are unknown.
#[derive(Debug, thiserror::Error)]
pub enum DependsError {
    /// There is no `dpkg-shlibdeps`.
    #[error("cannot derive the dependencies of a Debian package without dpkg-shlibdeps")]
    NoShlibdeps {
        /// That it is missing.
        source: RunError,
    },
    /// `dpkg-shlibdeps` refused a program.
    #[error("dpkg-shlibdeps cannot derive dependencies")]
    Shlibdeps {
        /// What it printed.
        source: RunError,
    },
    /// rpm's reader of ELF files failed.
    #[error("rpm's elfdeps cannot read the programs")]
    Elfdeps {
        /// What it said.
        source: RunError,
    },
    /// A format's own derivation failed.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
    /// A file cannot be read, written, made or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// Dynamic programs without a derived dependency.
    #[error("no dependency was derived from {programs}")]
    Nothing {
        /// The programs.
        programs: String,
    },
}

impl Hint for DependsError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::NoShlibdeps { .. } => {
                Some("install dpkg-dev, or leave out the .deb with --format rpm,tar".into())
            }
            Self::Shlibdeps { .. } => {
                Some("install the package of each library that the programs link".into())
            }
            Self::Elfdeps { .. } | Self::Other(_) | Self::File(_) | Self::Nothing { .. } => None,
        }
    }
}
