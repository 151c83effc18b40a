//! Copies bytes to and from a child without blocking on a single pipe.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::vigil::{Trouble, Vigil};

/// Our ends of a child's pipes; `None` once closed.
pub(crate) struct Pipes {
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
}

/// Why moving bytes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The reader has what it wanted.
    Complete,
    /// The child closed both of its outputs, or ended. A process that it left behind can still hold them open.
    Closed,
    /// Time is up.
    Deadline,
    /// The child is stopped or stuck, as this says.
    Stuck(&'static str),
}

/// Readers of the child's outputs. Each returns whether it is finished.
pub(crate) struct Readers<'a> {
    pub(crate) stdout: &'a mut dyn FnMut(&[u8]) -> bool,
    pub(crate) stderr: &'a mut dyn FnMut(&[u8]) -> bool,
}

impl Pipes {
    /// Makes our ends not block. The child's ends are its own and stay as they are.
    pub(crate) fn unblocked(self) -> io::Result<Self> {
        let fds = [
            self.stdin.as_ref().map(AsFd::as_fd),
            self.stdout.as_ref().map(AsFd::as_fd),
            self.stderr.as_ref().map(AsFd::as_fd),
        ];
        fds.into_iter()
            .flatten()
            .try_for_each(|fd| rustix::io::ioctl_fionbio(fd, true))?;
        Ok(self)
    }

    /// Writes `input`, closing stdin after it if asked to, and reads both outputs at the same time.
    /// Gives back how many bytes of the input the pipe took.
    pub(crate) fn pump(
        &mut self,
        input: &[u8],
        then_close: bool,
        readers: &mut Readers<'_>,
        deadline: Instant,
        vigil: &mut Vigil,
    ) -> io::Result<(usize, End)> {
        // As a rule, the pipe takes all of it at once.
        let mut written = match input.is_empty() {
            true => 0,
            false => self.write(input)?,
        };
        loop {
            if written == input.len() && then_close {
                self.stdin = None;
            }
            if self.stdout.is_none() && self.stderr.is_none() {
                return Ok((written, End::Closed));
            }
            let writing = written < input.len();
            let Some(ready) = self.wait(writing, deadline.min(vigil.next()))? else {
                match vigil.look() {
                    Some(Trouble::Ended) => return Ok((written, End::Closed)),
                    Some(Trouble::Stuck(what)) => return Ok((written, End::Stuck(what))),
                    None if Instant::now() >= deadline => return Ok((written, End::Deadline)),
                    None => continue,
                }
            };
            if ready[0] {
                written += self.write(&input[written..])?;
            }
            if ready[1] && read(&mut self.stdout, &mut *readers.stdout)? {
                return Ok((written, End::Complete));
            }
            if ready[2] && read(&mut self.stderr, &mut *readers.stderr)? {
                return Ok((written, End::Complete));
            }
        }
    }

    /// How many bytes the child has not read of its input.
    pub(crate) fn unread(&self) -> usize {
        let stdin = self.stdin.as_ref();
        let unread = stdin.and_then(|stdin| rustix::io::ioctl_fionread(stdin).ok());
        unread.map_or(0, |unread| usize::try_from(unread).unwrap_or(0))
    }

    /// Waits until stdin (if `writing`), stdout or stderr can be used; `None` when time is up.
    fn wait(&self, writing: bool, deadline: Instant) -> io::Result<Option<[bool; 3]>> {
        let stdin = self.stdin.as_ref().filter(|_| writing).map(AsFd::as_fd);
        let outputs = [
            self.stdout.as_ref().map(AsFd::as_fd),
            self.stderr.as_ref().map(AsFd::as_fd),
        ];
        let wanted: [(Option<BorrowedFd<'_>>, PollFlags); 3] = [
            (stdin, PollFlags::OUT),
            (outputs[0], PollFlags::IN),
            (outputs[1], PollFlags::IN),
        ];
        let open = wanted
            .iter()
            .filter_map(|(fd, flags)| Some(PollFd::from_borrowed_fd((*fd)?, *flags)));
        let mut fds: Vec<PollFd<'_>> = open.collect();
        let Some(left) = deadline.checked_duration_since(Instant::now()) else {
            return Ok(None);
        };
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return Ok(None),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut answers = fds.iter().map(|fd| !fd.revents().is_empty());
        Ok(Some(wanted.map(|(fd, _)| {
            fd.is_some() && answers.next().unwrap_or(false)
        })))
    }

    /// Writes what the pipe takes. A child that reads no more is not an error here: what it says on
    /// stderr tells more.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(stdin) = &mut self.stdin else {
            return Ok(0);
        };
        match stdin.write(bytes) {
            Ok(count) => Ok(count),
            Err(error) if is_temporary(&error) => Ok(0),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.stdin = None;
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }
}

/// Reads once; closes the pipe at its end. Gives back what `reader` says.
fn read(pipe: &mut Option<impl Read>, mut reader: impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
    let Some(open) = pipe else { return Ok(false) };
    let mut buffer = [0; 16 * 1024];
    match open.read(&mut buffer) {
        Ok(0) => {
            *pipe = None;
            Ok(false)
        }
        Ok(count) => Ok(reader(&buffer[..count])),
        Err(error) if is_temporary(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
