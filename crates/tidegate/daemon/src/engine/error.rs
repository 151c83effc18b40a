//! Why a command failed.

use std::borrow::Cow;
use std::path::PathBuf;
use tidegate_model::{Ipv6Off, Name};

use error_hint::{Hint, in_one_line};
use tidegate_api::{Refusal, RefusalCode, RefusalKind};
use tidegate_link::LinkError;
use tidegate_plan::{Obstacle, Refused, Subject, UnknownLinks};

use crate::store::StoreError;

/// Why a command failed. Nothing was changed, except with [`EngineError::NotUndone`].
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The request contradicts itself or what exists.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A relative path of a namespace, which means something else to each process.
    #[error("the namespace's path {0} is not absolute")]
    RelativePath(PathBuf),
    /// The firewall refused.
    #[error(transparent)]
    Nft(#[from] tidegate_nft::Error),
    /// A link, or a namespace, refused.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel's table cannot be compared with ours.
    #[error("the kernel's table cannot be compared with the planned one: {0}")]
    Listing(String),
    /// A start would remove interfaces in use that the saved state does not explain.
    #[error("the saved state {reason}, and a start would remove {0}", reason = .0.reason)]
    Unknown(UnknownLinks),
    /// A document that cannot be imported.
    #[error("nothing was imported: {}", told(.0))]
    Import(Vec<Obstacle>),
    /// The host refuses an object of a document.
    #[error("cannot import {subject}")]
    Importing {
        /// The object.
        subject: String,
        /// Why.
        source: Box<EngineError>,
    },
    /// No endpoint of that name waits.
    #[error("no endpoint {0} waits for its namespace")]
    NotWaiting(Name),
    /// Endpoints are attached, and everything was to be removed.
    #[error("nothing was removed: attached: {} ({})", counted(.0), listed(.0))]
    Attached(Vec<Name>),
    /// Everything was removed, and the daemon stops.
    #[error("everything was removed from this host, and tidegated stops")]
    TornDown,
    /// The steps before the failure could not be undone.
    #[error("the change failed, and the steps before the failure could not be undone: {}", joined(.failures))]
    NotUndone {
        /// Why the change failed.
        source: Box<EngineError>,
        /// Why it could not be undone.
        failures: Vec<EngineError>,
    },
}

impl EngineError {
    /// Adds what could not be undone after this error.
    pub(super) fn with_undo(self, failures: Vec<Self>) -> Self {
        if failures.is_empty() {
            self
        } else {
            Self::NotUndone {
                source: Box::new(self),
                failures,
            }
        }
    }

    /// Says which object of a document was refused.
    pub(super) fn importing(self, subject: Subject<'_>) -> Self {
        match self {
            Self::Refused(refused) => Self::Import(vec![subject.refused(&refused)]),
            error => Self::Importing {
                subject: subject.to_string(),
                source: Box::new(error),
            },
        }
    }

    /// Whose mistake it is.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::RelativePath(_) => RefusalKind::Invalid,
            Self::NotWaiting(_) => RefusalKind::NotFound,
            Self::Import(_) | Self::Attached(_) | Self::TornDown => RefusalKind::Conflict,
            Self::Importing { source, .. } => source.kind(),
            Self::Link(error) => of_link(error),
            Self::Nft(_)
            | Self::Store(_)
            | Self::Listing(_)
            | Self::Unknown(_)
            | Self::NotUndone { .. } => RefusalKind::Failed,
        }
    }

    /// What it is about.
    pub fn code(&self) -> RefusalCode {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::RelativePath(_) => RefusalCode::Invalid,
            Self::NotWaiting(_) => RefusalCode::NoSuchEndpoint,
            Self::Import(_) => RefusalCode::Conflict,
            Self::Importing { source, .. } => source.code(),
            Self::Attached(_) => RefusalCode::InUse,
            Self::TornDown => RefusalCode::TryAgain,
            Self::Link(error) => code_of_link(error),
            Self::Nft(_)
            | Self::Store(_)
            | Self::Listing(_)
            | Self::Unknown(_)
            | Self::NotUndone { .. } => RefusalCode::Failed,
        }
    }

    /// Whether the only failure is that a port is in use.
    pub(super) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Link(error) if error.kind() == tidegate_link::ErrorKind::PortTaken)
    }

    /// Whether an address is free only after a sweep of tracked connections.
    pub(super) fn is_unswept(&self) -> bool {
        matches!(self, Self::Refused(Refused::Unswept { .. }))
    }

    /// What turns IPv6 off, if that is the only failure.
    pub(super) fn ipv6_off(&self) -> Option<Ipv6Off> {
        match self {
            Self::Link(error) => error.ipv6_off(),
            _ => None,
        }
    }

    /// How it is answered.
    pub fn refusal(&self) -> Refusal {
        Refusal::new(self.kind(), self.code(), self)
    }
}

impl Hint for EngineError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Refused(refused) => refused.hint(),
            Self::RelativePath(_) => Some("give a path such as /run/netns/NAME".into()),
            Self::Nft(error) => error.hint(),
            Self::Link(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Listing(_) => Some("see `tidegate ruleset --live`".into()),
            Self::Unknown(_) => Some(UNKNOWN.into()),
            Self::Import(obstacles) => Some(change_document(obstacles).into()),
            Self::Importing { source, .. } => Some(match source.hint() {
                Some(hint) => format!("nothing was imported; {hint}").into(),
                None => "nothing was imported".into(),
            }),
            Self::NotWaiting(_) => Some("`tidegate info` names the waiting endpoints".into()),
            Self::Attached(_) => Some(
                "stop the containers, or cut them off: `tidegate teardown --yes --force`".into(),
            ),
            Self::TornDown => Some("start tidegated again to make networks".into()),
            Self::NotUndone { .. } => Some(
                "see `tidegate ruleset --diff`; a restart of tidegated repairs the host".into(),
            ),
        }
    }
}

/// What to do about a saved state that is probably not the one of this host.
pub(crate) const UNKNOWN: &str = "the networks of this host still work: name their state directory with --state-dir (`state-dir` in \
     tidegated.toml), mount it, or restore its newest backup; to remove these interfaces instead, start once with \
     --discard-unknown";

/// A wrong namespace, or a port or name in use, is an error of the user; all others are failures of the host.
fn of_link(error: &LinkError) -> RefusalKind {
    use tidegate_link::{ErrorKind, NetnsFault};
    match error.kind() {
        ErrorKind::Netns(NetnsFault::Gone) => RefusalKind::NotFound,
        ErrorKind::Netns(NetnsFault::Replaced)
        | ErrorKind::PortTaken
        | ErrorKind::Exists
        | ErrorKind::BridgeFull => RefusalKind::Conflict,
        ErrorKind::Netns(NetnsFault::NotANetns | NetnsFault::Own) => RefusalKind::Invalid,
        _ => RefusalKind::Failed,
    }
}

fn told(obstacles: &[Obstacle]) -> String {
    let texts: Vec<&str> = obstacles.iter().map(|it| it.what.as_str()).collect();
    texts.join("; ")
}

/// The most changes of a document that a hint names.
const NAMED: usize = 5;

/// The hint for a document that cannot be imported.
fn change_document(obstacles: &[Obstacle]) -> String {
    let remedies = obstacles.iter().filter_map(|it| it.remedy.as_deref());
    let remedies: Vec<&str> = remedies.collect();
    let (first, more) = remedies.split_at(remedies.len().min(NAMED));
    let named = match (first.join("; "), more.len()) {
        (first, _) if first.is_empty() => String::new(),
        (first, 0) => format!(" ({first})"),
        (first, more) => format!(" ({first}; and {more} more)"),
    };
    format!(
        "change the document{named}, or remove what is in its way on this host (`tidegate network ls`, `tidegate endpoint \
         ls`); then import it again"
    )
}

fn code_of_link(error: &LinkError) -> RefusalCode {
    use tidegate_link::{ErrorKind, NetnsFault};
    match error.kind() {
        ErrorKind::Netns(NetnsFault::Gone) => RefusalCode::NamespaceGone,
        ErrorKind::Netns(NetnsFault::Replaced) => RefusalCode::NamespaceReplaced,
        ErrorKind::Netns(NetnsFault::NotANetns | NetnsFault::Own) => RefusalCode::NamespaceInvalid,
        ErrorKind::PortTaken => RefusalCode::PortTaken,
        ErrorKind::Exists => RefusalCode::InterfaceExists,
        ErrorKind::BridgeFull => RefusalCode::Full,
        ErrorKind::Ipv6Off => RefusalCode::Ipv6Off,
        _ => RefusalCode::Failed,
    }
}

fn counted(names: &[Name]) -> String {
    match names.len() {
        1 => "1 endpoint".to_owned(),
        count => format!("{count} endpoints"),
    }
}

fn listed(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    names.join(", ")
}

fn joined(failures: &[EngineError]) -> String {
    let texts = failures.iter().map(|failure| in_one_line(failure));
    texts.collect::<Vec<_>>().join("; ")
}
