//! The real machine.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{CProgram, Command, Output, RunError, System, Tried};

/// How long a probed command may take; a container engine that hangs is not waited for longer.
const DEADLINE: Duration = Duration::from_secs(20);

/// Where administrators' programs are, whether or not PATH says so.
const SBIN: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

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
        let scratch = tempfile::tempdir().map_err(io)?;
        let source = scratch.path().join("probe.c");
        let binary = scratch.path().join("probe");
        std::fs::write(&source, &program.source).map_err(io)?;
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
        let folders = std::env::join_paths(folders).ok()?;
        which::which_in_global(name, Some(folders)).ok()?.next()
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
        assert!(Host.find_program("sh").is_some_and(|sh| sh.is_absolute()));
        assert_eq!(Host.find_program("/etc/os-release"), None);
        assert_eq!(Host.find_program("no-such-program"), None);
    }
}
