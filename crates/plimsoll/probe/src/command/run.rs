//! Running commands: the one place that starts other programs and waits for them, never without an end.

use std::collections::VecDeque;
use std::io::{self, PipeReader};
use std::mem;
use std::os::unix::process::CommandExt;
use std::time::Instant;

use duct::Expression;

use super::pipes::read_until_end;
use super::{Command, Output, RunError};

impl Command {
    /// Runs it to its end in the C locale, and keeps what it prints. A failure is in the output.
    ///
    /// # Errors
    /// Where it cannot be started, or is killed at its limit.
    pub fn output(&self) -> Result<Output, RunError> {
        let io = |error| self.io(error);
        let (stdout, to_stdout) = io::pipe().map_err(io)?;
        let (stderr, to_stderr) = io::pipe().map_err(io)?;
        let expression = self.expression(true);
        let expression = expression.stdout_file(to_stdout).stderr_file(to_stderr);
        let mut printed = [Vec::new(), Vec::new()];
        let status = self.follow(expression, [stdout, stderr], |pipe, bytes| {
            printed[pipe].extend_from_slice(bytes);
        })?;
        let [stdout, stderr] = printed.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }

    /// What it prints to standard output, from a run as [`Self::output`]'s.
    ///
    /// # Errors
    /// As [`Self::output`], and where it fails.
    pub fn text(&self) -> Result<String, RunError> {
        let output = self.output()?;
        match output.success() {
            true => Ok(output.stdout),
            false => {
                let lines = output.stderr.lines().map(str::to_owned);
                Err(self.failed(output.status, lines.collect()))
            }
        }
    }

    /// Runs it, and hands on each line of its output and its errors as it comes, without its end. What it prints is
    /// decoded with replacement.
    ///
    /// # Errors
    /// Where it cannot be started, is killed at its limit, or fails.
    pub fn lines(&self, mut each: impl FnMut(&str)) -> Result<(), RunError> {
        let (reader, writer) = io::pipe().map_err(|error| self.io(error))?;
        let expression = self.expression(false).stderr_to_stdout();
        let mut last = VecDeque::new();
        let mut lines = Lines::new(|line| {
            each(line);
            last.push_back(line.to_owned());
            if last.len() > RunError::KEPT {
                last.pop_front();
            }
        });
        let ended = self.follow(expression.stdout_file(writer), [reader], |_, bytes| {
            lines.add(bytes);
        });
        lines.end();
        match ended? {
            Some(0) => Ok(()),
            status => Err(self.failed(status, last.into())),
        }
    }

    /// Runs it in sight of the user: what it prints goes to standard error.
    ///
    /// # Errors
    /// As [`Self::lines`].
    pub fn show(&self) -> Result<(), RunError> {
        self.succeed(self.expression(false).stdout_to_stderr())
    }

    /// Runs it in the place of this program: what it prints goes where this program's output goes.
    ///
    /// # Errors
    /// As [`Self::lines`].
    pub fn pass_through(&self) -> Result<(), RunError> {
        self.succeed(self.expression(false))
    }

    /// Makes this process the command, which then has the terminal. It comes back only where that fails.
    pub fn take_over(&self) -> RunError {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args);
        self.io(command.exec())
    }

    fn succeed(&self, expression: Expression) -> Result<(), RunError> {
        match self.follow(expression, [], |_, _| ())? {
            Some(0) => Ok(()),
            status => Err(self.failed(status, Vec::new())),
        }
    }

    /// Runs an expression that prints to these pipes to its end, and hands on what it prints with the index of the pipe.
    /// Returns the exit status; none after a signal.
    fn follow<const N: usize>(
        &self,
        expression: Expression,
        pipes: [PipeReader; N],
        each: impl FnMut(usize, &[u8]),
    ) -> Result<Option<i32>, RunError> {
        let io = |error| self.io(error);
        let deadline = Instant::now() + self.limit;
        let handle = expression.start().map_err(io)?;
        // It holds the ends that the program writes to.
        drop(expression);
        let ended = read_until_end(&handle, pipes, deadline, each).map_err(io)?;
        let Some(status) = ended else {
            handle.kill().map_err(io)?;
            return Err(self.timed_out());
        };
        Ok(status.code())
    }

    /// `questioned`: what it prints is read by us, so it is in the C locale.
    fn expression(&self, questioned: bool) -> Expression {
        let mut expression = duct::cmd(&self.program, &self.args);
        // With duct, what is said first counts.
        for (name, value) in self.env.iter().rev() {
            expression = expression.env(name, value);
        }
        if questioned {
            expression = expression.env("LC_ALL", "C");
        }
        for name in &self.unset {
            expression = expression.env_remove(name);
        }
        if let Some(folder) = &self.folder {
            expression = expression.dir(folder);
        }
        let expression = match &self.stdin {
            Some(path) => expression.stdin_path(path),
            None => expression.stdin_null(),
        };
        expression.unchecked()
    }

    fn io(&self, source: io::Error) -> RunError {
        let program = self.program.clone();
        // A folder that is not there gives the same error as a program that is not.
        let folder = self.folder.as_ref().is_none_or(|folder| folder.is_dir());
        match source.kind() {
            io::ErrorKind::NotFound if folder => RunError::NotFound { program },
            _ => RunError::Io { program, source },
        }
    }

    fn timed_out(&self) -> RunError {
        RunError::TimedOut {
            program: self.program.clone(),
            limit: self.limit,
        }
    }

    fn failed(&self, status: Option<i32>, mut last: Vec<String>) -> RunError {
        let last = last.split_off(last.len().saturating_sub(RunError::KEPT));
        RunError::Failed {
            command: self.pasteable(),
            status,
            last,
        }
    }
}

/// Hands on each line of a text that comes in parts.
struct Lines<F: FnMut(&str)> {
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    each: F,
}

impl<F: FnMut(&str)> Lines<F> {
    const fn new(each: F) -> Self {
        let begun = Vec::new();
        Self { begun, each }
    }

    fn add(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end();
            }
        }
    }

    /// Hands on the line that was begun, if any.
    fn end(&mut self) {
        let line = mem::take(&mut self.begun);
        if !line.is_empty() {
            let line = String::from_utf8_lossy(&line);
            (self.each)(line.trim_end_matches(['\n', '\r']));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use error_hint::Hint;

    const SOON: Duration = Duration::from_millis(10);

    fn shell(script: &str) -> Command {
        Command::new("sh", ["-c", script])
    }

    #[test]
    fn a_program_that_is_not_there_differs_from_one_that_fails() {
        let missing = Command::new("no-such-program", [""; 0]);
        for error in [
            missing.output().unwrap_err(),
            missing.lines(|_| ()).unwrap_err(),
            missing.show().unwrap_err(),
            missing.take_over(),
        ] {
            assert_eq!(error.to_string(), "no-such-program is not installed");
            assert_eq!(error.hint().as_deref(), Some("install no-such-program"));
        }
        let failing = shell("echo why >&2; exit 3").output().unwrap();
        let (status, complaint) = (failing.status, failing.complaint());
        assert_eq!((status, complaint.as_str()), (Some(3), "why"));
    }

    #[test]
    fn a_folder_that_is_not_there_differs_from_a_program_that_is_not() {
        let command = shell("true").within(std::path::Path::new("/no/such/folder"));
        let error = command.output().unwrap_err();
        assert!(error.reason().starts_with("cannot run sh: "), "{error}");
    }

    #[test]
    fn a_program_that_hangs_is_killed_at_its_limit_however_it_is_run() {
        let hanging = Command::new("sleep", ["600"]).limited(SOON);
        for error in [
            hanging.output().unwrap_err(),
            hanging.lines(|_| ()).unwrap_err(),
            hanging.show().unwrap_err(),
            hanging.pass_through().unwrap_err(),
        ] {
            let message = "sleep did not end within 10 ms and was killed";
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn a_program_that_waits_for_a_grandchild_is_killed_at_its_limit() {
        let waiting = shell("sleep 20 & echo started; wait").limited(Duration::from_millis(200));
        let mut lines = Vec::new();
        let error = waiting.lines(|line| lines.push(line.to_owned()));
        assert!(matches!(error, Err(RunError::TimedOut { .. })), "{error:?}");
        assert_eq!(lines, ["started"]);
        assert!(matches!(waiting.output(), Err(RunError::TimedOut { .. })));
    }

    /// The process left behind holds both pipes for five minutes, unless it is ended.
    #[test]
    fn a_program_that_ended_is_not_waited_for_until_its_pipes_close() {
        let printing = "printf '%60000s\n' end; echo why >&2; sleep 300 & echo $!";
        let left_behind = shell(printing).limited(Duration::from_secs(20));
        let end = |id: &str| shell(&format!("kill {id}")).output().unwrap().success();
        let output = left_behind.output().unwrap();
        let (padded, id) = output.stdout.trim_end().rsplit_once('\n').unwrap();
        assert!(end(id), "it ended before: {output:?}");
        assert_eq!((padded.len(), output.stderr.as_str()), (60_000, "why\n"));
        let mut lines = Vec::new();
        left_behind
            .lines(|line| lines.push(line.to_owned()))
            .unwrap();
        assert!(end(&lines[2]), "it ended before: {lines:?}");
        assert_eq!((lines[0].len(), lines[1].as_str()), (60_000, "why"));
    }

    #[test]
    fn lines_come_as_they_are_printed_and_the_last_are_in_the_error() {
        let mut lines = Vec::new();
        let printed = "printf 'one\\r\\n\\ntwo\\377\\n' ; echo three >&2; exit 4";
        let error = shell(printed).lines(|line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "", "two\u{fffd}", "three"]);
        let is_so = |error: &RunError| matches!(error, RunError::Failed { status: Some(4), last, .. } if *last == lines);
        assert!(error.as_ref().is_err_and(is_so), "{error:?}");
    }

    #[test]
    fn what_is_read_is_in_the_c_locale_with_only_its_variables() {
        let mut command = shell("echo $LC_ALL $EXTRA ${HOME-unset}").with_env("EXTRA", "more");
        command.unset.push("HOME".into());
        assert_eq!(command.text().unwrap(), "C more unset\n");
        let mut command = command
            .with_env("EXTRA", "last")
            .with_env("LC_ALL", "C.UTF-8");
        command.unset.push("EXTRA".into());
        assert_eq!(command.text().unwrap(), "C.UTF-8 last unset\n");
        let error = shell("echo no >&2; exit 1").text().unwrap_err();
        assert!(
            error.to_string().ends_with(" failed (exit status 1):\nno"),
            "{error}"
        );
    }

    /// The program prints its last line and ends while the first one is still being handed on.
    #[test]
    fn what_a_program_printed_before_its_end_is_read_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        let wait = format!("until [ -e {} ]; do sleep 0.01; done", taken.display());
        let script = format!("echo $$; {wait}; sleep 300 & echo $!");
        let mut lines = Vec::new();
        let ran = shell(&script).lines(|line| {
            if lines.is_empty() {
                std::fs::write(&taken, "").unwrap();
                let stat = format!("/proc/{line}/stat");
                let has_ended = || {
                    let stat = std::fs::read_to_string(&stat);
                    stat.is_ok_and(|stat| stat.contains(") Z "))
                };
                while !has_ended() {
                    std::thread::sleep(SOON);
                }
            }
            lines.push(line.to_owned());
        });
        ran.unwrap();
        let end = format!("kill {}", lines[1]);
        assert!(shell(&end).output().unwrap().success(), "{lines:?}");
    }

    #[test]
    fn a_failure_keeps_the_last_200_lines() {
        let last = |lines: usize| {
            let printed = format!("seq {lines}; exit 1");
            match shell(&printed).lines(|_| ()) {
                Err(RunError::Failed { last, .. }) => last,
                _ => Vec::new(),
            }
        };
        assert_eq!(last(RunError::KEPT).len(), RunError::KEPT);
        let longer = last(250);
        assert_eq!(longer.len(), RunError::KEPT);
        assert_eq!((longer[0].as_str(), longer[199].as_str()), ("51", "250"));
    }
}
