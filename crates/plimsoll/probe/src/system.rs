//! What a probe may ask of a machine.

use std::io;
use std::path::{Path, PathBuf};

use crate::{Command, Output, RunError};

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
