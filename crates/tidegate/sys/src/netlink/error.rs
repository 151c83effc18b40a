//! Why an exchange with the kernel failed.

use std::borrow::Cow;
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
    #[error("{}", said_by_system(.0))]
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
#[error("{}{}", said(*.errno), .message.as_ref().map(|m| format!(": {m}")).unwrap_or_default())]
pub struct Refusal {
    /// The error number.
    pub errno: Errno,
    /// The kernel's own words (`NLMSGERR_ATTR_MSG`), where it gave any.
    pub message: Option<String>,
}

/// An error number in words. Those that a user may meet are said of links and addresses, of which the system's own words
/// ("File exists") are not.
#[must_use]
pub fn said(errno: Errno) -> Cow<'static, str> {
    Cow::Borrowed(match errno {
        Errno::EXIST => "it exists already (EEXIST)",
        Errno::NODEV => "there is no such interface (ENODEV)",
        Errno::NOENT | Errno::SRCH => "it does not exist",
        Errno::PERM | Errno::ACCESS => "the process lacks the privilege",
        Errno::BUSY => "it is in use (EBUSY)",
        Errno::INVAL => "the kernel does not accept it (EINVAL)",
        Errno::OPNOTSUPP | Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT => {
            "the kernel does not support it"
        }
        Errno::ROFS => "it is read-only (EROFS)",
        Errno::NOMEM | Errno::NOBUFS => "the kernel has no memory for it",
        Errno::MFILE | Errno::NFILE => "no file descriptor is free",
        Errno::ADDRNOTAVAIL => "the host does not have that address (EADDRNOTAVAIL)",
        Errno::NETUNREACH | Errno::HOSTUNREACH => "there is no route there",
        _ => return Cow::Owned(io::Error::from(errno).to_string()),
    })
}

/// The same of an error of the system.
#[must_use]
pub fn said_by_system(error: &io::Error) -> Cow<'static, str> {
    Errno::from_io_error(error).map_or_else(|| Cow::Owned(error.to_string()), said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_in_words_what_the_kernel_said_in_a_number() {
        let refusal = |errno, message: Option<&str>| {
            let message = message.map(str::to_owned);
            Error::from(Refusal { errno, message }).to_string()
        };
        assert_eq!(refusal(Errno::EXIST, None), "it exists already (EEXIST)");
        assert_eq!(
            refusal(Errno::INVAL, Some("Invalid MTU")),
            "the kernel does not accept it (EINVAL): Invalid MTU"
        );
        let io = |errno: Errno| Error::from(io::Error::from(errno)).to_string();
        assert_eq!(io(Errno::ROFS), "it is read-only (EROFS)");
        assert_eq!(
            io(Errno::NOTTY),
            "Inappropriate ioctl for device (os error 25)",
            "no better words"
        );
        assert_eq!(
            Error::from(io::Error::other("own words")).to_string(),
            "own words"
        );
    }
}
