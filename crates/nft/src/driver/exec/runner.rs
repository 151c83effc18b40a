//! What the exec driver needs from the system: run a program, or keep one running.
//!
//! A seam: the driver's own tests put a fake here and look at arguments and input.

use std::time::Duration;

use super::super::error::Error;

/// Runs `nft`.
pub(super) trait Runner {
    /// Runs it to its end with `stdin` as its input.
    fn run(&mut self, args: &[&str], stdin: &str, deadline: Duration) -> Result<Finished, Error>;

    /// Starts it and keeps it running.
    fn start(&mut self, args: &[&str]) -> Result<Box<dyn Session>, Error>;

    /// Where the program is.
    fn program(&self) -> &std::path::Path;
}

/// A run that ended by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Finished {
    /// Whether it ended with exit code 0.
    pub(super) success: bool,
    /// How it ended, in words.
    pub(super) status: String,
    pub(super) stdout: String,
    /// The beginning of its stderr, bounded.
    pub(super) stderr: String,
}

/// A running `nft`.
pub(super) trait Session {
    /// Writes `input` and reads stderr into `answer` until that says it is complete.
    fn exchange(
        &mut self,
        input: &[u8],
        answer: &mut dyn FnMut(&[u8]) -> bool,
        deadline: Duration,
    ) -> Result<(), Broken>;

    /// Closes its input and waits for its end.
    fn close(self: Box<Self>, deadline: Duration) -> Result<(), Error>;
}

/// A session that did not answer. It is of no more use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// Bytes of the input that were taken before.
    pub(super) written: usize,
    pub(super) reason: String,
}
