//! Why a run stopped.

use std::borrow::Cow;
use std::path::PathBuf;

use error_hint::{FileError, Hint};

use crate::audit::AuditError;
use crate::bundled::BundledError;
use crate::compose::AssetError;
use crate::debug::DebugError;
use crate::depends::DependsError;
use crate::elf::ElfError;
use crate::linked::LinkedError;
use crate::out::OutError;
use crate::packager::PackagerError;
use plimsoll_plan::format::UnknownFormat;
use plimsoll_spec::changelog::ChangelogError;

/// Why a run stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file cannot be read, written, made or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder for packages cannot be filled, or holds something else.
    #[error(transparent)]
    Out(#[from] OutError),
    /// The changelog cannot be used.
    #[error("{}:{}: {error}", path.display(), error.line())]
    Changelog {
        /// The file, relative to the workspace.
        path: PathBuf,
        /// What is wrong with it. It is part of the message, and so no cause.
        error: ChangelogError,
    },
    /// A program did not come to a good end.
    #[error(transparent)]
    Program(#[from] plimsoll_probe::RunError),
    /// Cargo did not say that it built a program or a library, or said it of several files.
    #[error(
        "Cargo did not build exactly one program or library {program}{}",
        among(files)
    )]
    NotBuilt {
        /// The program.
        program: String,
        /// The files of its name that Cargo named.
        files: Vec<PathBuf>,
    },
    /// A file is not the program that it should be.
    #[error("cannot audit what was built")]
    Elf(#[from] ElfError),
    /// A built program does not report its stamp.
    #[error("{} does not print its stamp: {what}", program.display())]
    Stamp {
        /// The program.
        program: PathBuf,
        /// What happened instead.
        what: String,
    },
    /// A program does not print what a package should hold.
    #[error("cannot take the output of `{command}` as a file: {what}")]
    Printed {
        /// The command line.
        command: String,
        /// What happened instead.
        what: String,
    },
    /// The result is not what was planned.
    #[error("the result does not match the plan")]
    Audit(#[from] AuditError),
    /// The dependencies would be on other files than those that were linked.
    #[error("the programs link libraries that differ from those of the distribution's packages")]
    Linked(#[from] LinkedError),
    /// The programs hold C libraries that they must not hold.
    #[error("the programs hold copies of C libraries")]
    Bundled(#[from] BundledError),
    /// A program has no symbols for its debug package.
    #[error("cannot make a debug package")]
    Debug(#[from] DebugError),
    /// What Cargo says of the dependencies cannot be understood.
    #[error("cannot parse the output of `cargo metadata`")]
    Metadata(#[source] cargo_metadata::Error),
    /// An asset is missing.
    #[error("cannot collect the files of the packages")]
    Asset(#[from] AssetError),
    /// The dependencies are not known.
    #[error("cannot derive the dependencies of {file}")]
    Depends {
        /// The package file.
        file: String,
        /// Why.
        source: DependsError,
    },
    /// A step came before the one whose result it takes.
    #[error("cannot {step}: the step before it was not done")]
    OutOfOrder {
        /// The step.
        step: String,
    },
    /// A plan names a package format that is not known.
    #[error(transparent)]
    UnknownFormat(#[from] UnknownFormat),
    /// A package cannot be written.
    #[error("cannot write a package")]
    Packager(#[from] PackagerError),
    /// A specification cannot be written.
    #[error("cannot write {what} as JSON")]
    Json {
        /// What it is.
        what: String,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
}

impl Hint for RunError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::File(error) => error.hint(),
            Self::Depends { source, .. } => source.hint(),
            Self::Program(error) => error.hint(),
            Self::Debug(error) => error.hint(),
            Self::Out(error) => error.hint(),
            Self::NotBuilt { .. } => Some(
                "set `binary` or `library` of the asset in packaging/dist.toml to the name of one [[bin]] or [lib] of the packages in `cargo.packages`".into(),
            ),
            Self::Asset(error) => error.hint(),
            Self::Printed { .. } => Some(
                "correct `generate` in packaging/dist.toml: the program runs with an empty home folder, without network, and without variables of the caller; a program of the system must be installed".into(),
            ),
            Self::Linked(error) => error.hint(),
            Self::Bundled(error) => error.hint(),
            Self::Audit(_) => {
                Some("no package was written; `--plan` shows what was planned, and why".into())
            }
            Self::Changelog { error, .. } => Some(error.hint().into()),
            _ => None,
        }
    }
}

fn among(files: &[PathBuf]) -> String {
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    match files.is_empty() {
        true => String::new(),
        false => format!(": {}", files.join(", ")),
    }
}
