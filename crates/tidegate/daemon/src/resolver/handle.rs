//! The connection to the resolver process.

use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tidegate_model::State;
use tidegate_resolver::{ZoneUpdate, of_state};
use tracing::level_filters::LevelFilter;

use super::ask_list::AskList;
use super::wire::{ResolverMessage, line};

/// How long the process may take to read a change before it counts as hanging. Commands wait meanwhile.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// How long a new process may take to read everything.
const TIME_LIMIT_AT_FIRST: Duration = Duration::from_secs(10);

/// The daemon's end of the connection, while a process has the other.
///
/// When a call returns, the kernel has the message for the process, which reads all messages before it answers a
/// query.
#[derive(Debug, Default)]
pub(crate) struct ResolverHandle(Mutex<Ends>);

#[derive(Debug, Default)]
struct Ends {
    stream: Option<UnixStream>,
    status: Status,
}

/// Whether names are answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not yet.
    #[default]
    Starting,
    /// They are, by this process.
    Answered(u32),
    /// They are not, for this reason, until there is another process.
    Down(String),
}

impl ResolverHandle {
    /// Sends a change. Without a process it does nothing: the next process gets everything.
    pub(crate) fn tell(&self, updates: impl IntoIterator<Item = ZoneUpdate>) {
        self.tell_each(updates.into_iter().map(ResolverMessage::ZoneUpdate));
    }

    /// Has the process log messages of this level and more severe ones.
    pub(crate) fn set_log_level(&self, level: LevelFilter) {
        let told = ResolverMessage::LogLevel(level.to_string());
        self.tell_each(std::iter::once(told));
    }

    pub(super) fn tell_each(&self, told: impl Iterator<Item = ResolverMessage>) {
        let mut ends = self.ends();
        let Some(stream) = &mut ends.stream else {
            return;
        };
        if let Err(error) = write_each(stream, told, TIME_LIMIT) {
            tracing::warn!(%error, "cannot send a change to the DNS process: replacing it");
            // The supervisor, which waits at this end too, then sees to it. It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
            ends.stream = None;
        }
    }

    /// Sends a new process the complete state, and keeps the connection.
    pub(crate) fn open(
        &self,
        mut stream: UnixStream,
        process: u32,
        upstreams: AskList,
        state: &State,
    ) -> io::Result<()> {
        let updates = of_state(state).map(ResolverMessage::ZoneUpdate);
        let whole = [
            ResolverMessage::Upstreams(upstreams),
            ResolverMessage::Whole,
        ];
        write_each(&mut stream, updates.chain(whole), TIME_LIMIT_AT_FIRST)?;
        let mut ends = self.ends();
        ends.stream = Some(stream);
        ends.status = Status::Answered(process);
        Ok(())
    }

    /// Drops an ended process, with a reason.
    pub(crate) fn close(&self, reason: String) {
        let mut ends = self.ends();
        ends.stream = None;
        ends.status = Status::Down(reason);
    }

    /// Whether names are answered.
    pub(crate) fn status(&self) -> Status {
        self.ends().status.clone()
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes messages, many at once, with one time limit for all of them.
fn write_each(
    stream: &mut UnixStream,
    told: impl Iterator<Item = ResolverMessage>,
    time_limit: Duration,
) -> io::Result<()> {
    let hurried = Hurried {
        stream,
        end: Instant::now() + time_limit,
    };
    let mut stream = io::BufWriter::with_capacity(64 * 1024, hurried);
    for told in told {
        stream.write_all(&line(&told)?)?;
    }
    stream.flush()
}

/// A stream that takes nothing more when time is up.
struct Hurried<'a> {
    stream: &'a mut UnixStream,
    end: Instant,
}

impl Write for Hurried<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_write_timeout(Some(left))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    #[test]
    fn a_new_process_gets_everything_and_then_changes() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let line = ResolverHandle::default();
        line.tell([ZoneUpdate::NoNetwork("early".parse().unwrap())]);
        line.open(ours, 7, AskList::default(), &State::default())
            .unwrap();
        line.tell([ZoneUpdate::NoNetwork("web".parse().unwrap())]);
        line.close("it ended".to_owned());
        line.tell([ZoneUpdate::NoNetwork("late".parse().unwrap())]);
        let told: Vec<String> = BufReader::new(theirs).lines().map(Result::unwrap).collect();
        let options = r#"{"timeout":5,"attempts":2,"rotate":false,"use-vc":false}"#;
        let upstreams = format!(r#"{{"upstreams":{{"servers":[],"options":{options}}}}}"#);
        let whole = [upstreams.as_str(), r#""whole""#];
        assert_eq!(told[..2], whole);
        assert_eq!(told[2..], [r#"{"zone-update":{"no-network":"web"}}"#]);
        assert_eq!(line.status(), Status::Down("it ended".to_owned()));
    }

    #[test]
    fn a_process_that_reads_nothing_is_let_go_and_holds_up_nobody_for_long() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let line = ResolverHandle::default();
        line.open(ours, 7, AskList::default(), &State::default())
            .unwrap();
        let update = ZoneUpdate::NoNetwork("a-network-with-a-name".parse().unwrap());
        // Far more than the kernel keeps for one who does not read.
        line.tell(std::iter::repeat_n(update, 100_000));
        assert!(line.ends().stream.is_none());
        drop(theirs);
    }

    #[test]
    fn a_process_that_reads_a_little_now_and_then_holds_up_nobody_for_long() {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let reader = std::thread::spawn(move || {
            while io::Read::read(&mut theirs, &mut [0; 512]).is_ok_and(|count| count > 0) {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let update = ZoneUpdate::NoNetwork("a-network-with-a-name".parse().unwrap());
        let told = std::iter::repeat_n(ResolverMessage::ZoneUpdate(update), 1_000_000);
        write_each(&mut ours, told, Duration::from_millis(100)).unwrap_err();
        drop(ours);
        reader.join().unwrap();
    }
}
