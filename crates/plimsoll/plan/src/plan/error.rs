//! Why there is no plan, and how to fix it.

use std::borrow::Cow;

use error_hint::Hint;
use plimsoll_probe::{CannotBuild, FlavourName, Mend};

use super::LeftOut;
use crate::arch::UnknownArch;
use crate::format_names::UnknownFormat;
use plimsoll_spec::FormatName;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A flavour cannot be built here.
    #[error("flavour {flavour} cannot be built")]
    CannotBuild {
        /// The flavour that was asked for.
        flavour: String,
        /// What is missing.
        source: Box<CannotBuild>,
    },
    /// `--strict` allows nothing but the best.
    #[error("flavour {wanted} cannot be built, and --strict allows no fallback: {because}")]
    Strict {
        /// The flavour that is missing.
        wanted: FlavourName,
        /// Why.
        because: String,
        /// How to fix it.
        mend: Option<Mend>,
    },
    /// A format was asked for by name, or is the only one, and cannot be made here.
    #[error("cannot make .{format} packages here: {because}")]
    CannotPackage {
        /// The format.
        format: FormatName,
        /// What is missing.
        because: String,
        /// How to fix it.
        mend: Option<Mend>,
    },
    /// Cargo is set to build for another machine.
    #[error("build.target of Cargo is {target}, but packages are built for this host, {host}")]
    OtherTarget {
        /// What is set.
        target: String,
        /// The host's own triple.
        host: String,
    },
    /// A format that nobody described.
    #[error(transparent)]
    UnknownFormat(#[from] UnknownFormat),
    /// A format's own table in the configuration is wrong.
    #[error("[format.{format}] is wrong: {what}")]
    Own {
        /// The format.
        format: FormatName,
        /// The key or value that is wrong.
        what: String,
    },
    /// The configuration packages none of the flavours in any of the formats.
    #[error("nothing to do: flavour {flavour} is not packaged as {formats}")]
    Nothing {
        /// What was asked for.
        flavour: String,
        /// The formats that were asked for.
        formats: String,
    },
    /// A format gives a package file a name that not every host of files keeps.
    #[error("format {format} names a package file {file:?}, which hosts of files would change")]
    FileName {
        /// The format.
        format: FormatName,
        /// The name.
        file: String,
    },
    /// Two packages have one file.
    #[error("package {first} and package {second} would both be {file}")]
    SameFile {
        /// The file.
        file: String,
        /// The first package, and its flavour.
        first: String,
        /// The second one, and its flavour.
        second: String,
    },
    /// A package that is depended on has no known name.
    #[error("packaging/dist.toml names no {family} package for {what}")]
    NoPackageName {
        /// The family of distributions.
        family: &'static str,
        /// What the package holds.
        what: String,
    },
    /// The target's architecture has no name in the package formats.
    #[error(transparent)]
    UnknownArch(#[from] UnknownArch),
}

impl PlanError {
    /// The error of a format that is left out; none where it is a whole flavour.
    pub(super) fn cannot_package(left_out: &LeftOut) -> Option<Self> {
        left_out.format.map(|format| Self::CannotPackage {
            format,
            because: left_out.because.clone(),
            mend: left_out.mend.clone(),
        })
    }

    /// What mends it by installing packages.
    #[must_use]
    pub fn mend(&self) -> Option<&Mend> {
        match self {
            Self::CannotBuild { source, .. } => source.mend.as_ref(),
            Self::Strict { mend, .. } | Self::CannotPackage { mend, .. } => mend.as_ref(),
            _ => None,
        }
    }
}

impl Hint for PlanError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::CannotBuild { source, .. } => source.hint(),
            Self::Strict { mend, .. } | Self::CannotPackage { mend, .. } => {
                mend.as_ref().map(|mend| mend.command.as_str().into())
            }
            Self::Nothing { .. } => {
                Some("packaging/dist.toml lists the formats of each [flavour.NAME]".into())
            }
            Self::NoPackageName { .. } => {
                Some("name it in [native-dep.…] of packaging/dist.toml".into())
            }
            Self::OtherTarget { .. } => Some(
                "remove build.target from .cargo/config.toml, and unset CARGO_BUILD_TARGET".into(),
            ),
            Self::FileName { .. } => {
                Some("use letters, digits, `.`, `-` and `_` in its `file_name`".into())
            }
            Self::SameFile { .. } => Some(
                "in packaging/dist.toml, rename one of them, or leave the format out of one flavour".into(),
            ),
            Self::Own { .. } => Some("correct it in packaging/dist.toml".into()),
            Self::UnknownArch(error) => error.hint(),
            Self::UnknownFormat(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
