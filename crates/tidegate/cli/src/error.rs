//! What can go wrong with a command.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use error_hint::{Failure, Hint};
use tidegate_client::ClientError;
use tidegate_engines::Refused;
use tidegate_model::Name;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// A call was not answered.
    #[error(transparent)]
    Call(#[from] ClientError),
    /// The namespace's path cannot be made absolute.
    #[error("cannot determine the absolute path of {path}")]
    Netns {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One of several networks that are to be removed has endpoints.
    #[error("network {network} still has endpoints: {}", .endpoints.join(", "))]
    InUse {
        /// The network.
        network: Name,
        /// Its endpoints.
        endpoints: Vec<String>,
    },
    /// Everything is to be removed, and this was not confirmed.
    #[error("nothing was removed: a teardown must be confirmed")]
    Unconfirmed {
        /// Whether endpoints are attached.
        in_use: bool,
    },
    /// A document cannot be read.
    #[error("cannot read {path}")]
    Document {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A document is not one of `tidegate export`.
    #[error("cannot parse {path}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why, with line and column.
        source: serde_json::Error,
    },
    /// A document is to be imported in part.
    #[error("cannot import a part of {path}")]
    WholeDocument {
        /// The file.
        path: PathBuf,
    },
    /// A container engine has no networks where they are looked for.
    #[error("there is no folder {path} with networks of {engine}")]
    NoFolder {
        /// The folder.
        path: PathBuf,
        /// The engine.
        engine: &'static str,
    },
    /// A program of an engine does not tell its networks.
    #[error("cannot run {command}: {why}")]
    Program {
        /// The program, with the arguments that matter.
        command: String,
        /// Why.
        why: String,
    },
    /// What an engine says about its networks is of no use.
    #[error(transparent)]
    Engine(Refused),
    /// An engine's networks cannot be made.
    #[error("{error}")]
    Moving {
        /// The command line, without options that change nothing here.
        command: String,
        /// Why.
        error: ClientError,
    },
    /// Standard output does not take the answer.
    #[error("cannot write to standard output")]
    Output {
        /// Why.
        source: io::Error,
    },
}

impl CommandError {
    /// A network that has endpoints and is to be removed.
    pub(crate) fn in_use(network: Name, endpoints: &[Name]) -> Self {
        Self::InUse {
            network,
            endpoints: endpoints.iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether the user can mend it: exit status 1, else 2.
    pub(crate) fn is_users(&self) -> bool {
        match self {
            Self::Call(error) | Self::Moving { error, .. } => error.is_users(),
            Self::WholeDocument { .. }
            | Self::NoFolder { .. }
            | Self::Program { .. }
            | Self::Engine(_)
            | Self::Netns { .. }
            | Self::InUse { .. }
            | Self::Unconfirmed { .. }
            | Self::Document { .. }
            | Self::Parse { .. } => true,
            Self::Output { .. } => false,
        }
    }

    /// How it is shown.
    pub(crate) fn failure(&self) -> Failure {
        let error = match self {
            Self::Call(error) | Self::Moving { error, .. } => error,
            _ => return self.into(),
        };
        match self.hint() {
            Some(hint) => error.failure().with_hint(hint),
            None => error.failure(),
        }
    }
}

/// The options of this program that help, besides what the library says.
impl Hint for CommandError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let error = match self {
            Self::Call(error) => error,
            Self::Moving {
                command,
                error: ClientError::Refused(_),
            } => {
                return Some(
                    format!(
                        "the engine may still have the subnets: `{command} --dry-run` shows the commands of a move, in order"
                    )
                    .into(),
                );
            }
            Self::Moving { error, .. } => error,
            Self::WholeDocument { .. } => {
                return Some(
                    "NETWORK and --from are for docker, podman and cni; edit the document".into(),
                );
            }
            Self::NoFolder { .. } => {
                return Some("give another folder, or a file, with --from".into());
            }
            Self::Program { .. } => {
                return Some(
                    "where Docker runs: `docker network inspect NETWORK > networks.json`; then give that file with --from"
                        .into(),
                );
            }
            Self::Engine(refused) => return refused.hint(),
            Self::InUse { .. } => {
                return Some("detach its endpoints first, or give --force".into());
            }
            Self::Unconfirmed { in_use: false } => {
                return Some(
                    "keep a copy (`tidegate export > tidegate.json`), then `tidegate teardown --yes`"
                        .into(),
                );
            }
            Self::Unconfirmed { in_use: true } => {
                return Some(
                    "keep a copy (`tidegate export > tidegate.json`) and stop the containers of these endpoints, then \
                     `tidegate teardown --yes`; --force cuts them off"
                        .into(),
                );
            }
            Self::Document { .. } | Self::Parse { .. } => {
                return Some("give a file that `tidegate export` wrote".into());
            }
            Self::Netns { .. } | Self::Output { .. } => return None,
        };
        let option = match error {
            ClientError::NotRunning { .. } => {
                ", or name its socket with --socket or TIDEGATE_SOCKET"
            }
            ClientError::NoAnswer { .. } => "; --timeout makes tidegate wait longer",
            _ => return error.hint(),
        };
        error
            .hint()
            .map(|hint| Cow::Owned(format!("{hint}{option}")))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_daemon_that_does_not_answer_is_reported_with_the_option_that_helps() {
        let waited = Duration::from_secs(1);
        let error = CommandError::from(ClientError::NoAnswer { waited });
        assert_eq!(
            error.failure().to_string(),
            "error: tidegated did not answer within 1s\nhint: it may still carry out the command: see `tidegate network ls`, `tidegate endpoint \
             ls` and `journalctl -u tidegated`; --timeout makes tidegate wait longer"
        );
    }
}
