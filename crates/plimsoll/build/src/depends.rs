//! Which packages a program needs, read from the program.
//!
//! Deriving nothing is a failure: a dynamic program always needs its C library.

use std::borrow::Cow;

use error_hint::{FileError, Hint};
use plimsoll_probe::RunError;

use crate::program::BuiltProgram;

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

/// Takes what was derived from the ELF files of a package, unless it is nothing, and should be something: a library or a helper
/// among the assets may need nothing.
///
/// # Errors
/// When nothing was derived from what needs something.
pub(crate) fn something(
    programs: &[BuiltProgram],
    derived: Vec<String>,
) -> Result<Vec<String>, DependsError> {
    let needs_nothing =
        |program: &BuiltProgram| program.is_asset() && program.elf.needed.is_empty();
    if !derived.is_empty() || programs.iter().all(needs_nothing) {
        return Ok(derived);
    }
    let names: Vec<&str> = programs.iter().map(|it| it.name.as_str()).collect();
    Err(DependsError::Nothing {
        programs: names.join(", "),
    })
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
            Self::File(error) => error.hint(),
            Self::Elfdeps { .. } | Self::Other(_) | Self::Nothing { .. } => None,
        }
    }
}
