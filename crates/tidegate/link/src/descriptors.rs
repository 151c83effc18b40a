//! Reserves the last file descriptors for short uses.
//!
//! A published port, a relayed connection and a client can hold descriptors for a long time. Without a limit they would leave none
//! for short uses: an nft process, a client, a namespace. The kernel assigns the lowest free number (open(2)). So a
//! long-lived user that gets one of the last numbers closes it again.

use std::os::fd::AsRawFd;

use rustix::process::{Resource, getrlimit};

/// The fewest and the most descriptors to reserve.
const KEPT: std::ops::RangeInclusive<u64> = 64..=256;

/// What to do where there are no more descriptors.
pub const MORE_DESCRIPTORS: &str = "raise the limit of open files: LimitNOFILE= of tidegated.service (systemd.exec(5)), or `ulimit -Hn` where tidegated \
     is started; for the whole host, the sysctl fs.file-max";

/// How many descriptors the process may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// All of them.
    pub limit: u64,
    /// The reserved ones among them, which no published port holds, and no connection of a client but root's.
    pub kept: u64,
}

impl Descriptors {
    /// The current limit (`RLIMIT_NOFILE`, getrlimit(2)).
    pub fn now() -> Self {
        Self::of(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX))
    }

    fn of(limit: u64) -> Self {
        let kept = (limit / 8).clamp(*KEPT.start(), *KEPT.end());
        Self { limit, kept }
    }

    /// Whether a descriptor is a reserved one.
    pub fn keep(self, descriptor: &impl AsRawFd) -> bool {
        let number = u64::try_from(descriptor.as_raw_fd()).unwrap_or(0);
        number >= self.limit.saturating_sub(self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eighth_is_kept_back_within_bounds() {
        let kept = |limit| Descriptors::of(limit).kept;
        assert_eq!(
            [0, 256, 1024, 4096, u64::MAX].map(kept),
            [64, 64, 128, 256, 256]
        );
    }

    #[test]
    fn the_last_numbers_are_those_that_are_kept() {
        struct Number(i32);
        impl AsRawFd for Number {
            fn as_raw_fd(&self) -> i32 {
                self.0
            }
        }
        let all = Descriptors::of(1024);
        assert!(!all.keep(&Number(895)) && all.keep(&Number(896)));
        assert!(Descriptors::of(10).keep(&Number(0)));
    }
}
