//! What can go wrong with the store.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use error_hint::{FileError, Hint};
use redb::{DatabaseError, StorageError};
use rustix::io::Errno;

/// Why the stored state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The state folder cannot be made.
    #[error("cannot create the state directory {path}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database cannot be opened for reading and writing.
    #[error("cannot open the state database {path}")]
    Open {
        /// The database.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system refused something else about the database or its folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another daemon has it.
    #[error("the state database {path} is in use by another daemon")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// It has no content. A daemon that was killed at its very first start may leave one; else it was lost.
    #[error("the state database {path} is empty")]
    Emptied {
        /// The database.
        path: PathBuf,
    },
    /// Something else is in its place: a folder, a FIFO, a socket or a device.
    #[error("the state database {path} is not a regular file")]
    NoFile {
        /// What should be the database.
        path: PathBuf,
    },
    /// It is not a database, or not a sound one.
    #[error("the state database {path} is damaged")]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        source: Box<redb::Error>,
    },
    /// A newer daemon wrote it.
    #[error("the state database {path} has version {found}, and this daemon knows up to {known}")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest version that is understood.
        known: u64,
    },
    /// A row cannot be understood.
    #[error("the {kind} {key} in the state database {path} cannot be read")]
    Row {
        /// The database.
        path: PathBuf,
        /// `network` or `endpoint`.
        kind: &'static str,
        /// The row's key.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The open database refused to read or write, mostly because the disk did.
    #[error("cannot {doing} the state database {path}")]
    Database {
        /// What failed: `set up`, `read` or `write to`.
        doing: &'static str,
        /// The database.
        path: PathBuf,
        /// Why.
        source: Box<redb::Error>,
    },
}

impl StoreError {
    pub(super) fn opening(path: &Path, source: DatabaseError) -> Self {
        let path = path.to_owned();
        match source {
            DatabaseError::DatabaseAlreadyOpen => Self::InUse { path },
            DatabaseError::Storage(StorageError::Io(source))
                if !matches!(
                    source.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Self::Open { path, source }
            }
            source => Self::Damaged {
                path,
                source: Box::new(source.into()),
            },
        }
    }
}

/// What to do where the system refused something about the database or its folder.
fn hint_of_system(error: &io::Error) -> &'static str {
    match Errno::from_io_error(error) {
        Some(Errno::NOSPC | Errno::DQUOT) => {
            "free some space on the file system of the state directory"
        }
        Some(Errno::IO) => "look for disk errors in the kernel's log (`dmesg`)",
        Some(Errno::ROFS) => {
            "mount the file system of the state directory writable (`mount -o remount,rw`); the networks of this host \
             still work"
        }
        Some(Errno::ACCESS | Errno::PERM) => {
            "run as root, and make the state directory and its files root's (`chown -R root:`), without access for \
             others"
        }
        _ => {
            "check the state directory (`state-dir` in tidegated.toml): it must be there, mounted and writable"
        }
    }
}

impl Hint for StoreError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Folder { source, .. } | Self::Open { source, .. } => {
                hint_of_system(source).into()
            }
            Self::File(error) => hint_of_system(&error.source).into(),
            Self::Database { source, .. } => match &**source {
                redb::Error::Io(source) => hint_of_system(source).into(),
                _ => "restart tidegated, which opens the database again; networks stay meanwhile".into(),
            },
            Self::InUse { .. } => {
                "stop the other tidegated, or give this one its own --state-dir and --socket".into()
            }
            Self::Damaged { path, .. } | Self::Row { path, .. } => format!(
                "the file is unchanged, and the networks of this host still work: restore it from a backup; if there \
                 is none, `mv {path} {path}.damaged` and `tidegated --discard-unknown` remove all networks and start \
                 with an empty state",
                path = path.display()
            ).into(),
            Self::Emptied { .. } => {
                "the networks of this host still work: restore the file from a backup; if there is none, `tidegated \
                 --discard-unknown` removes all networks and starts with an empty state"
                    .into()
            }
            Self::NoFile { path } => format!(
                "move it away (`mv {path} {path}.other`), and restore the file from a backup if there are networks",
                path = path.display()
            ).into(),
            Self::Newer { .. } => "install the newer version of tidegate again".into(),
        })
    }
}

/// What went wrong inside the database, before it is known where that is.
#[derive(Debug)]
pub(super) enum Fault {
    Database(Box<redb::Error>),
    Newer {
        found: u64,
        known: u64,
    },
    Row {
        kind: &'static str,
        key: String,
        source: serde_json::Error,
    },
}

impl Fault {
    /// What went wrong while this was done to the database at this path.
    pub(super) fn at(self, doing: &'static str, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Database(source) if is_damage(&source) => StoreError::Damaged { path, source },
            Self::Database(source) => StoreError::Database {
                doing,
                path,
                source,
            },
            Self::Newer { found, known } => StoreError::Newer { path, found, known },
            Self::Row { kind, key, source } => StoreError::Row {
                path,
                kind,
                key,
                source,
            },
        }
    }
}

/// Whether an error is about the content of the database, which is not one of ours or is damaged.
const fn is_damage(error: &redb::Error) -> bool {
    use redb::Error;
    matches!(
        error,
        Error::Corrupted(_)
            | Error::TableIsMultimap(_)
            | Error::TableTypeMismatch { .. }
            | Error::TypeDefinitionChanged { .. }
    )
}

macro_rules! faults_of_the_database {
    ($($error:ty),+) => {
        $(impl From<$error> for Fault {
            fn from(source: $error) -> Self {
                Self::Database(Box::new(source.into()))
            }
        })+
    };
}

faults_of_the_database!(
    redb::CommitError,
    redb::SetDurabilityError,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError
);
