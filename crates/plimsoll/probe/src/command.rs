//! A command as a value: what is run, where, and for how long at most.

mod error;
mod pipes;
mod run;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::RunError;

/// How long a command may take. After it the command is killed.
pub mod limit {
    use std::time::Duration;

    /// A question that a program answers from what it knows: 20 s.
    pub const QUESTION: Duration = Duration::from_secs(20);

    /// Work on files that are there, such as a package that is read or unpacked: 30 min.
    pub const WORK: Duration = Duration::from_secs(30 * 60);

    /// What fetches, compiles or tests: 12 h, enough for a cold build on an emulated processor.
    pub const BUILD: Duration = Duration::from_secs(12 * 60 * 60);
}

/// A command to run. It inherits the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program: a path, or a name that is looked up in PATH.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables that are set on top of the inherited environment.
    pub env: Vec<(String, String)>,
    /// Variables that are not inherited.
    pub unset: Vec<String>,
    /// The file that it reads as its standard input; none: it reads nothing.
    pub stdin: Option<PathBuf>,
    /// The folder that it runs in; none: that of this process.
    pub folder: Option<PathBuf>,
    /// How long it may take.
    pub limit: Duration,
}

impl Command {
    /// A question: a command with [`limit::QUESTION`] that runs in the folder of this process.
    pub fn new<S: Into<String>>(
        program: impl Into<String>,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            unset: Vec::new(),
            stdin: None,
            folder: None,
            limit: limit::QUESTION,
        }
    }

    /// The same in a folder.
    #[must_use]
    pub fn within(self, folder: &Path) -> Self {
        let folder = Some(folder.to_owned());
        Self { folder, ..self }
    }

    /// The same with another limit.
    #[must_use]
    pub fn limited(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// The same with one more variable.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The command as one line, without its variables.
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.args);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The command as a person would type it, without its variables and the folder of the program.
    pub fn pasteable(&self) -> String {
        let name = Path::new(&self.program).file_name();
        let name = name.and_then(|name| name.to_str()).unwrap_or(&self.program);
        let words = std::iter::once(name).chain(self.args.iter().map(String::as_str));
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// As a shell takes it for one word. What no shell can take, because a NUL is in it, is shown as it is.
fn quoted(word: &str) -> Cow<'_, str> {
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

/// What a command that ran left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// The exit status; none after a signal.
    pub status: Option<i32>,
    /// Standard output, decoded with replacement.
    pub stdout: String,
    /// Standard error, decoded with replacement.
    pub stderr: String,
}

impl Output {
    /// True for exit status 0.
    pub fn success(&self) -> bool {
        self.status == Some(0)
    }

    /// The first line of standard error that is not empty, else the exit status in words.
    pub fn complaint(&self) -> String {
        let line = self
            .stderr
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty());
        match (line, self.status) {
            (Some(line), _) => line.to_owned(),
            (None, Some(status)) => format!("exit status {status} without a message"),
            (None, None) => "killed by a signal".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_pasted() {
        let command = Command::new("/opt/bin/cargo", ["test", "--", "a b", "it's"]);
        assert_eq!(command.pasteable(), "cargo test -- 'a b' \"it's\"");
    }

    #[test]
    fn an_output_complains_with_its_first_line_or_how_it_ended() {
        let output = |status, stderr: &str| Output {
            status,
            stdout: String::new(),
            stderr: stderr.into(),
        };
        assert!(output(Some(0), "").success());
        assert!(!output(Some(1), "").success() && !output(None, "").success());
        for (status, stderr, complaint) in [
            (Some(1), "\n  no room \nmore\n", "no room"),
            (Some(3), " \n", "exit status 3 without a message"),
            (None, "", "killed by a signal"),
        ] {
            assert_eq!(output(status, stderr).complaint(), complaint);
        }
    }
}
