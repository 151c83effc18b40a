//! Runs another program for its output, with limits of time and size.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;

/// The most that is read of each of its outputs, in bytes.
const OUTPUT: usize = 256 * 1024;
/// Between two looks whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// The beginning of what a program said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program to its end, or for so long, and then kills it. A process that it leaves behind is not waited for, even
/// if it keeps the outputs open.
///
/// # Errors
/// When it cannot be started or read, or does not end in time.
pub(crate) fn run(command: &mut Command, time_limit: Duration) -> io::Result<Said> {
    let end = Instant::now() + time_limit;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdout = Output::new(child.stdout.take());
    let mut stderr = Output::new(child.stderr.take());
    loop {
        // Before the outputs are read: a program that has ended writes no more.
        let has_ended = child.try_wait()?.is_some();
        stdout.read()?;
        stderr.read()?;
        if has_ended {
            return Ok(Said {
                stdout: stdout.text(),
                stderr: stderr.text(),
            });
        }
        if Instant::now() >= end {
            break;
        }
        thread::sleep(PAUSE);
    }
    child.kill()?;
    // It may be where no signal reaches it: nobody waits for that.
    thread::spawn(move || child.wait());
    let late = format!("it did not end within {time_limit:?}");
    Err(io::Error::new(io::ErrorKind::TimedOut, late))
}

/// One output of a program.
struct Output<P> {
    /// `None` once enough was read.
    pipe: Option<P>,
    bytes: Vec<u8>,
}

impl<P: Read + AsFd> Output<P> {
    const fn new(pipe: Option<P>) -> Self {
        let bytes = Vec::new();
        Self { pipe, bytes }
    }

    /// Reads what is in the pipe now, and waits for nothing.
    fn read(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(());
        };
        let room = (OUTPUT - self.bytes.len()) as u64;
        let there = ioctl_fionread(&*pipe)?.min(room);
        pipe.take(there).read_to_end(&mut self.bytes)?;
        if self.bytes.len() >= OUTPUT {
            self.pipe = None;
        }
        Ok(())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME_LIMIT: Duration = Duration::from_secs(20);

    fn sh(script: &str, time_limit: Duration) -> io::Result<Said> {
        run(Command::new("sh").args(["-c", script]), time_limit)
    }

    #[test]
    fn the_output_of_a_program_is_returned() {
        let said = sh("echo out; echo err >&2", TIME_LIMIT).unwrap();
        assert_eq!(
            (said.stdout.as_str(), said.stderr.as_str()),
            ("out\n", "err\n")
        );
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let error = sh("kill -STOP $$", Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn only_the_beginning_of_a_long_output_is_kept() {
        let said = sh("yes 2>/dev/null | head -c 10000000", TIME_LIMIT).unwrap();
        assert_eq!(said.stdout.len(), OUTPUT);
    }

    /// The process left behind holds both outputs for five minutes, unless it is ended.
    #[test]
    fn a_program_that_ended_is_not_waited_for_until_its_outputs_close() {
        let said = sh("echo why >&2; sleep 300 & echo $!", TIME_LIMIT).unwrap();
        let end = format!("kill {}", said.stdout);
        let ended = Command::new("sh").args(["-c", &end]).status().unwrap();
        assert!(ended.success(), "it ended before: {said:?}");
        assert_eq!(said.stderr, "why\n");
    }
}
