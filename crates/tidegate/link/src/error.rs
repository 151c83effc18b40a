//! What can go wrong with a link, and what the user can do about it.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use error_hint::Hint;
use rustix::io::Errno;
use tidegate_model::{IfName, Ipv6Off};
use tidegate_sys::NetnsError;
use tidegate_sys::netlink::{self, Refusal};

use crate::bounded::{Hangs, TIME_LIMIT};
use crate::descriptors::{Descriptors, MORE_DESCRIPTORS};

/// A step or a query that failed. The source has the cause.
#[derive(Debug)]
pub struct LinkError {
    what: String,
    kind: ErrorKind,
    hint: Option<String>,
    ipv6_off: Option<Box<Ipv6Off>>,
    source: Cause,
    undo: Option<Box<LinkError>>,
}

/// The kind of failure, for callers that act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A link, address or route of that name or destination exists already.
    Exists,
    /// The link or sysctl does not exist.
    NotFound,
    /// The process lacks a privilege, or /proc/sys is read-only.
    Permission,
    /// The path does not lead to the expected namespace.
    Netns(NetnsFault),
    /// Something else on the host has the port.
    PortTaken,
    /// No file descriptor is free.
    NoDescriptor,
    /// The kernel lacks what was asked for.
    Unsupported,
    /// The bridge has as many ports as a bridge can have.
    BridgeFull,
    /// IPv6 is turned off on the interface.
    Ipv6Off,
    /// Anything else; the source tells.
    Other,
}

/// What is wrong with the path of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetnsFault {
    /// The path does not exist, or not any more.
    #[error("there is no such namespace")]
    Gone,
    /// The path leads to another namespace than the recorded one.
    #[error("it is another namespace now")]
    Replaced,
    /// The path does not lead to a network namespace.
    #[error("it is not a network namespace")]
    NotANetns,
    /// The path leads to the host's own namespace.
    #[error("it is the host's own network namespace")]
    Own,
    /// The file system does not answer: the state of the namespace is unknown.
    #[error("its file system did not answer within {TIME_LIMIT:?}")]
    Hangs,
}

impl LinkError {
    pub(crate) fn new(what: impl fmt::Display, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self {
            what: what.to_string(),
            kind: source.kind(),
            hint: None,
            ipv6_off: None,
            source,
            undo: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl FnOnce(ErrorKind) -> Option<String>) -> Self {
        self.hint = hint(self.kind);
        self
    }

    /// The same failure, said of an interface whose name another program's has, if that is the cause.
    pub(crate) fn because_name_is_taken(mut self, ifname: &IfName) -> Self {
        if self.kind == ErrorKind::Exists {
            self.source = Cause::NameTaken(ifname.clone());
        }
        self
    }

    /// The same failure, with the kind [`ErrorKind::Ipv6Off`] and what turns IPv6 off.
    pub(crate) fn with_ipv6_off(mut self, off: Ipv6Off) -> Self {
        self.kind = ErrorKind::Ipv6Off;
        self.hint = Some(off.advice(""));
        self.ipv6_off = Some(Box::new(off));
        self
    }

    /// The same failure, with another description.
    pub(crate) fn about(mut self, what: impl fmt::Display) -> Self {
        self.what = what.to_string();
        self
    }

    /// The same failure, with the namespace added to the description.
    pub(crate) fn inside(mut self, netns: &Path) -> Self {
        self.what = format!("{} in namespace {}", self.what, netns.display());
        self
    }

    /// Adds the outcome of undoing the steps before the failure.
    pub(crate) fn after_undo(mut self, undone: Result<(), Self>) -> Self {
        self.undo = undone.err().map(Box::new);
        self
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What turns IPv6 off, if that is the only failure.
    pub fn ipv6_off(&self) -> Option<Ipv6Off> {
        let is_off = self.kind == ErrorKind::Ipv6Off;
        let off = self.ipv6_off.as_deref().cloned();
        is_off.then(|| off.unwrap_or_else(Ipv6Off::everywhere))
    }

    /// Whether the expected namespace no longer exists at its path. The path may lead to the host's own namespace
    /// now, if a process of the host got the process id of an attached one.
    pub fn is_netns_gone(&self) -> bool {
        use NetnsFault::{Gone, NotANetns, Own, Replaced};
        matches!(
            self.kind,
            ErrorKind::Netns(Gone | Replaced | NotANetns | Own)
        )
    }

    /// The failure to undo the steps before this one: something was left behind.
    pub fn undo_failure(&self) -> Option<&LinkError> {
        self.undo.as_deref()
    }
}

impl Hint for LinkError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        self.hint.as_deref().or(match self.kind {
            ErrorKind::Permission => {
                Some("run as root, or with the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN")
            }
            ErrorKind::Netns(NetnsFault::Gone) => {
                Some("name a namespace that exists: see `ip netns list` or `lsns --type net`")
            }
            ErrorKind::Netns(NetnsFault::Replaced) => {
                Some("detach the endpoint, then attach the new namespace")
            }
            ErrorKind::Netns(NetnsFault::NotANetns) => {
                Some("give a path such as /run/netns/NAME or /proc/PID/ns/net")
            }
            ErrorKind::Netns(NetnsFault::Own) => {
                Some("attach the namespace of a container, not the one that the daemon runs in")
            }
            ErrorKind::Netns(NetnsFault::Hangs) => Some(
                "the file system of that path does not answer: mount it again, or give a path such as \
                 /proc/PID/ns/net",
            ),
            ErrorKind::PortTaken => {
                Some("publish another port, or stop what has this one: see `ss -lntup`")
            }
            ErrorKind::NoDescriptor => Some(MORE_DESCRIPTORS),
            ErrorKind::BridgeFull => Some(
                "a bridge has at most 1,023 ports: create a second network, and let both reach each other with \
                 `tidegate network connect`",
            ),
            ErrorKind::Ipv6Off => None,
            ErrorKind::Exists | ErrorKind::NotFound | ErrorKind::Unsupported | ErrorKind::Other => {
                None
            }
        })
        .map(Cow::from)
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot {}", self.what)?;
        match &self.undo {
            None => Ok(()),
            Some(undo) => {
                write!(
                    out,
                    " (and cannot undo the steps before it: {undo}: {})",
                    undo.source
                )
            }
        }
    }
}

impl std::error::Error for LinkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The cause of a failure, without the description of the step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    /// An exchange over netlink failed.
    #[error(transparent)]
    Netlink(#[from] netlink::Error),
    /// A system call failed.
    #[error("{}", netlink::said_by_system(.0))]
    Io(#[from] io::Error),
    /// The path of a namespace is wrong.
    #[error(transparent)]
    Netns(#[from] NetnsFault),
    /// Something else on the host has a port.
    #[error("{0}")]
    PortTaken(Box<Holder>),
    /// Another program's interface has the name.
    #[error("the host has an interface {0} already")]
    NameTaken(IfName),
    /// The descriptor of a port is one of the reserved ones.
    #[error("the last {} of at most {} open files are reserved for short uses", .0.kept, .0.limit)]
    Kept(Descriptors),
    /// A failure that a test injected into a fake.
    #[error("{reason}")]
    Injected {
        /// The kind that was asked for.
        kind: ErrorKind,
        /// What the fake says.
        reason: String,
    },
}

/// The holder of a port, as far as the daemon can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A process listens on it.
    Process {
        name: String,
        pid: u32,
        at: SocketAddr,
    },
    /// A socket without a visible process: of another process namespace, or the kernel's.
    Socket(SocketAddr),
    /// The kernel reports that the port is in use, but not by whom.
    Unknown,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { name, pid, at } => write!(f, "process {name} ({pid}) has {at}"),
            Self::Socket(at) => write!(f, "a socket of the host has {at}"),
            Self::Unknown => write!(f, "something on the host has it"),
        }
    }
}

impl Cause {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            // rtnetlink returns EPERM for a missing privilege; EACCES means that IPv6 is off.
            Self::Netlink(netlink::Error::Refused(refusal)) if refusal.errno == Errno::ACCESS => {
                ErrorKind::Ipv6Off
            }
            Self::Netlink(error) => error.errno().map_or(ErrorKind::Other, kind_of),
            Self::Io(error) => Errno::from_io_error(error).map_or(ErrorKind::Other, kind_of),
            Self::Netns(fault) => ErrorKind::Netns(*fault),
            Self::PortTaken(_) => ErrorKind::PortTaken,
            Self::NameTaken(_) => ErrorKind::Exists,
            Self::Kept(_) => ErrorKind::NoDescriptor,
            Self::Injected { kind, .. } => *kind,
        }
    }
}

impl From<Refusal> for Cause {
    fn from(refusal: Refusal) -> Self {
        Self::Netlink(refusal.into())
    }
}

impl From<NetnsError> for Cause {
    fn from(error: NetnsError) -> Self {
        OpenFault::from(error).into()
    }
}

impl From<Errno> for Cause {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// Why a namespace cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenFault {
    /// The path is wrong.
    Netns(NetnsFault),
    /// The kernel said no.
    Os(Errno),
}

impl From<OpenFault> for Cause {
    fn from(fault: OpenFault) -> Self {
        match fault {
            OpenFault::Netns(fault) => fault.into(),
            OpenFault::Os(errno) => errno.into(),
        }
    }
}

impl From<NetnsError> for OpenFault {
    fn from(error: NetnsError) -> Self {
        match error {
            NetnsError::Gone(_) => NetnsFault::Gone.into(),
            NetnsError::NotANetns => NetnsFault::NotANetns.into(),
            NetnsError::Refused(errno) | NetnsError::NoThread(errno) => errno.into(),
        }
    }
}

impl From<NetnsFault> for OpenFault {
    fn from(fault: NetnsFault) -> Self {
        Self::Netns(fault)
    }
}

impl From<Errno> for OpenFault {
    fn from(errno: Errno) -> Self {
        Self::Os(errno)
    }
}

impl From<Hangs> for OpenFault {
    fn from(_: Hangs) -> Self {
        NetnsFault::Hangs.into()
    }
}

fn kind_of(errno: Errno) -> ErrorKind {
    match errno {
        Errno::EXIST => ErrorKind::Exists,
        Errno::NODEV | Errno::NOENT | Errno::SRCH => ErrorKind::NotFound,
        Errno::PERM | Errno::ACCESS | Errno::ROFS => ErrorKind::Permission,
        Errno::MFILE | Errno::NFILE => ErrorKind::NoDescriptor,
        // `find_portno` of the bridge.
        Errno::XFULL => ErrorKind::BridgeFull,
        Errno::OPNOTSUPP | Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT => ErrorKind::Unsupported,
        _ => ErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    fn refusal(errno: Errno, message: Option<&str>) -> Refusal {
        let message = message.map(str::to_owned);
        Refusal { errno, message }
    }

    #[test]
    fn the_message_names_the_object_and_the_source_says_why_once() {
        let error = LinkError::new(
            "make bridge tide0",
            refusal(Errno::EXIST, Some("name in use")),
        );
        assert_eq!(error.to_string(), "cannot make bridge tide0");
        let source = error.source().unwrap().to_string();
        assert_eq!(source, "it exists already (EEXIST): name in use");
        assert_eq!(error.kind(), ErrorKind::Exists);
    }

    #[test]
    fn a_failed_undo_is_reported_beside_the_failure() {
        let undo = LinkError::new("remove bridge tide0", refusal(Errno::BUSY, None));
        let error = LinkError::new("add 10.0.0.1/24 to tide0", refusal(Errno::EXIST, None))
            .after_undo(Err(undo));
        assert_eq!(
            error.to_string(),
            "cannot add 10.0.0.1/24 to tide0 (and cannot undo the steps before it: cannot remove bridge tide0: \
             it is in use (EBUSY))"
        );
        assert!(error.undo_failure().is_some());
    }

    #[test]
    fn ipv6_switched_off_is_not_a_lack_of_privilege() {
        let off = refusal(Errno::ACCESS, Some("IPv6 is disabled on this device"));
        assert_eq!(Cause::from(off).kind(), ErrorKind::Ipv6Off);
        assert_eq!(
            Cause::from(refusal(Errno::PERM, None)).kind(),
            ErrorKind::Permission
        );
        assert_eq!(Cause::from(Errno::ACCESS).kind(), ErrorKind::Permission);
    }

    #[test]
    fn the_hint_for_missing_descriptors_says_how_to_get_more() {
        for errno in [Errno::MFILE, Errno::NFILE] {
            let error = LinkError::new("open the links of the host", errno);
            assert_eq!(error.hint().as_deref(), Some(MORE_DESCRIPTORS));
        }
    }
}
