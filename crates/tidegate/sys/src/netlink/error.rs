//! Why an exchange with the kernel failed.

use std::io;
use std::time::Duration;

use rustix::io::Errno;

/// The cause of a failure, without a description of what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel answered a request with an error.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A system call failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A list changed each time that it was read.
    #[error("the kernel's list kept changing while it was read")]
    Unsteady,
    /// Answers were lost: the socket's memory was full.
    #[error("an answer of the kernel was lost: the outcome is unknown")]
    Lost,
    /// The kernel does not answer.
    #[error("the kernel did not answer within {0:?}")]
    Silent(Duration),
    /// The kernel's answer does not have the documented form.
    #[error("the kernel's answer is malformed: {0}")]
    Malformed(&'static str),
}

impl Error {
    /// The error number, if the kernel refused a request or a system call.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused(refusal) => Some(refusal.errno),
            Self::Io(error) => Errno::from_io_error(error),
            Self::Unsteady | Self::Lost | Self::Silent(_) | Self::Malformed(_) => None,
        }
    }
}

/// An error that the kernel gave for a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", io::Error::from(*.errno), .message.as_ref().map(|m| format!(": {m}")).unwrap_or_default())]
pub struct Refusal {
    /// The error number.
    pub errno: Errno,
    /// The kernel's own words (`NLMSGERR_ATTR_MSG`), where it gave any.
    pub message: Option<String>,
}
