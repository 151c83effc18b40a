//! The runner that really runs programs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::super::error::Error;
use super::pump::{End, Pipes, Readers};
use super::runner::{Broken, Finished, Runner, Session};

/// The most of stderr that is kept. It is read to its end whatever its size.
const STDERR_KEPT: usize = 512 * 1024;

/// Runs the program at this path.
pub(super) struct System(PathBuf);

impl System {
    pub(super) const fn new(program: PathBuf) -> Self {
        Self(program)
    }

    /// Starts the program in the namespace of this thread. No `pre_exec`, so that the standard
    /// library uses `posix_spawn`, which does not copy the page tables of a big process.
    fn spawn(&self, args: &[&str]) -> Result<Process, Error> {
        let mut command = Command::new(&self.0);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Messages are read, so they must be the untranslated ones. A line editor in `nft -i` must
        // find no settings, and no home to keep a history in.
        command.env("LC_ALL", "C").env("TERM", "dumb");
        command.env("HOME", "/dev/null").env("INPUTRC", "/dev/null");
        let failed = |error| Error::gone(format!("running {}: {error}", self.0.display()));
        let mut child = command.spawn().map_err(failed)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = Guard(child);
        let pipes = Pipes {
            stdin,
            stdout,
            stderr,
        }
        .unblocked()
        .map_err(failed)?;
        Ok(Process { child, pipes })
    }
}

impl Runner for System {
    fn run(&mut self, args: &[&str], stdin: &str, deadline: Duration) -> Result<Finished, Error> {
        let end = Instant::now() + deadline;
        let mut process = self.spawn(args)?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut readers = Readers {
            stdout: &mut |bytes| stdout.extend_from_slice(bytes),
            stderr: &mut |bytes| {
                let room = STDERR_KEPT.saturating_sub(stderr.len()).min(bytes.len());
                stderr.extend_from_slice(&bytes[..room]);
                false
            },
        };
        let pumped = process
            .pipes
            .pump(stdin.as_bytes(), true, &mut readers, end);
        let (_, ended) = pumped.map_err(|error| Error::lost(format!("talking to nft: {error}")))?;
        let status = (ended == End::Closed)
            .then(|| process.child.wait(end))
            .flatten();
        let Some(status) = status else {
            return Err(Error::lost(format!(
                "nft did not end within {deadline:?}, and was killed"
            )));
        };
        Ok(Finished {
            success: status.success(),
            status: status.to_string(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        })
    }

    fn start(&mut self, args: &[&str]) -> Result<Box<dyn Session>, Error> {
        Ok(Box::new(self.spawn(args)?))
    }

    fn program(&self) -> &Path {
        &self.0
    }
}

/// A running child and our ends of its pipes.
struct Process {
    child: Guard,
    pipes: Pipes,
}

impl Session for Process {
    fn exchange(
        &mut self,
        input: &[u8],
        answer: &mut dyn FnMut(&[u8]) -> bool,
        deadline: Duration,
    ) -> Result<(), Broken> {
        let mut readers = Readers {
            stdout: &mut |_| {},
            stderr: answer,
        };
        let pumped = self
            .pipes
            .pump(input, false, &mut readers, Instant::now() + deadline);
        let broken = |written, reason| Err(Broken { written, reason });
        match pumped {
            Ok((_, End::Complete)) => Ok(()),
            Ok((written, End::Closed)) => {
                let status = self.child.wait(Instant::now() + Duration::from_secs(1));
                let ending = status.map_or_else(String::new, |status| format!(" with {status}"));
                broken(written, format!("nft -i ended{ending}"))
            }
            Ok((written, End::Deadline)) => broken(
                written,
                format!("nft -i did not answer within {deadline:?}"),
            ),
            Err(error) => broken(input.len(), format!("talking to nft -i: {error}")),
        }
    }

    fn close(mut self: Box<Self>, deadline: Duration) -> Result<(), Error> {
        let mut readers = Readers {
            stdout: &mut |_| {},
            stderr: &mut |_| false,
        };
        let end = Instant::now() + deadline;
        let pumped = self.pipes.pump(&[], true, &mut readers, end);
        pumped.map_err(|error| Error::gone(format!("closing nft -i: {error}")))?;
        match self.child.wait(end) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Error::gone(format!("nft -i ended with {status}"))),
            None => Err(Error::gone(format!(
                "nft -i did not end within {deadline:?}"
            ))),
        }
    }
}

/// A child that is killed and waited for when it is dropped before its end.
struct Guard(Child);

impl Guard {
    /// Waits for its end; `None` when it still runs at `deadline`.
    fn wait(&mut self, deadline: Instant) -> Option<ExitStatus> {
        let mut pause = Duration::from_micros(100);
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(pause),
                Ok(None) | Err(_) => return None,
            }
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Killing fails when it has ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
