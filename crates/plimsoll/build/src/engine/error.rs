//! Why the packages of a distribution were not built.

use std::borrow::Cow;
use std::path::PathBuf;

use error_hint::{FileError, Hint};
use plimsoll_probe::{Mend, RunError};

use super::Engine;
use crate::out::OutError;
use plimsoll_plan::distro::DistroError;

/// A name that is not an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown engine {0:?}: expected auto, docker, podman or root")]
pub struct UnknownEngine(pub(super) String);

/// Why the packages of a distribution were not built.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The requested engine does not answer.
    #[error("{engine} does not answer: {reason}")]
    NoAnswer {
        /// The engine.
        engine: Engine,
        /// What was found of it.
        reason: String,
        /// What would mend it.
        mend: Option<Mend>,
    },
    /// A distribution that only a container can build, and no container engine.
    #[error("no container engine answers: {reasons}")]
    NoContainers {
        /// What was found of each.
        reasons: String,
    },
    /// The root engine was asked for a distribution that no root can be made of.
    #[error("engine root supports only the Debian family")]
    NoBootstrap,
    /// The root engine lacks a program.
    #[error("engine root needs {program}, which is not installed")]
    Missing {
        /// The program, which is its package's name too.
        program: &'static str,
    },
    /// The root engine runs as a user.
    #[error("engine root needs root, because it mounts file systems")]
    NotRoot,
    /// A mirror was given for a distribution whose addresses come from elsewhere.
    #[error("distribution {id} has no `archive`, so no mirror can replace it")]
    NoArchive {
        /// The entry.
        id: String,
    },
    /// The toolchain is an image, where a folder is needed.
    #[error("engine root needs a toolchain folder, and {image} is an image")]
    ToolchainImage {
        /// The image.
        image: String,
    },
    /// Nothing follows from the entry of the list.
    #[error(transparent)]
    Distro(#[from] DistroError),
    /// A file cannot be read, written, made or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder for packages is not as it should be.
    #[error(transparent)]
    Out(#[from] OutError),
    /// A command cannot be run, or hangs.
    #[error("cannot {stage}")]
    Run {
        /// What it is there for.
        stage: String,
        /// Why.
        source: RunError,
    },
    /// A command failed.
    #[error("could not {stage} ({program}): {last}")]
    Failed {
        /// What it is there for.
        stage: String,
        /// The program.
        program: String,
        /// The error among its last lines, else the last line.
        last: String,
        /// Where all of them are.
        log: PathBuf,
    },
    /// What was built cannot be understood.
    #[error("cannot parse the manifest {}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
}

impl Hint for EngineError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::NoAnswer { mend, .. } => mend.as_ref().map(|mend| mend.command.as_str().into()),
            Self::NoContainers { .. } => Some("install podman, or start docker".into()),
            Self::NoBootstrap => Some("use --engine docker or --engine podman".into()),
            Self::Missing { program } => Some(format!("apt-get install {program}").into()),
            Self::NotRoot => {
                Some("run it as root, or use --engine docker or --engine podman".into())
            }
            Self::NoArchive { .. } => {
                Some("use a proxy, or an image that is configured for the mirror".into())
            }
            Self::ToolchainImage { .. } => Some("leave out --toolchain to use this host's".into()),
            Self::Run { source, .. } => source.hint(),
            Self::Failed { log, .. } => Some(format!("see {}", log.display()).into()),
            Self::Distro(error) => error.hint(),
            Self::Out(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Manifest { .. } => None,
        }
    }
}
