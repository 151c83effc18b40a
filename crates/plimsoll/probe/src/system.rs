//! What a probe may ask of a machine.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A command to run; it inherits the environment, with the C locale.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// The program: a path, or a name that is looked up in PATH.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables that are set on top of the inherited environment.
    pub env: Vec<(String, String)>,
}

impl Command {
    /// A command without additional variables.
    pub fn new<'a>(program: impl Into<String>, args: impl IntoIterator<Item = &'a str>) -> Self {
        let args = args.into_iter().map(str::to_owned).collect();
        Self {
            program: program.into(),
            args,
            env: Vec::new(),
        }
    }

    /// The command as one line, without its variables.
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.args);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
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

/// Why a command gave no [`Output`].
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no such program.
    #[error("{program} is not installed")]
    NotFound {
        /// The program that was looked for.
        program: String,
    },
    /// It was killed at the deadline.
    #[error("{program} did not answer within {} s", deadline.as_secs())]
    TimedOut {
        /// The program that hung.
        program: String,
        /// How long it was given.
        deadline: Duration,
    },
    /// It could not be started, or its output could not be read.
    #[error("{program} could not be run")]
    Io {
        /// The program.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
}

impl RunError {
    /// The error with its cause, on one line, for a reason in a table.
    pub fn reason(&self) -> String {
        match self {
            Self::Io { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}

/// A C program to be compiled, and run where that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CProgram {
    /// The compiler: a path, or a name that is looked up in PATH.
    pub compiler: String,
    /// The source text.
    pub source: String,
    /// Flags, placed after the source as the linker wants libraries.
    pub flags: Vec<String>,
    /// False for a cross build, whose result does not run here.
    pub run: bool,
}

/// What became of a [`CProgram`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// The compiler or the linker refused it.
    Refused(Output),
    /// It was compiled and linked, and not run.
    Linked,
    /// It was compiled, linked and run.
    Ran(Output),
}

/// All that probing asks of a machine.
pub trait System {
    /// Runs a command to its end.
    fn run(&self, command: &Command) -> Result<Output, RunError>;
    /// Compiles, links and perhaps runs a C program in a folder that is removed afterwards.
    fn try_c(&self, program: &CProgram) -> Result<Tried, RunError>;
    /// An environment variable; none where it is unset. Not Unicode: decoded with replacement.
    fn env(&self, name: &str) -> Option<String>;
    /// The text of a file.
    fn read(&self, path: &Path) -> io::Result<String>;
    /// The names in a folder, sorted.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Whether a file or folder is there, following links.
    fn exists(&self, path: &Path) -> bool;
    /// The path of an executable, looked up in PATH and then in the sbin folders.
    fn find_program(&self, name: &str) -> Option<PathBuf>;
}
