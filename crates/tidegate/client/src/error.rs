//! What can go wrong with a call.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use error_hint::{Failure, Hint};
use tidegate_api::Refusal;

use crate::group::SocketGroup;

/// Why a call was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There is no daemon at the socket.
    #[error("tidegated is not running: nothing listens on {socket}")]
    NotRunning {
        /// The socket.
        socket: PathBuf,
        /// Why it cannot be connected to.
        source: io::Error,
    },
    /// The socket is not for this user.
    #[error("no permission to talk to tidegated on {socket}")]
    NotAllowed {
        /// The socket.
        socket: PathBuf,
        /// The group whose members may use it.
        group: SocketGroup,
        /// What the kernel said.
        source: io::Error,
    },
    /// The socket cannot be connected to.
    #[error("cannot connect to tidegated on {socket}")]
    Connect {
        /// The socket.
        socket: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The daemon went away in the middle of it.
    #[error("tidegated ended the connection before it answered")]
    Broken {
        /// Why.
        source: hyper::Error,
    },
    /// The daemon takes its time.
    #[error("tidegated did not answer within {waited:?}")]
    NoAnswer {
        /// How long was waited.
        waited: Duration,
    },
    /// An answer that makes no sense.
    #[error("cannot understand the answer of tidegated")]
    Answer {
        /// Why not.
        source: serde_json::Error,
    },
    /// A request that cannot be written down.
    #[error("cannot write the request to {path}")]
    Request {
        /// What was asked for.
        path: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The daemon said no.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The client itself cannot run.
    #[error("cannot set up connections to tidegated")]
    Runtime {
        /// Why.
        source: io::Error,
    },
}

impl ClientError {
    /// A request that cannot be written down.
    pub(crate) fn request(
        path: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Request {
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Sorts the reasons for which a socket cannot be connected to.
    pub(crate) fn connecting(socket: PathBuf, source: io::Error) -> Self {
        match source.kind() {
            // Reset: it went away while it was being connected to.
            io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset => Self::NotRunning { socket, source },
            io::ErrorKind::PermissionDenied => Self::NotAllowed {
                group: SocketGroup::of(&socket),
                socket,
                source,
            },
            _ => Self::Connect { socket, source },
        }
    }

    /// Whether the user can mend it; else it is a fault of the daemon or the host.
    pub fn is_users(&self) -> bool {
        match self {
            Self::NotAllowed { .. } => true,
            Self::Refused(refusal) => refusal.kind.is_users(),
            _ => false,
        }
    }

    /// How it is shown, with what to do about it.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Refused(refusal) => refusal.clone().into(),
            other => other.into(),
        }
    }
}

impl Hint for ClientError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::NotRunning { .. } => Some("start it with `systemctl start tidegated`".into()),
            Self::NotAllowed { group, socket, .. } => Some(group.hint(socket).into()),
            Self::Broken { .. } => Some("`journalctl -u tidegated` shows what it logged; `tidegate network ls` and `tidegate endpoint ls` show whether the command was carried out".into()),
            Self::NoAnswer { .. } => Some("it may still carry out the command: see `tidegate network ls`, `tidegate endpoint ls` and `journalctl -u tidegated`".into()),
            Self::Refused(refusal) => refusal.hint.as_deref().map(Cow::from),
            Self::Answer { .. } => Some("install the same version of both: see `tidegate --version` and `tidegated --version`".into()),
            _ => None,
        }
    }
}
