//! The long-lived `nft -i`.

use std::time::Duration;

use tidegate_nft::{Applied, Error};

use super::frame::Frame;
use crate::process::{Broken, Runner, Session};
use crate::script::Script;

/// Transactions after which the child is replaced: it keeps each line in its history.
const TRANSACTIONS: u64 = 20_000;
/// Bytes after which the child is replaced.
const BYTES: usize = 32 * 1024 * 1024;
/// How long a child may take to end once its input is closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// An `nft -i` that was started and answers.
pub(super) struct Child {
    session: Box<dyn Session>,
    transactions: u64,
    bytes: usize,
}

/// A child that can no longer be used.
pub(super) struct Lost {
    pub(super) error: Error,
}

impl Lost {
    /// Whether another child can run the transaction without doing it twice.
    pub(super) fn is_untouched(&self) -> bool {
        self.error.applied == Applied::No
    }
}

impl Child {
    pub(super) fn start(runner: &mut dyn Runner) -> Result<Self, Error> {
        let session = runner.start(&["-i"])?;
        Ok(Self {
            session,
            transactions: 0,
            bytes: 0,
        })
    }

    /// Whether its history is long enough to replace it.
    pub(super) const fn is_old(&self) -> bool {
        self.transactions >= TRANSACTIONS || self.bytes >= BYTES
    }

    /// Sends it a script, and returns its answer.
    pub(super) fn exchange(&mut self, script: &Script, deadline: Duration) -> Result<String, Lost> {
        // Short: the child reads its input byte by byte, each by a system call.
        let word = format!("tg{}", self.transactions);
        let line = script.joined();
        let input = format!("{line}\n{word}\n");
        self.transactions += 1;
        self.bytes += input.len();
        let mut frame = Frame::new(&word);
        let exchanged =
            self.session
                .exchange(input.as_bytes(), &mut |bytes| frame.feed(bytes), deadline);
        match exchanged {
            Ok(()) => Ok(frame.into_answer()),
            // It acts on whole lines: without the newline, it has done nothing.
            Err(Broken { written, reason }) if written <= line.len() => Err(Lost {
                error: Error::gone(reason),
            }),
            Err(Broken { reason, .. }) => Err(Lost {
                error: Error::lost(reason),
            }),
        }
    }

    pub(super) fn close(self) -> Result<(), Error> {
        self.session.close(FAREWELL)
    }
}
