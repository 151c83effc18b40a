//! Logging.

use super::label::LogPrefix;

/// Where and how a packet is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    /// To the kernel log.
    Kernel {
        /// Begins each line.
        prefix: Option<LogPrefix>,
        /// The level; `warn` where nothing is said.
        level: Option<LogLevel>,
    },
    /// To the programs that listen on a netlink group.
    Group {
        /// Goes with each packet.
        prefix: Option<LogPrefix>,
        /// The number of the group.
        group: u16,
    },
}

/// A level of the kernel log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// 3
    Err,
    /// 4
    Warn,
    /// 5
    Notice,
    /// 6
    Info,
    /// 7
    Debug,
}

impl LogLevel {
    /// What nft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Err => "err",
            Self::Warn => "warn",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}
