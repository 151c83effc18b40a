//! What a probe may ask of a machine, and the real machine.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a probed command may take; a container engine that hangs is not waited for longer.
const DEADLINE: Duration = Duration::from_secs(20);

/// Where administrators' programs are, whether or not PATH says so.
const SBIN: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

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
    pub source: &'static str,
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

/// The machine that this process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Host;

impl System for Host {
    fn run(&self, command: &Command) -> Result<Output, RunError> {
        let mut expression = duct::cmd(&command.program, &command.args).env("LC_ALL", "C");
        for (name, value) in &command.env {
            expression = expression.env(name, value);
        }
        let expression = expression
            .stdin_null()
            .stdout_capture()
            .stderr_capture()
            .unchecked();
        finish(&command.program, &expression, DEADLINE)
    }

    fn try_c(&self, program: &CProgram) -> Result<Tried, RunError> {
        let io = |source| RunError::Io {
            program: program.compiler.clone(),
            source,
        };
        let scratch = Scratch::new().map_err(io)?;
        let source = scratch.0.join("probe.c");
        let binary = scratch.0.join("probe");
        std::fs::write(&source, program.source).map_err(io)?;
        let (source, binary) = (source.to_string_lossy(), binary.to_string_lossy());
        let mut compile = Command::new(&program.compiler, ["-o", &*binary, &*source]);
        compile.args.extend(program.flags.iter().cloned());
        let compiled = self.run(&compile)?;
        match (compiled.success(), program.run) {
            (false, _) => Ok(Tried::Refused(compiled)),
            (true, false) => Ok(Tried::Linked),
            (true, true) => self.run(&Command::new(binary, [])).map(Tried::Ran),
        }
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = std::fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(SBIN.map(PathBuf::from));
        folders
            .map(|folder| folder.join(name))
            .find(|file| is_executable(file))
    }
}

/// Starts `expression` and waits for it until the deadline, after which it is killed.
fn finish(
    program: &str,
    expression: &duct::Expression,
    deadline: Duration,
) -> Result<Output, RunError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => RunError::NotFound {
            program: program.to_owned(),
        },
        _ => RunError::Io {
            program: program.to_owned(),
            source,
        },
    };
    let handle = expression.start().map_err(failed)?;
    let Some(output) = handle.wait_timeout(deadline).map_err(failed)? else {
        handle.kill().map_err(failed)?;
        return Err(RunError::TimedOut {
            program: program.to_owned(),
            deadline,
        });
    };
    Ok(Output {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

fn is_executable(file: &Path) -> bool {
    let executable =
        |meta: std::fs::Metadata| meta.is_file() && meta.permissions().mode() & 0o111 != 0;
    file.metadata().is_ok_and(executable)
}

/// A new folder of this user's own, removed with its content when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("native-deps-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        // Not recursive: it fails where somebody else made the folder first.
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left-overs in the temporary folder are the worst that can come of a failure here.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_told_from_one_that_fails() {
        let missing = Host.run(&Command::new("no-such-program", [])).unwrap_err();
        assert_eq!(missing.to_string(), "no-such-program is not installed");
        let failing = Host
            .run(&Command::new("sh", ["-c", "echo why >&2; exit 3"]))
            .unwrap();
        assert_eq!(
            (failing.status, failing.complaint().as_str()),
            (Some(3), "why")
        );
    }

    #[test]
    fn a_program_that_hangs_is_killed_at_the_deadline() {
        let sleep = duct::cmd!("sleep", "600").stdout_capture().unchecked();
        let error = finish("sleep", &sleep, Duration::from_millis(10)).unwrap_err();
        assert!(matches!(error, RunError::TimedOut { .. }), "{error}");
    }

    #[test]
    fn commands_run_in_the_c_locale_with_their_variables() {
        let mut command = Command::new("sh", ["-c", "echo $LC_ALL $EXTRA"]);
        command.env.push(("EXTRA".into(), "more".into()));
        assert_eq!(Host.run(&command).unwrap().stdout, "C more\n");
    }

    #[test]
    fn only_executable_files_are_programs() {
        let sh = Host.find_program("sh").unwrap();
        assert!(is_executable(&sh));
        assert!(!is_executable(Path::new("/etc/os-release")));
        assert_eq!(Host.find_program("no-such-program"), None);
    }

    #[test]
    fn a_scratch_folder_is_private_and_goes_away() {
        let scratch = Scratch::new().unwrap();
        let folder = scratch.0.clone();
        assert_eq!(
            folder.metadata().unwrap().permissions().mode() & 0o777,
            0o700
        );
        drop(scratch);
        assert!(!folder.exists());
    }
}
