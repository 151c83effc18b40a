//! Runs another program for its output, with limits of time and size.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The most that is read of each of its outputs, in bytes.
const OUTPUT: u64 = 256 * 1024;
/// Between two looks whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// The beginning of what a program said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program to its end, or for so long, and then kills it.
///
/// # Errors
/// When it cannot be started, or does not end in time.
pub(crate) fn run(command: &mut Command, time_limit: Duration) -> io::Result<Said> {
    let end = Instant::now() + time_limit;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stdout = child.stdout.take().map(read);
    let stderr = child.stderr.take().map(read);
    let mut has_ended = false;
    while !has_ended && Instant::now() < end {
        thread::sleep(PAUSE);
        has_ended = child.try_wait()?.is_some();
    }
    if !has_ended {
        child.kill()?;
        // It may be where no signal reaches it: nobody waits for that.
        thread::spawn(move || child.wait());
        let late = format!("it did not end within {time_limit:?}");
        return Err(io::Error::new(io::ErrorKind::TimedOut, late));
    }
    let text = |output: Option<mpsc::Receiver<Vec<u8>>>| {
        // What it started may still have its outputs.
        let left = end.saturating_duration_since(Instant::now()).max(PAUSE);
        let bytes = output.and_then(|output| output.recv_timeout(left).ok());
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    };
    Ok(Said {
        stdout: text(stdout),
        stderr: text(stderr),
    })
}

/// Has an output read, on a thread of its own.
fn read(output: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (done, outcome) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is what there is.
        let _ = output.take(OUTPUT).read_to_end(&mut bytes);
        let _ = done.send(bytes);
    });
    outcome
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
        assert_eq!(said.stdout.len() as u64, OUTPUT);
    }
}
