//! Reads what a program prints, until it ends.
//!
//! A process that it leaves behind, such as the server of a compiler's cache, can hold its pipes open for ever. So the end of
//! the program counts, and not the end of its pipes.

use std::array;
use std::io::{self, ErrorKind, PipeReader, Read};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use duct::Handle;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread};

/// The time between two looks whether a program that prints nothing has ended.
const LOOK: Duration = Duration::from_millis(100);
/// Bytes that are read at a time: as much as a pipe holds (pipe(7)).
const CHUNK: usize = 64 * 1024;

/// Hands on what a program prints to each of these pipes, with the index of the pipe. Returns its exit status after its
/// end, or nothing if the deadline comes first.
pub(super) fn read_until_end<const N: usize>(
    handle: &Handle,
    pipes: [PipeReader; N],
    deadline: Instant,
    mut each: impl FnMut(usize, &[u8]),
) -> io::Result<Option<ExitStatus>> {
    let mut pipes = pipes.map(Some);
    let mut chunk = vec![0; CHUNK];
    while pipes.iter().any(Option::is_some) && handle.try_wait()?.is_none() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let is_ready = wait(&pipes, left.min(LOOK))?;
        for (index, pipe) in pipes.iter_mut().enumerate() {
            if is_ready[index] {
                let count = read(pipe, &mut chunk)?;
                each(index, &chunk[..count]);
            }
        }
    }
    // A program that ended has nothing more to print: the rest of its output is in the pipes by now.
    for (index, pipe) in pipes.iter().enumerate() {
        if let Some(pipe) = pipe {
            each(index, &rest(pipe)?);
        }
    }
    let output = handle.wait_deadline(deadline)?;
    Ok(output.map(|output| output.status))
}

/// Waits for so long until one can be read without blocking, and returns which can.
fn wait<const N: usize>(pipes: &[Option<PipeReader>; N], limit: Duration) -> io::Result<[bool; N]> {
    let open = pipes.iter().flatten();
    let mut fds: Vec<_> = open.map(|pipe| PollFd::new(pipe, PollFlags::IN)).collect();
    let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
    match poll(&mut fds, Some(&limit)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut answers = fds.iter().map(|fd| !fd.revents().is_empty());
    Ok(array::from_fn(|index| {
        pipes[index].is_some() && answers.next().unwrap_or(false)
    }))
}

/// Reads once, and closes the pipe at its end. Returns how many bytes were read.
fn read(pipe: &mut Option<PipeReader>, chunk: &mut [u8]) -> io::Result<usize> {
    let Some(open) = pipe else { return Ok(0) };
    match open.read(chunk) {
        Ok(0) => {
            *pipe = None;
            Ok(0)
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
        count => count,
    }
}

/// The bytes that are in a pipe, without those that a process that was left behind writes meanwhile.
fn rest(pipe: &PipeReader) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(ioctl_fionread(pipe)?).read_to_end(&mut bytes)?;
    Ok(bytes)
}
