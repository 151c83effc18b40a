//! Why packages could not be verified at all. A package with faults is not an error.

use std::borrow::Cow;
use std::path::PathBuf;

use error_hint::{FileError, Hint};

use crate::profile::ProfileError;
use crate::profile::resolve::ResolveError;
use plimsoll_build::elf::ElfError;
use plimsoll_build::engine::EngineError;
use plimsoll_build::packager::PackagerError;
use plimsoll_plan::distro::DistroError;
use plimsoll_plan::plan::PlanError;
use plimsoll_plan::toolkit;
use plimsoll_spec::FormatName;

/// Why packages could not be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file cannot be read, written, made or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A manifest is not one.
    #[error("cannot parse {}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
    /// No package of the family's format.
    #[error("{} lists no .{format} package", path.display())]
    NoPackage {
        /// The manifest.
        path: PathBuf,
        /// What is looked for.
        format: FormatName,
    },
    /// No script knows how such a package is installed and removed.
    #[error("no script installs and removes a .{format} package")]
    NoLife {
        /// The package's format.
        format: FormatName,
    },
    /// The package cannot be read.
    #[error("cannot read {file}")]
    Packager {
        /// The package.
        file: String,
        /// Why.
        source: PackagerError,
    },
    /// A program of the package cannot be read.
    #[error("cannot read what the programs need")]
    Elf(#[from] ElfError),
    /// A system cannot be made or used.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The list of distributions does not know it.
    #[error(transparent)]
    Distro(#[from] DistroError),
    /// What it should depend on is not known.
    #[error("cannot tell what the package should depend on")]
    Plan(#[from] PlanError),
    /// A capability profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// dnf gave no answer.
    #[error("cannot tell whether dnf accepts the package")]
    Resolve(#[from] ResolveError),
    /// There is nothing that it could live in here.
    #[error("{distro} has no {place} system here: {because}")]
    NoPlace {
        /// The entry of the list.
        distro: String,
        /// What was asked for, or `clean`.
        place: String,
        /// Why.
        because: String,
    },
}

impl Hint for VerifyError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            // The disk may be full; else the packages are not there.
            Self::File(error) if error.hint().is_some() => error.hint(),
            Self::File(_) | Self::NoPackage { .. } => {
                let command = toolkit::command("dist --distro …");
                Some(format!("build the packages with `{command}` first").into())
            }
            Self::Manifest { .. } => Some("build the packages again".into()),
            Self::Engine(error) => error.hint(),
            Self::Profile(error) => error.hint(),
            Self::Resolve(error) => error.hint(),
            Self::Distro(error) => error.hint(),
            Self::NoPlace { .. } => Some(
                "install mmdebstrap and systemd-container, or docker or podman, and run it as root"
                    .into(),
            ),
            Self::NoLife { .. } | Self::Packager { .. } | Self::Elf(_) | Self::Plan(_) => None,
        }
    }
}
