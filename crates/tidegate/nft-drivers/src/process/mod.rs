//! Runs programs, and communicates with long-lived ones.

mod pump;
mod runner;
mod vigil;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, getrlimit, prlimit};
use tidegate_nft::Error;
use tidegate_sys::Netns;

use crate::location;
use pump::{End, Pipes, Readers};
pub(crate) use runner::{Broken, Finished, Runner, Session, tell_replaced};
pub use vigil::{Trouble, Vigil};

/// The most bytes of stderr that are kept. The rest is read and dropped.
const STDERR_KEPT: usize = 512 * 1024;
/// How many descriptors a child may have: `select()`, by which nft waits, takes no greater number (FD_SETSIZE,
/// select(2)) and ends the process instead. Ours may be many more.
const DESCRIPTORS: u64 = 1024;

/// The processor time that a child may use for an answer to a short input.
const WORK: Duration = Duration::from_secs(10);
/// A child may use one more second for each of these many bytes. The slowest that was measured took some ten milliseconds.
const BYTES: usize = 32 * 1024;

/// Runs a program.
pub(crate) struct Launcher {
    program: PathBuf,
    /// Where it runs.
    namespace: Arc<Netns>,
    /// What one that is kept running is called in messages.
    called: &'static str,
    /// Else on stderr.
    answers_on_stdout: bool,
}

impl Launcher {
    /// The `nft` at this path; `nft -i` answers on stderr.
    pub(crate) const fn nft(program: PathBuf, namespace: Arc<Netns>) -> Self {
        Self {
            program,
            namespace,
            called: "nft -i",
            answers_on_stdout: false,
        }
    }

    /// The program at this path as the process of libnftables, which answers on stdout.
    #[cfg(feature = "libnftables")]
    pub(crate) const fn library(program: PathBuf, namespace: Arc<Netns>) -> Self {
        Self {
            program,
            namespace,
            called: "the process of libnftables",
            answers_on_stdout: true,
        }
    }

    /// Starts the program in its namespace. No `pre_exec`, so that the standard
    /// library uses `posix_spawn`, which does not copy the page tables of a big process.
    fn spawn(&self, args: &[&str]) -> Result<Process, Error> {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Messages are read, so they must be the untranslated ones. A line editor in `nft -i` must
        // find no settings, and no home to keep a history in.
        command.env("LC_ALL", "C").env("TERM", "dumb");
        command.env("HOME", "/dev/null").env("INPUTRC", "/dev/null");
        let failed = |error: io::Error| {
            Error::refused_by_system(format_args!("running {}", self.program.display()), &error)
        };
        let spawn = || command.spawn().map_err(failed);
        let mut child = location::run(&self.namespace, spawn)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = Guard(child);
        limit_descriptors(&child.0);
        let pipes = Pipes {
            stdin,
            stdout,
            stderr,
        }
        .unblocked()
        .map_err(failed)?;
        Ok(Process {
            child,
            pipes,
            called: self.called,
            answers_on_stdout: self.answers_on_stdout,
        })
    }
}

/// Gives a child the limit of open files that programs with `select()` expect. The daemon's own limit is higher.
fn limit_descriptors(child: &Child) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(
        limit
            .current
            .map_or(DESCRIPTORS, |own| own.min(DESCRIPTORS)),
    );
    // Without, it has more than it will ever open.
    let _ = prlimit(Some(Pid::from_child(child)), Resource::Nofile, limit);
}

impl Runner for Launcher {
    fn run(&mut self, args: &[&str], stdin: &str, deadline: Duration) -> Result<Finished, Error> {
        let end = Instant::now() + deadline;
        let mut process = self.spawn(args)?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut readers = Readers {
            stdout: &mut |bytes| {
                stdout.extend_from_slice(bytes);
                false
            },
            stderr: &mut |bytes| {
                let room = STDERR_KEPT.saturating_sub(stderr.len()).min(bytes.len());
                stderr.extend_from_slice(&bytes[..room]);
                false
            },
        };
        let mut vigil = process.child.vigil(stdin.len());
        let pumped = process
            .pipes
            .pump(stdin.as_bytes(), true, &mut readers, end, &mut vigil);
        let (_, ended) =
            pumped.map_err(|error| Error::lost(format!("cannot communicate with nft: {error}")))?;
        if let End::Stuck(what) = ended {
            return Err(Error::lost(format!("nft {what}, and was killed")));
        }
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
        &self.program
    }
}

/// A running child and our ends of its pipes.
struct Process {
    child: Guard,
    pipes: Pipes,
    called: &'static str,
    answers_on_stdout: bool,
}

impl Session for Process {
    fn exchange(
        &mut self,
        input: &[u8],
        answer: &mut dyn FnMut(&[u8]) -> bool,
        deadline: Duration,
    ) -> Result<(), Broken> {
        let mut other = |_: &[u8]| false;
        let mut readers = match self.answers_on_stdout {
            true => Readers {
                stdout: answer,
                stderr: &mut other,
            },
            false => Readers {
                stdout: &mut other,
                stderr: answer,
            },
        };
        let mut vigil = self.child.vigil(input.len());
        let end = Instant::now() + deadline;
        let pumped = self.pipes.pump(input, false, &mut readers, end, &mut vigil);
        let called = self.called;
        let broken = |written, reason| Err(Broken { written, reason });
        match pumped {
            Ok((_, End::Complete)) => Ok(()),
            Ok((written, End::Closed)) => {
                let status = self.child.wait(Instant::now() + Duration::from_secs(1));
                let ending = status.map_or_else(String::new, |status| format!(" with {status}"));
                broken(written, format!("{called} ended{ending}"))
            }
            Ok((written, End::Deadline)) => broken(
                self.taken(written),
                format!("{called} did not answer within {deadline:?}"),
            ),
            Ok((written, End::Stuck(what))) => broken(
                self.taken(written),
                format!("{called} {what}, and was killed"),
            ),
            Err(error) => broken(
                input.len(),
                format!("cannot communicate with {called}: {error}"),
            ),
        }
    }

    fn close(mut self: Box<Self>, deadline: Duration) -> Result<(), Error> {
        let mut readers = Readers {
            stdout: &mut |_| false,
            stderr: &mut |_| false,
        };
        let (end, called) = (Instant::now() + deadline, self.called);
        let mut vigil = self.child.vigil(0);
        let pumped = self.pipes.pump(&[], true, &mut readers, end, &mut vigil);
        pumped.map_err(|error| Error::gone(format!("closing {called}: {error}")))?;
        match self.child.wait(end) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Error::gone(format!("{called} ended with {status}"))),
            None => Err(Error::gone(format!(
                "{called} did not end within {deadline:?}"
            ))),
        }
    }
}

impl Process {
    /// Ends the child, and says how much it can have had of what was written last: nothing, if all of that is still in
    /// the pipe.
    fn taken(&mut self, written: usize) -> usize {
        self.child.end();
        match self.pipes.unread() >= written {
            true => 0,
            false => written,
        }
    }
}

/// The processor time that a child may use for so many bytes of input.
fn work_of(bytes: usize) -> Duration {
    let more = u64::try_from(bytes / BYTES).unwrap_or(u64::MAX);
    WORK.saturating_add(Duration::from_secs(more))
}

/// A child that is killed and waited for when it is dropped before its end.
struct Guard(Child);

impl Guard {
    fn vigil(&self, bytes: usize) -> Vigil {
        Vigil::new(self.0.id(), work_of(bytes))
    }

    fn end(&mut self) {
        // Killing fails when it has ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

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
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_input_may_take_more_processor_time() {
        let seconds = [0, BYTES - 1, BYTES, 1024 * 1024].map(|bytes| work_of(bytes).as_secs());
        assert_eq!(seconds, [10, 10, 11, 42]);
    }
}
