//! What the drivers need from the system: run a program, or keep one running.
//!
//! A seam: the exec driver's own tests put a fake here and look at arguments and input.

use std::time::Duration;

use tidegate_nft::Error;

/// Runs one program.
pub(crate) trait Runner: Send {
    /// Runs it to its end with `stdin` as its input.
    fn run(&mut self, args: &[&str], stdin: &str, deadline: Duration) -> Result<Finished, Error>;

    /// Starts it and keeps it running.
    fn start(&mut self, args: &[&str]) -> Result<Box<dyn Session>, Error>;

    /// Where the program is.
    fn program(&self) -> &std::path::Path;
}

/// A run that ended by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Whether it ended with exit code 0.
    pub(crate) success: bool,
    /// How it ended, in words.
    pub(crate) status: String,
    pub(crate) stdout: String,
    /// The beginning of its stderr, bounded.
    pub(crate) stderr: String,
}

/// Logs that a session failed before it did its work, and why. If the next session succeeds, the caller gets no
/// error.
pub(crate) fn tell_replaced(reason: &str) {
    tracing::warn!("nft driver: {reason}; another process takes over its transaction");
}

/// A running program.
pub(crate) trait Session: Send {
    /// Writes `input` and reads what it answers into `answer` until that says it is complete.
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
pub(crate) struct Broken {
    /// Bytes of the input that were taken before.
    pub(crate) written: usize,
    pub(crate) reason: String,
}
