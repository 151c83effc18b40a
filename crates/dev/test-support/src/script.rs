//! Commands run by tests.

use std::process::{Command, Stdio};

/// What a command left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Output {
    /// Its stdout.
    ///
    /// # Panics
    /// When the command failed, with its stderr.
    pub fn success(self) -> String {
        let Self {
            command,
            code,
            stdout,
            stderr,
        } = self;
        assert_eq!(
            code,
            Some(0),
            "{command}\nstdout: {stdout}\nstderr: {stderr}"
        );
        stdout
    }
}

/// Runs a command to its end with nothing on stdin.
pub(crate) fn run(mut command: Command) -> Output {
    let line = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{line} did not start: {error}"));
    Output {
        command: line,
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
